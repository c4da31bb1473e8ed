"""What one more thing known about a member would be worth.

Belongs here: a synthetic categorical variable of known strength, and what knowing it adds to reading a profile from one receipt and to the
typology's held-out gain. Does not belong here: fitting typologies or posteriors; labels stay as they are.

Given the profile, the variable and the items of a receipt are taken as independent: posterior with the variable ∝ posterior × share of
the value in the profile / share of the value over everybody (Bayes). Members whose value is unknown keep their posterior: a low answer rate
costs what it costs.
"""

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import gammaln

from bmyshop_profiles.statistics.intervals import Interval, mean_by_receipts, person_folds, ratio_interval
from bmyshop_profiles.statistics.likelihood import STRENGTHS, choose_strength, group_totals, item_gain, log_ratios, shrunk_shares
from bmyshop_profiles.statistics.probabilities import log_losses

UNKNOWN = -1
ENDLESS = (1e5, 1e6, 1e9)  # strengths at which a useless variable says nothing
VALUE_STRENGTHS = tuple(float(s) for s in np.geomspace(1, 1e5, 21))


def draw_variable(persona: np.ndarray, *, categories: int, strength: float, answer_rate: float = 1.0, seed: int = 0) -> np.ndarray:
    """A synthetic variable (members,): category 0..categories-1, or UNKNOWN where the member did not answer.

    persona: (members,) integers ≥ 0. With probability `strength` a member has the category of the persona (personas are dealt evenly over
    categories), otherwise any category alike: 0 tells nothing, 1 everything that `categories` can. Answering is independent of everything.
    Raises ValueError for fewer than two categories or probabilities outside [0, 1].
    """
    if categories < 2:
        raise ValueError(f"a variable needs at least 2 categories, got {categories}")
    if not (0 <= strength <= 1 and 0 <= answer_rate <= 1):
        raise ValueError(f"strength and answer rate lie in 0..1, got {strength} and {answer_rate}")
    persona = np.asarray(persona)
    if persona.min(initial=0) < 0:
        raise ValueError("a member without a persona cannot be given a variable")
    rng = np.random.default_rng(seed)
    category_of = rng.permutation(int(persona.max(initial=0)) + 1) % categories
    told, other = rng.random(len(persona)) < strength, rng.integers(categories, size=len(persona))
    answered = rng.random(len(persona)) < answer_rate
    return np.where(answered, np.where(told, category_of[persona], other), UNKNOWN)


def value_ratios(values: np.ndarray, labels: np.ndarray, *, categories: int, groups: int) -> np.ndarray:
    """(groups × categories) share of each value in the group over its share for everybody, shrunk towards 1.

    values, labels: (members,); members with UNKNOWN value or a label below zero do not count. The shrinkage (members of everybody added to
    each group) is the one of the highest Dirichlet-multinomial likelihood (Good 1965): a useless variable gets ratios near 1.
    """
    _check_values(values, labels, categories)
    known = (values >= 0) & (labels >= 0)
    table = np.zeros((groups, categories))
    np.add.at(table, (labels[known], values[known]), 1)
    everybody = (table.sum(0) + 0.5) / (table.sum() + 0.5 * categories)

    def likelihood(strength: float) -> float:
        within = gammaln(table + strength * everybody) - gammaln(strength * everybody)
        return float(within.sum() + (gammaln(strength) - gammaln(table.sum(1) + strength)).sum())

    strength = max(VALUE_STRENGTHS, key=likelihood)
    return (table + strength * everybody) / (table.sum(1, keepdims=True) + strength) / everybody


def posterior_with_value(
    posterior: np.ndarray,
    member: np.ndarray,
    labels: np.ndarray,
    values: np.ndarray,
    *,
    categories: int,
    folds: int = 5,
    seed: int = 0,
) -> np.ndarray:
    """(receipts × groups) posterior once the buyer's value is known; shares of values come from the other folds of members.

    posterior: (receipts × groups), cross-fitted by member. member: (receipts,) rows into labels and values (members,).
    """
    _check_values(values, labels, categories)
    groups, fold = posterior.shape[1], person_folds(len(labels), folds=folds, seed=seed)
    result = posterior.copy()
    for number in range(folds):
        train = fold != number
        ratio = value_ratios(values[train], labels[train], categories=categories, groups=groups)
        rows = np.flatnonzero((fold[member] == number) & (values[member] >= 0))
        result[rows] = posterior[rows] * ratio[:, values[member[rows]]].T
    return result / result.sum(1, keepdims=True)


