"""What an answer changes in what is sold, and whether it can be sold itself.

Belongs here: labels of members with and without the answer, cells with and without it, the grade of each answer as a group. Does not
belong here: what answers say of purchases (`gain.py`), the small-area model (`audience`).

Answers are known of members only. They reach anonymous shoppers in one way: through members' labels, of which the direct estimates of
cells are made. A label is soft: the probability of the profile that other receipts would tell. With the answer, this probability is
multiplied by the share of the answer in the profile ÷ its share over everybody (Bayes). That label and answer are independent given the
profile is a model, which held-out labels can prove wrong: then the log-loss rises.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import gammaln

from bmyshop_profiles.audience.small_area import Cells, SmallArea, fit_small_area, predict, sampling_noise
from bmyshop_profiles.projection.calibration import CrossFit, cross_fit
from bmyshop_profiles.projection.evidence import choose_learner
from bmyshop_profiles.statistics.intervals import Interval, mean_by_receipts, person_folds, ratio_interval, rows_drawn
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals
from bmyshop_profiles.statistics.probabilities import log_losses

FOLDS = 5
PRIOR_MEMBERS = 3.0  # of everybody's, added to the members of each label
STRENGTHS = tuple(float(s) for s in np.geomspace(1, 1e5, 21))
MOST_RECEIPTS = 6000  # of members, from which it is learnt what a receipt says of an answer
LEAST_OF_AN_ANSWER = 30  # members: as for any group that is projected
DRAWS = 60
SPREAD = 1.645  # standard errors: a 90 % interval


def answer_ratios(answers: np.ndarray, labels: np.ndarray, *, codes: int, groups: int) -> np.ndarray:
    """(groups × codes) share of each answer in the group over its share for everybody, shrunk towards 1.

    answers, labels: (members,); below zero does not count. The shrinkage (members of everybody added to each group) is the one of the
    highest Dirichlet-multinomial likelihood: answers that tell nothing get ratios near 1.
    """
    known = (answers >= 0) & (labels >= 0)
    table = np.zeros((groups, codes))
    np.add.at(table, (labels[known], answers[known]), 1)
    everybody = (table.sum(0) + 0.5) / (table.sum() + 0.5 * codes)

    def likelihood(strength: float) -> float:
        within = gammaln(table + strength * everybody) - gammaln(strength * everybody)
        return float(within.sum() + (gammaln(strength) - gammaln(table.sum(1) + strength)).sum())

    strength = max(STRENGTHS, key=likelihood)
    return (table + strength * everybody) / (table.sum(1, keepdims=True) + strength) / everybody


@dataclass(frozen=True)
class Labels:
    """without, with_answer: (members × groups) soft labels, rows add up to 1, 0 for members without a label; cross-fitted by member.
    loss: nats of log-loss that answers take off the label that other receipts tell. changed: share of members whose likeliest group is
    another one."""

    without: np.ndarray
    with_answer: np.ndarray
    loss: Interval
    changed: Interval


def soft_labels(label: np.ndarray, other: np.ndarray, answers: np.ndarray, *, groups: int, codes: int, seed: int = 0) -> Labels:
    """Soft labels with and without answers. label, other: (members,) group that half 0 and half 1 of the receipts tell, below zero where
    there are too few. answers: (members,) codes, below zero where unknown."""
    fold, known = person_folds(len(label), folds=FOLDS, seed=seed), np.flatnonzero(label >= 0)
    without = np.zeros((len(label), groups))
    with_answer = without.copy()
    for number in range(FOLDS):
        train = np.flatnonzero((fold != number) & (label >= 0) & (other >= 0))
        out = known[fold[known] == number]
        table = np.zeros((groups, groups))
        np.add.at(table, (label[train], other[train]), 1)
        everybody = (table.sum(0) + 0.5) / (table.sum() + 0.5 * groups)
        table = (table + PRIOR_MEMBERS * everybody) / (table.sum(1, keepdims=True) + PRIOR_MEMBERS)
        without[out] = table[label[out]]
        ratios = answer_ratios(answers[train], other[train], codes=codes, groups=groups)
        ratios = np.column_stack([ratios, np.ones(groups)])  # the last code: no answer
        told = without[out] * ratios[:, answers[out]].T
        with_answer[out] = told / told.sum(1, keepdims=True)
    scored = np.flatnonzero((label >= 0) & (other >= 0))
    less = log_losses(without[scored], other[scored]) - log_losses(with_answer[scored], other[scored])
    moved = without[known].argmax(1) != with_answer[known].argmax(1)
    ones = np.ones(len(scored))
    return Labels(without, with_answer, ratio_interval(less, ones), ratio_interval(moved.astype(float), np.ones(len(known))))


@dataclass(frozen=True)
class Places:
    """Cells of shop and daypart. store, daypart: (cells,) numbers. receipts, crowd: (cells,) receipts of everybody, and people behind
    them. cell, member, count: (visits,) members' visits of half 1, the member by row."""

    store: np.ndarray
    daypart: np.ndarray
    receipts: np.ndarray
    crowd: np.ndarray
    cell: np.ndarray
    member: np.ndarray
    count: np.ndarray


