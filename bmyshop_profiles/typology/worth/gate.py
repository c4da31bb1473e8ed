"""Which profiles may be published: those that come back, and that say something about people's other receipts.

Belongs here: each profile's own held-out gain against shuffled receipts, the verdict. Does not belong here: which profiles come back
(model/stability.py; the fit has counted it), the typology as a whole (quality.py), what a profile looks like.

Shuffled receipts: whole receipts change hands among members within month, shop and half; the profiles found there have gains too, and a
real one must be above the 95th percentile of theirs, and above 0: below, everybody's shares say more.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.fits import independent
from bmyshop_profiles.statistics.intervals import ratio_interval
from bmyshop_profiles.statistics.likelihood import everybody_shares
from bmyshop_profiles.typology.model.behaviour import Behaviour, together
from bmyshop_profiles.typology.model.context import fit_contexts, no_shops
from bmyshop_profiles.typology.model.crossing import cross_assign
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.profiles import DAMPING, choose_strengths
from bmyshop_profiles.typology.model.stability import DOUBTFUL, comes_back

MOST_MEMBERS = 4000  # drawn for the gate when there are more
PERCENTILE = 95

Halves = tuple[Behaviour, Behaviour]


def profile_gains(first: Behaviour, second: Behaviour, labels: np.ndarray, *, store_items: csr_matrix | None, seed: int) -> pd.DataFrame:
    """value, low, high, people by profile: nats per item that the profile says about the other receipts of members left out of it.

    first, second: halves of the same members. labels: (members,) profile read from both, below zero = in none.
    """
    whole = together(first, second)
    everybody = everybody_shares(whole.items)
    contexts = no_shops(everybody) if store_items is None else fit_contexts(store_items, everybody)
    groups = int(labels.max(initial=-1)) + 1
    strengths = choose_strengths(whole, labels, contexts, groups=groups, seed=seed)
    crossed = cross_assign(whole, labels, contexts, damping=DAMPING, strengths=strengths, seed=seed)
    gain, items, told = crossed.gain(first, second), second.sizes, crossed.nearest(first)
    return pd.DataFrame(
        [ratio_interval(gain[told == number], items[told == number])._asdict() for number in range(groups)],
        columns=["value", "low", "high", "people"],
    )


def shuffled_gains(
    shuffles: Iterator[Halves], *, typology: Callable[[], Typology], members: int, store_items: csr_matrix | None, seed: int
) -> np.ndarray:
    """Gains of all profiles found on receipts that changed hands among so many members, over all shuffles."""

    def gains(first: Behaviour, second: Behaviour) -> np.ndarray:
        labels = typology().fit(first, other=second, store_items=store_items).nearest_
        if labels.max(initial=-1) < 1:
            return np.zeros(0)
        return profile_gains(first, second, labels, store_items=store_items, seed=seed).value.to_numpy()

    return np.concatenate([np.zeros(0), *independent(gains, shuffles, members=members)])


def verdict(jaccard: float, low: float, gain: float, threshold: float) -> str:
    """published, flagged or withheld. low: Jaccard that nine of ten half subsets reach. threshold: of chance, or not a number."""
    if not gain > max(threshold, 0.0) or not jaccard >= DOUBTFUL or np.isnan(threshold):
        return "withheld"
    return "published" if comes_back(jaccard, low) else "flagged"


def profile_quality(
    first: Behaviour,
    second: Behaviour,
    labels: np.ndarray,
    *,
    stability: pd.DataFrame,
    typology: Callable[[int], Typology],
    shuffles: Iterator[Halves],
    store_items: csr_matrix | None,
    seed: int,
) -> pd.DataFrame:
    """One row per profile number: the figures of the gate and its verdict.

    stability: jaccard, jaccard_low, draws_count by profile. typology: the estimator for a number of profiles. shuffles: halves of shuffled
    receipts, one pair per shuffle; without any, or where no profile is found among them, nothing is published.
    """
    groups = int(labels.max(initial=-1)) + 1
    if groups < 2:
        return pd.DataFrame()
    gains = profile_gains(first, second, labels, store_items=store_items, seed=seed)
    chance = shuffled_gains(shuffles, typology=lambda: typology(groups), members=first.members, store_items=store_items, seed=seed)
    threshold = float(np.percentile(chance, PERCENTILE)) if len(chance) else float("nan")
    found = stability.reset_index(drop=True)
    return pd.DataFrame(
        {
            "profile": range(groups),
            "jaccard": found.jaccard,
            "jaccard_low": found.jaccard_low,
            "draws_count": found.draws_count,
            "held_out_gain": gains.value,
            "low": gains.low,
            "high": gains.high,
            "people_count": gains.people,
            "shuffled_gain": threshold,
            "verdict": [verdict(*each, threshold) for each in zip(found.jaccard, found.jaccard_low, gains.value, strict=True)],
        }
    )
