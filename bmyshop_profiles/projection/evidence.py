"""Evidence of a receipt: what its items say about the group its buyer belongs to.

Belongs here: log-ratios per item and group, and their sum over a receipt. Does not belong here: probabilities (calibration.py), context
such as shop or daypart. Production computes the same sum in SQL (`sql/audience/store_evidence.sql`) from the table
`item_evidence`; this sparse version serves members, tests and benchmarks.

Evidence is the naive Bayes log-likelihood ratio divided by √items: items of one basket are not independent, so a long basket must not count
in full (uncalibrated sums are worse than the prior).
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.projection.topics import Topics, topic_targets
from bmyshop_profiles.statistics.likelihood import choose_strength, log_ratios, shrunk_shares

# from (groups × items) totals of members' items to (items × groups) log-ratios
Learner = Callable[[np.ndarray], np.ndarray]


def log_ratio_learner(*, everybody: np.ndarray, strength: float, topics: Topics | None = None) -> Learner:
    """What turns group totals into log-ratios: shares shrunk towards each group's own topic mixture, or towards everybody without topics.

    everybody: (items,) shares over all receipts. strength: items of the target added to each group.
    """

    def learn(totals: np.ndarray) -> np.ndarray:
        target = everybody if topics is None else topic_targets(totals, topics=topics, everybody=everybody)
        return log_ratios(shrunk_shares(totals, target=target, strength=strength), everybody)

    return learn


def choose_learner(
    counts: csr_matrix, labels: np.ndarray, *, groups: int, everybody: np.ndarray, topics: Topics | None = None, seed: int = 0
) -> tuple[Learner, float]:
    """The learner with the strength under which members left out are explained best by their group, and that strength.

    counts: (members × items), labels: (members,), below zero = in no group. Folds are by member, among the given members only.
    """

    def target_of(totals: np.ndarray) -> np.ndarray:
        return everybody if topics is None else topic_targets(totals, topics=topics, everybody=everybody)

    strength = choose_strength(counts, labels, groups=groups, everybody=everybody, target_of=target_of, seed=seed)
    return log_ratio_learner(everybody=everybody, strength=strength, topics=topics), strength


def receipt_evidence(receipts: csr_matrix, ratios: np.ndarray) -> np.ndarray:
    """(receipts × groups) Σ log-ratio over distinct items / √(distinct items); a receipt without known items has evidence 0.

    receipts: (receipts × items), anything above 0 counts as one distinct item. ratios: (items × groups).
    """
    if receipts.shape[1] != ratios.shape[0]:
        raise ValueError(f"receipts have {receipts.shape[1]} items, the log-ratios {ratios.shape[0]}")
    present = csr_matrix(receipts > 0, dtype=np.float64)
    items = np.asarray(present.sum(1)).reshape(-1, 1)
    return np.asarray(present @ ratios) / np.sqrt(np.maximum(items, 1))
