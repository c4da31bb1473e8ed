"""What the members of a group buy, and who is in which group: the likelihood of items.

Belongs here: shrunk item shares of groups, the choice of their shrinkage, assignment by likelihood, the three states of a member.
Does not belong here: finding cores, refining profiles (profiles.py), evidence of single receipts.

A group is a row of item shares, (items bought in the group + strength × target) / (items + strength): the posterior mean of a
Dirichlet prior (Zhai, Lafferty 2004 for language models). Where items fall into classes, the target is the group's own shares of the
classes, themselves drawn towards everybody's: item → class → everybody.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.intervals import person_folds

ATYPICAL = -1
TOO_FEW_RECEIPTS = -2
STRENGTHS = (30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0)


def everybody_shares(counts: csr_matrix, *, pseudo_count: float = 0.5) -> np.ndarray:
    """(items,) shares over all rows of counts (rows × items); `pseudo_count` keeps items nobody bought above zero."""
    if counts.shape[1] == 0:
        raise ValueError("there are no items")
    totals = np.asarray(counts.sum(0)).ravel() + pseudo_count
    return totals / totals.sum()


def group_totals(counts: csr_matrix, labels: np.ndarray, *, groups: int) -> np.ndarray:
    """(groups × items) sums of the rows of counts (rows × items) by label (rows,); labels outside 0..groups-1 are left out."""
    labels = np.asarray(labels)
    if len(labels) != counts.shape[0]:
        raise ValueError(f"{len(labels)} labels for {counts.shape[0]} rows of counts")
    rows = np.flatnonzero((labels >= 0) & (labels < groups))
    indicator = csr_matrix((np.ones(len(rows)), (labels[rows], rows)), shape=(groups, counts.shape[0]))
    return (indicator @ counts).toarray()


def shrunk_shares(totals: np.ndarray, *, target: np.ndarray, strength: float) -> np.ndarray:
    """(groups × items) shares: group totals (groups × items) plus `strength` items spread like `target` (items,) or (groups × items)."""
    if strength <= 0:
        raise ValueError(f"the strength of shrinkage must be positive, got {strength}")
    return (totals + strength * target) / (totals.sum(1, keepdims=True) + strength)


def class_ratios(own: np.ndarray, expected: np.ndarray, *, classes: np.ndarray, everybody: np.ndarray, strength: float) -> np.ndarray:
    """(groups × items) what a group buys of the item's class over what is expected of it, drawn towards 1.

    own, expected: (groups × items) items. classes: (items × classes) 1 where the item is of the class, else 0. strength: items of
    everybody's (items,) added to both.
    """
    if classes.shape[1] == 1:
        return np.ones_like(expected)
    prior = strength * (everybody @ classes)
    return np.asarray(((own @ classes + prior) / (expected @ classes + prior)) @ classes.T)


def log_ratios(shares: np.ndarray, everybody: np.ndarray) -> np.ndarray:
    """(items × groups) natural log of shares (groups × items) over everybody (items,)."""
    return np.log(shares / everybody).T


def item_gain(counts: csr_matrix, ratios: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(rows,) nats that each row's label says about its items: Σ count × log-ratio; labels below zero say nothing."""
    if ratios.shape[1] == 0:
        return np.zeros(counts.shape[0])
    gains = np.asarray(counts @ ratios)
    labels = np.asarray(labels)
    return np.where(labels >= 0, gains[np.arange(len(labels)), np.maximum(labels, 0)], 0.0)


def choose_strength(
    counts: csr_matrix,
    labels: np.ndarray,
    *,
    groups: int,
    everybody: np.ndarray,
    target_of: Callable[[np.ndarray], np.ndarray] | None = None,
    strengths: tuple[float, ...] = STRENGTHS,
    folds: int = 5,
    seed: int = 0,
) -> float:
    """The strength under which people left out are explained best by their own group's distribution, by folds of the given people only.

    counts: (people × items). labels: (people,), below zero = left out. target_of: from (groups × items) totals to what shares shrink to;
    everybody's shares by default. The smallest of equally good strengths is taken.
    """
    fold = person_folds(counts.shape[0], folds=folds, seed=seed)
    totals = group_totals(counts, labels, groups=groups)
    gains = np.zeros(len(strengths))
    for number in range(folds):
        out = np.flatnonzero(fold == number)
        left_out = counts[out]
        remaining = totals - group_totals(left_out, labels[out], groups=groups)
        target = everybody if target_of is None else target_of(remaining)
        for i, strength in enumerate(strengths):
            shares = shrunk_shares(remaining, target=target, strength=strength)
            gains[i] += item_gain(left_out, log_ratios(shares, everybody), labels[out]).sum()
    return strengths[int(gains.argmax())]


def states(scores: np.ndarray, *, items: np.ndarray, receipts: np.ndarray | None = None, least_receipts: int = 1) -> np.ndarray:
    """State of each member, (members,): the likeliest profile, ATYPICAL or TOO_FEW_RECEIPTS.

    scores: (members × profiles) log-likelihoods against everybody. items, receipts: (members,) items bought and receipts behind them.
    TOO_FEW_RECEIPTS: no item, or fewer receipts than `least_receipts`, whatever the items say. ATYPICAL: everybody's distribution explains
    the items at least as well as every profile does.
    """
    if len(items) != len(scores) or (receipts is not None and len(receipts) != len(scores)):
        raise ValueError(
            f"{len(scores)} members have scores, {len(items)} have items, {len(items if receipts is None else receipts)} receipts"
        )
    labels = np.full(len(scores), ATYPICAL)
    if scores.shape[1]:
        labels = np.where(scores.max(1) > 0, scores.argmax(1), ATYPICAL)
    few = np.asarray(items) == 0
    if receipts is not None:
        few = few | (np.asarray(receipts) < least_receipts)
    return np.where(few, TOO_FEW_RECEIPTS, labels)