def value_for_projection(
    posterior: np.ndarray,
    member: np.ndarray,
    labels: np.ndarray,
    values: np.ndarray,
    *,
    categories: int,
    folds: int = 5,
    seed: int = 0,
    level: float = 0.9,
) -> Interval:
    """Nats of log-loss that knowing the variable takes off one receipt of a held-out member: paired, by person; above zero is better.

    Arguments as `posterior_with_value`; labels are fixed. Receipts of members in no group (label below zero) do not count.
    """
    better = posterior_with_value(posterior, member, labels, values, categories=categories, folds=folds, seed=seed)
    rows = np.flatnonzero(labels[member] >= 0)
    label = labels[member[rows]]
    return mean_by_receipts(log_losses(posterior[rows], label) - log_losses(better[rows], label), member[rows], level=level)


def value_for_held_out_gain(
    first: csr_matrix,
    second: csr_matrix,
    labels: np.ndarray,
    values: np.ndarray,
    *,
    groups: int,
    everybody: np.ndarray,
    categories: int,
    folds: int = 5,
    seed: int = 0,
    level: float = 0.9,
) -> Interval:
    """Nats per item that profile *and* value say about the second half beyond what the profile says: paired, by person.

    first, second: (members × items) halves. labels, values: (members,). In each fold, shares of (profile, value) come from the other
    members' first half, shrunk towards the profile's own shares; the strength is chosen among those members. Members in no profile or with
    UNKNOWN value gain nothing.
    """
    _check_values(values, labels, categories)
    cell = np.where((labels >= 0) & (values >= 0), labels * categories + values, -1)
    fold, extra = person_folds(len(labels), folds=folds, seed=seed), np.zeros(len(labels))
    for number in range(folds):
        train, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        base, nested = _nested_ratios(
            first[train], labels[train], cell[train], groups=groups, categories=categories, everybody=everybody, seed=seed
        )
        known = np.where(cell[out] >= 0, labels[out], -1)
        extra[out] = item_gain(second[out], nested, cell[out]) - item_gain(second[out], base, known)
    return ratio_interval(extra, np.asarray(second.sum(1)).ravel(), level=level)


def _nested_ratios(
    counts: csr_matrix, labels: np.ndarray, cell: np.ndarray, *, groups: int, categories: int, everybody: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Log-ratios of the profiles (items × groups) and of (profile, value) shrunk towards its profile (items × groups · categories)."""
    coarse = choose_strength(counts, labels, groups=groups, everybody=everybody, seed=seed)

    def profiles_of(totals: np.ndarray) -> np.ndarray:
        shares = shrunk_shares(totals.reshape(groups, categories, -1).sum(1), target=everybody, strength=coarse)
        return np.repeat(shares, categories, axis=0)

    cells = groups * categories
    fine = choose_strength(
        counts, cell, groups=cells, everybody=everybody, target_of=profiles_of, strengths=(*STRENGTHS, *ENDLESS), seed=seed
    )
    shares = shrunk_shares(group_totals(counts, labels, groups=groups), target=everybody, strength=coarse)
    totals = group_totals(counts, cell, groups=cells)
    nested = shrunk_shares(totals, target=np.repeat(shares, categories, axis=0), strength=fine)
    return log_ratios(shares, everybody), log_ratios(nested, everybody)


def _check_values(values: np.ndarray, labels: np.ndarray, categories: int) -> None:
    if len(values) != len(labels):
        raise ValueError(f"{len(values)} values for {len(labels)} members")
    if np.max(values, initial=-1) >= categories or np.min(values, initial=0) < UNKNOWN:
        raise ValueError(f"values must lie in 0..{categories - 1}, or be {UNKNOWN} where unknown")