def cells_of(places: Places, soft: np.ndarray, means: np.ndarray, noise: np.ndarray) -> Cells:
    """Cells with members' visits by soft label. soft: (members × groups), zero rows for members who say nothing. means: (cells × groups)
    mean posterior of all receipts, noise: (cells,) what sampling alone adds to it. What soft labels leave open is unknown beside it."""
    told = soft[places.member].sum(1) > 0
    cell, member, count = places.cell[told], places.member[told], places.count[told].astype(float)
    size = len(places.store)
    visits = np.asarray(csr_matrix((count, (cell, member)), shape=(size, len(soft))) @ soft)
    by_person = csr_matrix((count, (cell, member)), shape=(size, len(soft)))
    squares = np.asarray(by_person.multiply(by_person).sum(1)).ravel()
    people = np.divide(visits.sum(1) ** 2, squares, out=np.zeros(size), where=squares > 0)
    mix = visits.sum(0) / max(visits.sum(), 1e-12)
    kept = float(count @ ((soft[member] - mix) ** 2).sum(1)) / max(count.sum() * float((mix * (1 - mix)).sum()), 1e-12)
    unsure = np.divide(max(1 - kept, 0.0), people, out=np.zeros(size), where=people > 0)
    return Cells(places.store, places.daypart, means, visits, people / max(kept, 0.05), places.receipts, places.crowd, noise, unsure)


@dataclass(frozen=True)
class Known:
    """slope of the direct estimate on what baskets say, an interval by shop. skill: share of the differences between cells that is known,
    over all groups; by_group: (groups,) the same of each. mix: (cells × groups)."""

    slope: Interval
    skill: float
    by_group: np.ndarray
    mix: np.ndarray


def known_of(cells: Cells, *, seed: int = 0) -> Known | None:
    """How well cells are told apart; None where no member visited any."""
    if not (cells.people > 0).any():
        return None
    model: SmallArea = fit_small_area(cells)
    found = predict(model, draws=DRAWS, seed=seed)
    weight = cells.receipts / cells.receipts.sum()
    unknown = weight @ found.draws.var(0)
    spread = weight @ (found.mix - weight @ found.mix) ** 2
    half = SPREAD * model.slope_error
    slope = Interval(model.slope, model.slope - half, model.slope + half, int((cells.people > 0).sum()))
    skill = float(spread.sum() / max(spread.sum() + unknown.sum(), 1e-12))
    return Known(slope, skill, spread / np.maximum(spread + unknown, 1e-12), found.mix)


