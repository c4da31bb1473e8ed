"""Are the differences between cells that are told true of people who did not help to tell them?

Belongs here: the model fitted on half of the members, judged by the visits of the other half. Does not belong here: the model
(small_area.py), tables (mixes.py).

Cells are told by one half of the members and by everybody's baskets, and compared with the shares in the other half's visits, both less
their means over these visits. Noise of the visits that judge is the same for every prediction, so that it leaves the difference to the
plain baseline, one mix everywhere, unbiased. Its interval counts shops. What members left out show is still members': what others are like,
nothing here can say.
"""

from typing import NamedTuple

import numpy as np

from bmyshop_profiles.audience.small_area import SURE, Cells, fit_small_area, predict


class LeftOut(NamedTuple):
    """By group, (K,). reliability: correlation of contrasts told and seen, weighted by people. gain: fall of the squared error from one mix
    everywhere, as a part of it, noise of the visits included; low: lower end of its 90 % interval, by shop. Not a number where there are
    too few members or shops to say."""

    reliability: np.ndarray
    gain: np.ndarray
    low: np.ndarray


def left_out(one: Cells, other: Cells) -> LeftOut:
    """Each half of the members judges what the other half told; one, other: the same cells, with the visits of either half."""
    groups = one.means.shape[1]
    unknown = LeftOut(*(np.full(groups, np.nan) for _ in range(3)))
    shops = int(one.store.max(initial=-1)) + 1
    saved, everywhere, products = np.zeros((shops, groups)), np.zeros(groups), np.zeros((3, groups))
    for told_by, seen_by in ((one, other), (other, one)):
        known, people = seen_by.people > 0, seen_by.people
        if not (told_by.people > 0).any() or known.sum() < 2:
            return unknown
        weight = people[known, None] / people[known].sum()
        told, seen = predict(fit_small_area(told_by), draws=0).mix[known], seen_by.direct[known]
        told, seen = told - (weight * told).sum(0), seen - (weight * seen).sum(0)
        fall = weight * (seen**2 - (told - seen) ** 2)
        np.add.at(saved, seen_by.store[known], fall)
        everywhere += (weight * seen**2).sum(0)
        products += np.array([(weight * each).sum(0) for each in (told * seen, told**2, seen**2)])
    gain = saved.sum(0) / np.maximum(everywhere, 1e-12)
    visited = saved[np.unique(np.concatenate([cells.store[cells.people > 0] for cells in (one, other)]))]
    count = len(visited)
    if count < 2:
        return unknown
    error = np.sqrt(count / (count - 1) * ((visited - visited.mean(0)) ** 2).sum(0)) / np.maximum(everywhere, 1e-12)
    return LeftOut(products[0] / np.sqrt(np.maximum(products[1] * products[2], 1e-18)), gain, gain - SURE * error)
