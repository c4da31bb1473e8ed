"""What the answers of members say about what they buy, beyond their profile: nats per item of receipts that were not read before.

Belongs here: the measure, its test, the smallest value that it could see, and how many members more would say as much. Does not belong
here: where answers come from (`synthesis.py`), what they do to what is sold (`sold.py`).

The model is nested in that of the profiles: a member of profile p who answers v buys an item with the share of the profile × a ratio of v,
scaled to add up to one. The ratio is what those who answered v bought over what their profiles let expect, shrunk towards 1, and learnt
from other members than the one who is scored. Shares of profiles come from those who answered, so that who answers is not taken for what
they answer.

Noise alone costs a model of answers something, and shrinking it until it costs nothing hides most of what answers say. So the gain is
compared, member by member, with that of the same answers permuted among members of the same profile and about the same number of receipts,
under the same shrinkage: the conditional permutation test (Berrett, Wang, Barber, Samworth 2020), of which only the simplest case is
needed here, since what is conditioned on has few values. A difference of cross-entropies on held-out receipts, not an estimate from
nearest neighbours, is what can be measured of information (McAllester, Stratos 2020).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.intervals import Interval, person_folds, ratio_interval
from bmyshop_profiles.statistics.likelihood import choose_strength, everybody_shares, group_totals, item_gain, log_ratios, shrunk_shares

UNKNOWN = -1
PERMUTATIONS = 39  # the smallest chance that can be told is 1 in 40
ADDED = 0.1  # of the items bought per answer: as many of everybody's are added to what was bought with an answer and to what was expected
RECEIPT_CLASSES = 5  # of a profile, within which those who answer stand for those who do not
NEIGHBOURS = 10  # members of a profile with about as many receipts, among whom answers are exchanged
FOLDS = 5
LEAST_ANSWERS = 30  # members whose answers can be exchanged
SEEN_BY_CHANCE = 0.05
SURE, FOUR_OF_FIVE = 1.645, 0.842  # standard errors: one-sided 5 %, and 80 %
STEPS = (0.25, 0.5, 1.0)  # of the members: sizes at which it is measured what profiles learnt from so many say
DRAWS = 200
MOST_TOLD = 9.0  # times the members there are: no further is the growth of the gain followed

# how measuring ended
MEASURED = "measured"
NOBODY, ONE, NO_VARIANCE, COLLINEAR, TOO_FEW = "nobody_answered", "one_answer", "no_variance", "told_by_profile", "too_few_answers"


NOTHING = Interval(float("nan"), float("-inf"), float("inf"), 0)


@dataclass(frozen=True)
class Gain:
    """How measuring ended; the rest is nothing unless it is MEASURED.

    value: nats per item of those who answered, weighted so that they stand for all members of their profile and number of receipts.
    chance: share of permutations, the answers themselves counted, that say as much. spread: standard deviation of the values of permuted
    answers. by_member: (members,) nats, weight: (members,) 0 where there is no answer, items: (members,) scored.
    """

    outcome: str
    value: Interval = NOTHING
    chance: float = float("nan")
    spread: float = float("nan")
    by_member: np.ndarray | None = None
    weight: np.ndarray | None = None

    @property
    def is_seen(self) -> bool:
        """Whether the answers say something that as good as no permutation says."""
        return self.outcome == MEASURED and self.chance <= SEEN_BY_CHANCE

    @property
    def smallest(self) -> float:
        """The value that would be found, at the level of 5 %, in four cases of five."""
        return (SURE + FOUR_OF_FIVE) * self.spread


def neighbours(labels: np.ndarray, receipts: np.ndarray) -> np.ndarray:
    """(members,) block of ten or so members of one profile with about as many receipts, numbers from 0; −1 without a profile."""
    found, last = np.full(len(labels), -1), 0
    for label in np.unique(labels[labels >= 0]):
        rows = np.flatnonzero(labels == label)
        rows = rows[np.argsort(receipts[rows], kind="stable")]
        blocks = max(len(rows) // NEIGHBOURS, 1)
        found[rows] = last + np.arange(len(rows)) * blocks // len(rows)
        last += blocks
    return found


def permuted(answers: np.ndarray, block: np.ndarray, *, draws: int, seed: int) -> np.ndarray:
    """(draws × members) answers exchanged among those of a block (members,) who gave one. answers: codes, or UNKNOWN."""
    rng, rows = np.random.default_rng(seed), np.flatnonzero((answers >= 0) & (block >= 0))
    rows = rows[np.argsort(block[rows], kind="stable")]
    found = np.tile(answers, (draws, 1))
    for number in range(draws):
        found[number, rows] = answers[rows[np.lexsort((rng.random(len(rows)), block[rows]))]]
    return found


def outcome_of(answers: np.ndarray, block: np.ndarray) -> str:
    """Whether anything can be measured: MEASURED, or why not. block: (members,) among whom answers are exchanged, below zero: nobody."""
    known = (answers >= 0) & (block >= 0)
    if known.sum() <= 1:
        return ONE if known.any() else NOBODY
    if len(np.unique(answers[known])) == 1:
        return NO_VARIANCE
    if known.sum() < LEAST_ANSWERS:
        return TOO_FEW
    kinds = pd.Series(answers[known]).groupby(block[known]).transform("nunique")
    return MEASURED if (kinds > 1).sum() >= LEAST_ANSWERS else COLLINEAR


def gain_of(
    bought: csr_matrix, labels: np.ndarray, answers: np.ndarray, receipts: np.ndarray, *, permutations: int = PERMUTATIONS, seed: int = 0
) -> Gain:
    """What answers say about purchases, given the profile.

    bought: (members × items) of a half of the receipts that made neither the labels nor the answers. labels: (members,) profile, 0 up;
    below zero: in none. answers: (members,) codes from 0, or UNKNOWN. receipts: (members,) behind `bought`.
    Raises ValueError where these are of different members.
    """
    if not bought.shape[0] == len(labels) == len(answers) == len(receipts):
        raise ValueError(f"{bought.shape[0]} members bought, {len(labels)} have labels, {len(answers)} answers, {len(receipts)} receipts")
    items = np.asarray(bought.sum(1)).ravel()
    told = np.where(items > 0, labels, -1)
    block = neighbours(np.where(answers >= 0, told, -1), receipts)
    outcome = outcome_of(answers, block)
    if outcome != MEASURED:
        return Gain(outcome)
    known = np.flatnonzero(block >= 0)
    tried = np.vstack([answers[None], permuted(answers, block, draws=permutations, seed=seed)])[:, known]
    codes = np.searchsorted(np.unique(answers[known]), tried)
    weight = np.zeros(len(answers))
    weight[known] = _weights(told, receipts, known)
    gains = nested_gains(bought[known], labels[known], codes, seed=seed)
    total = float(weight[known] @ items[known])
    figures = gains @ weight[known] / total
    above = gains[0] - gains[1:].mean(0)
    spread = float(figures[1:].std(ddof=1))
    value = _wider(ratio_interval(weight[known] * above, weight[known] * items[known]), spread)
    by_member = np.zeros(len(answers))
    by_member[known] = above
    chance = float((figures >= figures[0]).mean())
    return Gain(MEASURED, value, chance, spread, by_member, weight)


def nested_gains(bought: csr_matrix, labels: np.ndarray, answers: np.ndarray, *, seed: int, added: float = ADDED) -> np.ndarray:
    """(draws × members) nats of each member's items, given profile and answer against the profile alone, cross-fitted by member.

    bought: (members × items). labels: (members,) from 0. answers: (draws × members) codes from 0. added: of the items bought per
    answer, see ADDED.
    """
    members, groups, codes = bought.shape[0], int(labels.max()) + 1, int(answers.max()) + 1
    fold, everybody, sizes = person_folds(members, folds=FOLDS, seed=seed), everybody_shares(bought), np.asarray(bought.sum(1)).ravel()
    extra, gains = added * sizes.sum() / codes * everybody, np.zeros(answers.shape)
    for number in range(FOLDS):
        train, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        shares = profile_shares(bought[train], labels[train], groups=groups, everybody=everybody, seed=seed)
        own = np.zeros((codes, groups))
        for draw, given in enumerate(answers):
            own[:] = 0
            np.add.at(own, (given[train], labels[train]), sizes[train])
            observed = group_totals(bought[train], given[train], groups=codes)
            ratios = (observed + extra) / (own @ shares + extra)
            scale = np.log(ratios @ shares.T)
            gains[draw, out] = item_gain(bought[out], np.log(ratios).T, given[out]) - sizes[out] * scale[given[out], labels[out]]
    return gains


def profile_shares(bought: csr_matrix, labels: np.ndarray, *, groups: int, everybody: np.ndarray, seed: int) -> np.ndarray:
    """(groups × items) shares of what members of a profile buy, shrunk towards everybody's."""
    strength = choose_strength(bought, labels, groups=groups, everybody=everybody, seed=seed)
    return shrunk_shares(group_totals(bought, labels, groups=groups), target=everybody, strength=strength)