@dataclass(frozen=True)
class Answer:
    """What an answer is worth as a group of its own, in the terms of `group_grades`. share: of the visits of members who
    answer. information: nats of a receipt on whether its visit is of the group, paired by member. skill: expected, of cells. grade: sure,
    indicative or unsold."""

    code: int
    share: Interval
    information: Interval
    skill: float
    grade: str


def answers_as_groups(
    bought: csr_matrix,
    answers: np.ndarray,
    receipts: csr_matrix,
    owner: np.ndarray,
    crowd_receipts: csr_matrix,
    crowd_cell: np.ndarray,
    places: Places,
    *,
    sure: float,
    indicative: float,
    seed: int = 0,
) -> list[Answer]:
    """Each answer as a group that receipts are projected on, learnt from the members who gave it. No grade for fewer than 30 of them.

    bought: (members × items) of half 0, answers: (members,) codes. receipts: (receipts × items) of members, of half 1; owner: (receipts,)
    member. crowd_receipts: (sample × items) of anybody's receipts, crowd_cell: (sample,) their cell, below zero in none. sure, indicative:
    expected skill from which a group is graded so.
    """
    codes = [code for code in range(int(answers.max(initial=-1)) + 1) if (answers == code).sum() >= LEAST_OF_AN_ANSWER]
    if len(codes) < 2:
        return []
    group = np.full(int(answers.max()) + 2, -1)
    group[codes] = np.arange(len(codes))
    label = group[answers]
    used = np.flatnonzero(label[owner] >= 0)
    used = used[rows_drawn(len(used), most=MOST_RECEIPTS, seed=seed)]
    everybody = everybody_shares(crowd_receipts if crowd_receipts.shape[0] else bought)
    learn, _ = choose_learner(bought, label, groups=len(codes), everybody=everybody, seed=seed)
    fit = cross_fit(bought, label, receipts[used], owner[used], groups=len(codes), learn=learn, seed=seed)
    if len(fit.label) == 0:
        return []
    ratios = learn(group_totals(bought, label, groups=len(codes)))
    posterior = fit.map.posterior(crowd_receipts, ratios)
    known = _cells_of_answers(places, label, fit, posterior, crowd_cell, seed=seed)
    return [_graded(code, number, fit, known, sure=sure, indicative=indicative) for number, code in enumerate(codes)]


def _cells_of_answers(
    places: Places, label: np.ndarray, fit: CrossFit, posterior: np.ndarray, cell: np.ndarray, *, seed: int
) -> Known | None:
    size, groups = len(places.store), posterior.shape[1]
    inside = cell >= 0
    sampled = np.bincount(cell[inside], minlength=size).astype(float)
    sums = np.array([np.bincount(cell[inside], column[inside], size) for column in posterior.T]).T
    overall = sums.sum(0) / max(sampled.sum(), 1)
    means = np.where(sampled[:, None] > 0, sums / np.maximum(sampled, 1)[:, None], overall)
    people = np.minimum(np.maximum(places.crowd, 1e-9), np.maximum(sampled, 1e-9))
    noise = sampling_noise(fit.posterior, fit.member, receipts=np.maximum(sampled, 1e-9), people=people)
    soft = np.zeros((len(label), groups))
    soft[label >= 0, label[label >= 0]] = 1.0
    return known_of(cells_of(places, soft, means, noise), seed=seed)


def _graded(code: int, number: int, fit: CrossFit, known: Known | None, *, sure: float, indicative: float) -> Answer:
    truth = (fit.label == number).astype(int)
    ours, prior = (np.column_stack([1 - p[:, number], p[:, number]]) for p in (fit.posterior, fit.prior))
    information = mean_by_receipts(log_losses(prior, truth) - log_losses(ours, truth), fit.member)
    skill = float(known.by_group[number]) if known else 0.0
    grade = "unsold"
    if information.low > 0 and skill >= indicative:
        grade = "sure" if skill >= sure else "indicative"
    return Answer(code, mean_by_receipts(truth.astype(float), fit.member), information, skill, grade)
