"""Which profiles may be published: those that come back, and that say something about people's other receipts.

Belongs here: stability of each profile on half subsets, its own held-out gain against shuffled receipts, the verdict. Does not belong here:
the typology as a whole (quality.py), what a profile looks like.

Stability (Hennig 2007): the typology is found again, from nothing, on half of the members drawn without replacement; a profile's Jaccard is
that with its best match there, members of the half only, averaged over the draws. From .75 on a profile is stable, below .60 it is not
there. Shuffled receipts: whole receipts change hands among members within month, shop and half; the profiles found there have gains too,
and a real one must be above the 95th percentile of theirs.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.fits import independent
from bmyshop_profiles.statistics.intervals import ratio_interval, rows_drawn
from bmyshop_profiles.statistics.likelihood import everybody_shares
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.context import fit_contexts, no_shops
from bmyshop_profiles.typology.model.crossing import cross_assign
from bmyshop_profiles.typology.model.fit import DAMPING, Typology
from bmyshop_profiles.typology.model.profiles import choose_strengths

STABLE, DOUBTFUL = 0.75, 0.60
MOST_MEMBERS = 4000  # drawn for the gate when there are more
PERCENTILE = 95

Halves = tuple[Behaviour, Behaviour]


def profile_gains(first: Behaviour, second: Behaviour, labels: np.ndarray, *, store_items: csr_matrix | None, seed: int) -> pd.DataFrame:
    """value, low, high, people by profile: nats per item that the profile says about the other receipts of members left out of it.

    first, second: halves of the same members. labels: (members,) profile read from the first, below zero = in none.
    """
    everybody = everybody_shares(first.items)
    contexts = no_shops(everybody) if store_items is None else fit_contexts(store_items, everybody)
    groups = int(labels.max(initial=-1)) + 1
    strengths = choose_strengths(first, labels, contexts, groups=groups, seed=seed)
    crossed = cross_assign(first, labels, contexts, damping=DAMPING, strengths=strengths, seed=seed)
    gain, items = crossed.gain(first, second), second.sizes
    own = [crossed.labels == number for number in range(groups)]
    return pd.DataFrame([ratio_interval(gain[rows], items[rows])._asdict() for rows in own], columns=["value", "low", "high", "people"])


def stability(first: Behaviour, labels: np.ndarray, *, store_items: csr_matrix | None, draws: int, runs: int, seed: int) -> np.ndarray:
    """(draws × profiles) Jaccard of each profile with its best match among profiles found on half of the members."""
    groups = int(labels.max(initial=-1)) + 1

    def jaccard(draw: int) -> np.ndarray:
        rows = rows_drawn(first.members, most=first.members // 2, seed=[seed, draw])
        again = _typology(groups, runs=runs, seed=seed).fit(first[rows], store_items=store_items).labels_
        return best_jaccard(labels[rows], again, groups=groups)

    return np.array(independent(jaccard, ((draw,) for draw in range(draws)), members=first.members)).reshape(draws, groups)


def best_jaccard(labels: np.ndarray, again: np.ndarray, *, groups: int) -> np.ndarray:
    """(groups,) Jaccard of each group of `labels` (members,) with its best match in `again` (members,); below zero = in none."""
    others = int(again.max(initial=-1)) + 1
    if others == 0:
        return np.zeros(groups)
    both = np.zeros((groups, others))
    known = (labels >= 0) & (again >= 0)
    np.add.at(both, (labels[known], again[known]), 1)
    sizes, other_sizes = np.bincount(labels[labels >= 0], minlength=groups), np.bincount(again[again >= 0], minlength=others)
    return (both / np.maximum(sizes[:, None] + other_sizes[None] - both, 1)).max(1)


def shuffled_gains(
    shuffles: Iterator[Halves], *, members: int, groups: int, store_items: csr_matrix | None, runs: int, seed: int
) -> np.ndarray:
    """Gains of all profiles found on receipts that changed hands among so many members, over all shuffles."""

    def gains(first: Behaviour, second: Behaviour) -> np.ndarray:
        labels = _typology(groups, runs=runs, seed=seed).fit(first, store_items=store_items).nearest_
        if labels.max(initial=-1) < 1:
            return np.zeros(0)
        return profile_gains(first, second, labels, store_items=store_items, seed=seed).value.to_numpy()

    found = np.concatenate([np.zeros(0), *independent(gains, shuffles, members=members)])
    return found if len(found) else np.zeros(1)


def verdict(jaccard: float, gain: float, threshold: float) -> str:
    """published, flagged or withheld."""
    if not gain > threshold or jaccard < DOUBTFUL:
        return "withheld"
    return "published" if jaccard >= STABLE else "flagged"


def profile_quality(
    first: Behaviour,
    second: Behaviour,
    labels: np.ndarray,
    *,
    shuffles: Iterator[Halves],
    store_items: csr_matrix | None,
    draws: int,
    runs: int,
    seed: int,
) -> pd.DataFrame:
    """One row per profile number: the figures of the gate and its verdict. shuffles: halves of shuffled receipts, one pair per shuffle."""
    groups = int(labels.max(initial=-1)) + 1
    if groups < 2:
        return pd.DataFrame()
    gains = profile_gains(first, second, labels, store_items=store_items, seed=seed)
    jaccard = stability(first, labels, store_items=store_items, draws=draws, runs=runs, seed=seed).mean(0)
    chance = shuffled_gains(shuffles, members=first.members, groups=groups, store_items=store_items, runs=runs, seed=seed)
    threshold = float(np.percentile(chance, PERCENTILE))
    return pd.DataFrame(
        {
            "profile": range(groups),
            "jaccard": jaccard,
            "draws_count": draws,
            "held_out_gain": gains.value,
            "low": gains.low,
            "high": gains.high,
            "people_count": gains.people,
            "shuffled_gain": threshold,
            "verdict": [verdict(each, value, threshold) for each, value in zip(jaccard, gains.value, strict=True)],
        }
    )


def _typology(groups: int, *, runs: int, seed: int) -> Typology:
    return Typology(most_profiles=max(groups, 2), least_profiles=2, runs=runs, seed=seed)