def _wider(found: Interval, spread: float) -> Interval:
    """The interval by member holds what was learnt for given; how far that alone moves the figure is what permuted answers show."""
    half = float(np.hypot(found.high - found.value, SURE * spread))
    return Interval(found.value, found.value - half, found.value + half, found.people)


def _weights(labels: np.ndarray, receipts: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(known,) members of the profile and fifth by receipts per answer there: those who answer stand for those who do not."""
    place = pd.Series(receipts).groupby(labels).rank(method="average", pct=True).to_numpy()
    stratum = labels * RECEIPT_CLASSES + np.minimum((place * RECEIPT_CLASSES).astype(int), RECEIPT_CLASSES - 1)
    members = np.bincount(stratum[labels >= 0], minlength=int(stratum.max()) + 1)
    return (members / np.maximum(np.bincount(stratum[known], minlength=len(members)), 1))[stratum[known]]


@dataclass(frozen=True)
class Growth:
    """What profiles say when they were learnt from fewer members. sizes: (steps,) members that taught. gains: (steps × members) nats,
    items: (members,) scored."""

    sizes: np.ndarray
    gains: np.ndarray
    items: np.ndarray


def growth_of(bought: csr_matrix, labels: np.ndarray, *, seed: int = 0) -> Growth:
    """The gain of profiles by the number of members from whom it was learnt what each profile buys; labels stay as they are."""
    groups, everybody, members = int(labels.max(initial=0)) + 1, everybody_shares(bought), bought.shape[0]
    fold, gains = person_folds(members, folds=FOLDS, seed=seed), np.zeros((len(STEPS), members))
    rng = np.random.default_rng(seed)
    for number in range(FOLDS):
        train, out = np.flatnonzero((fold != number) & (labels >= 0)), np.flatnonzero((fold == number) & (labels >= 0))
        for step, share in enumerate(STEPS):
            taught = rng.permutation(train)[: max(int(share * len(train)), 2)]
            shares = profile_shares(bought[taught], labels[taught], groups=groups, everybody=everybody, seed=seed)
            gains[step, out] = item_gain(bought[out], log_ratios(shares, everybody), labels[out])
    return Growth(np.array(STEPS) * (labels >= 0).sum(), gains, np.where(labels >= 0, np.asarray(bought.sum(1)).ravel(), 0.0))


def members_worth(gain: Gain, growth: Growth, *, answered: float, seed: int = 0) -> Interval:
    """Members more whose purchases would raise the gain of the profiles as much as the answers do, with a 90 % interval by person.

    The gain of profiles grows with the logarithm of the members that taught them; MOST_TOLD times the members are told at most, also
    where it does not grow. answered: share of items bought by members who answer.
    """
    people = float(growth.sizes[-1])
    if gain.by_member is None or gain.weight is None or people < 2:
        return Interval(float("nan"), float("-inf"), float("inf"), gain.value.people)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(len(growth.items), np.full(len(growth.items), 1 / len(growth.items)), size=DRAWS)
    times = np.vstack([np.ones((1, len(growth.items))), times])
    by_size = (times @ growth.gains.T) / np.maximum(times @ growth.items, 1e-9)[:, None]
    logs = np.log(growth.sizes) - np.log(growth.sizes).mean()
    slope = by_size @ logs / (logs @ logs)
    value = answered * (times @ (gain.weight * gain.by_member)) / np.maximum(times @ (gain.weight * growth.items), 1e-9)
    value[1:] += answered * gain.spread * rng.standard_normal(DRAWS)  # what was learnt is unsure too
    most = np.log1p(MOST_TOLD)
    exponent = np.where(value <= 0, 0.0, np.where(slope > 1e-9, np.minimum(value / np.maximum(slope, 1e-9), most), most))
    found = people * np.expm1(exponent)
    return Interval(float(found[0]), float(np.quantile(found[1:], 0.05)), float(np.quantile(found[1:], 0.95)), gain.value.people)
