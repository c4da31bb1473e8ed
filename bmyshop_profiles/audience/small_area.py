"""Mixes of shops and dayparts by a small-area model: what members' visits say of a cell, joined with what its baskets say.

Belongs here: the model's fit (variances, slope), predictions of all cells, draws from what is unknown. Does not belong here: the level of
the whole network (level.py), tables (mixes.py).

Fay, Herriot (1979). The direct estimate of a cell is the share of each group in members' visits; its noise counts people. The auxiliary is
the contrast of the cell's mean posterior, of all its receipts, to the network's, with one slope for all groups. A contrast of few
receipts is mostly noise: it is shrunk towards 0 by its reliability before (Ybarra, Lohr 2008; regression calibration). Dayparts are
fixed effects, shops and cells random ones; an effect of the kind of shop was tried and said no more:

    share(cell, k) = daypart(k) + slope × contrast(cell, k) + shop(k) + cell(k) + noise,   variances in units of p_k (1 − p_k)

p: members' mix. With variances in these units the covariance of the cells is the same for all groups. The two variances are not set to one
value: predictions are averaged over a grid of them, by restricted likelihood and a flat prior on the standard deviations (a variance of few
shops is often estimated as 0, which it is not: Morris, Tang 2011). The slope's standard error is clustered by shop (Liang, Zeger 1986).
Given the effects of the whole network shops are independent, so that the cost grows with their number.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

VARIANCES = np.linspace(0.0, 0.5, 21) ** 2  # of shops and of cells, tried: equal steps of the standard deviation
PLAUSIBLE = 10.0  # nats below the likeliest at which a pair of variances is looked around; below 7 it has no weight
LEAST_UNIT = 1e-4
SURE = 1.645  # standard errors: one-sided 5 %


@dataclass(frozen=True)
class Cells:
    """What is known of cells. store, daypart: (cells,) numbers from 0. means: (cells × K) mean posterior of all receipts. visits: (cells
    × K) members' visits by group. people: (cells,) effective number of members behind them, 0 where there are none. receipts: (cells,).
    crowd: (cells,) effective number of people behind these. noise: (cells,) what sampling alone adds to the squared contrast, summed over
    groups. unsure: (cells,) variance, in units of p (1 − p), of what members' labels leave open."""

    store: np.ndarray
    daypart: np.ndarray
    means: np.ndarray
    visits: np.ndarray
    people: np.ndarray
    receipts: np.ndarray
    crowd: np.ndarray
    noise: np.ndarray
    unsure: np.ndarray

    @cached_property
    def direct(self) -> np.ndarray:
        """(cells × K) shares of the visits."""
        return self.visits / np.maximum(self.visits.sum(1, keepdims=True), 1e-12)

    @cached_property
    def contrasts(self) -> np.ndarray:
        """(cells × K) mean posterior less that of all receipts, shrunk by reliability."""
        raw = self.means - self.receipts @ self.means / self.receipts.sum()
        squares, weight = (raw**2).sum(1), 1 / np.maximum(self.noise, 1e-12)
        signal = max(float(((squares - self.noise) * weight).sum() / weight.sum()), 0.0)
        return raw * (signal / np.maximum(signal + self.noise, 1e-12))[:, None]

    @cached_property
    def members_mix(self) -> np.ndarray:
        """(K,) shares of members' visits over the network."""
        return self.visits.sum(0) / max(self.visits.sum(), 1e-12)


def sampling_noise(posterior: np.ndarray, member: np.ndarray, *, receipts: np.ndarray, people: np.ndarray) -> np.ndarray:
    """(cells,) squared deviation of a mean posterior that so many receipts of so many people have by chance, summed over groups.

    posterior: (receipts × K) of members, member: (receipts,) whose they are: people differ, and so do the receipts of a person.
    """
    _, person, each = np.unique(member, return_inverse=True, return_counts=True)
    means = np.array([np.bincount(person, column) for column in posterior.T]).T / each[:, None]
    within = float(((posterior - means[person]) ** 2).sum()) / max(len(posterior) - len(each), 1)
    between = max(float(((means - means.mean(0)) ** 2).sum()) / max(len(each) - 1, 1) - within * float((1 / each).mean()), 0.0)
    return between / np.maximum(people, 1e-9) + within / np.maximum(receipts, 1e-9)


@dataclass(frozen=True)
class SmallArea:
    """The fitted model. between_stores, between_cells: variances in units of p (1 − p), the mean over what is plausible. slope,
    slope_error: of the contrast, as estimated. plausible: (pairs × 2) variances of shops and cells, weights: (pairs,) their
    probabilities. units: (K,)."""

    cells: Cells
    slope: float
    slope_error: float
    plausible: np.ndarray
    weights: np.ndarray
    units: np.ndarray

    @property
    def between_stores(self) -> float:
        """Mean variance of shops."""
        return float(self.weights @ self.plausible[:, 0])

    @property
    def between_cells(self) -> float:
        """Mean variance of cells."""
        return float(self.weights @ self.plausible[:, 1])

    @property
    def served_slope(self) -> float:
        """The lower end of the slope's interval, never below 0: one that is not surely above zero says nothing."""
        return max(self.slope - SURE * self.slope_error, 0.0)


def fit_small_area(cells: Cells) -> SmallArea:
    """Plausible variances, and the slope at the likeliest.

    Raises:
        ValueError: no cell has members.
    """
    if not (cells.people > 0).any():
        raise ValueError("a small-area model needs members' visits in some cell, there are none")
    mix = cells.members_mix
    units = np.maximum(mix * (1 - mix), LEAST_UNIT)
    per_store = np.bincount(cells.store[cells.people > 0])
    nested = len(VARIANCES) if (per_store > 1).any() else 1  # one cell per shop: its effect and the shop's are one
    tried: dict[tuple[int, int], float] = {}
    near = [(stores, each) for stores in range(0, len(VARIANCES), 4) for each in range(0, nested, 4)]
    while near:  # a coarse grid, then all steps around what is plausible so far: the others would weigh nothing
        tried |= {pair: _likelihood(cells, units, *VARIANCES[list(pair)]) for pair in near}
        plausible = [pair for pair, found in tried.items() if found > max(tried.values()) - PLAUSIBLE]
        near = [pair for pair in _around(plausible, len(VARIANCES), nested) if pair not in tried]
    steps = sorted(tried)
    pairs, likelihood = VARIANCES[np.array(steps)], np.array([tried[pair] for pair in steps])
    weights = np.exp(likelihood - likelihood.max())
    keep = weights > 1e-3
    slope, error = _slope(cells, units, *pairs[likelihood.argmax()])
    return SmallArea(cells, slope, error, pairs[keep], weights[keep] / weights[keep].sum(), units)


def _around(pairs: list[tuple[int, int]], stores: int, nested: int) -> list[tuple[int, int]]:
    """Steps of the grid within two of some pair."""
    beside = [(a, b) for a in range(-2, 3) for b in range(-2, 3)]
    found = {(one + a, two + b) for one, two in pairs for a, b in beside}
    return sorted((one, two) for one, two in found if 0 <= one < stores and 0 <= two < nested)


class _Covariance:
    """The covariance of the cells with members, in units of p (1 − p): diagonal noise and a common effect of each shop."""

    def __init__(self, cells: Cells, stores: float, each: float):
        self.known = cells.people > 0
        self.store = cells.store[self.known]
        self.count = int(cells.store.max(initial=-1)) + 1
        self.noise = 1 / cells.people[self.known] + each
        self.per_store = np.bincount(self.store, 1 / self.noise, self.count)
        self.shared = stores / (1 + stores * self.per_store)
        self.log_determinant = float(np.log(self.noise).sum() + np.log1p(stores * self.per_store).sum())

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(shops × columns) sums of weighted values by shop."""
        return np.array([np.bincount(self.store, column, self.count) for column in (values / self.noise[:, None]).T]).T

    def solve(self, values: np.ndarray) -> np.ndarray:
        """Inverse times (cells × columns)."""
        return values / self.noise[:, None] - (self.shared[:, None] * self.sums(values))[self.store] / self.noise[:, None]


def _reduced(cells: Cells, covariance: _Covariance) -> tuple[np.ndarray, np.ndarray, float]:
    """Direct shares and contrasts without their dayparts' means, and the log-determinant that the dayparts cost."""
    known = covariance.known
    design = _dayparts(cells)[known]
    solved = covariance.solve(design)
    information = design.T @ solved

    def left(values: np.ndarray) -> np.ndarray:
        return values - design @ np.linalg.solve(information, solved.T @ values)

    return left(cells.direct[known]), left(cells.contrasts[known]), float(np.linalg.slogdet(information)[1])


def _likelihood(cells: Cells, units: np.ndarray, stores: float, each: float) -> float:
    covariance = _Covariance(cells, stores, each)
    direct, contrasts, cost = _reduced(cells, covariance)
    solved = covariance.solve(contrasts)
    information = float((contrasts * solved / units).sum())
    slope = float((direct * solved / units).sum()) / max(information, 1e-12)
    rest = direct - slope * contrasts
    squares = float((rest * covariance.solve(rest) / units).sum())
    free = len(units) - 1  # shares add up to one
    return -0.5 * (free * (covariance.log_determinant + cost) + squares * free / len(units) + np.log(max(information, 1e-12)))


def _slope(cells: Cells, units: np.ndarray, stores: float, each: float) -> tuple[float, float]:
    covariance = _Covariance(cells, stores, each)
    direct, contrasts, _ = _reduced(cells, covariance)
    solved = covariance.solve(contrasts)
    information = float((contrasts * solved / units).sum())
    if information <= 1e-9:
        return 0.0, 0.0
    slope = float((direct * solved / units).sum()) / information
    scores = ((direct - slope * contrasts) * solved / units).sum(1)
    per_store = np.bincount(covariance.store, scores)
    stores_count = max(len(np.unique(covariance.store)), 2)
    return slope, float(np.sqrt((per_store**2).sum() * stores_count / (stores_count - 1))) / information


@dataclass(frozen=True)
class Prediction:
    """Members' mixes of all cells. mix: (cells × K), rows sum to 1, all above 0. draws: (draws × cells × K) of what is unknown."""

    mix: np.ndarray
    draws: np.ndarray


def predict(model: SmallArea, *, draws: int = 200, seed: int = 0, others: np.ndarray | None = None) -> Prediction:
    """Best linear unbiased predictions of every cell, with members or without, averaged over the plausible variances; and draws of what is
    unknown: variances, slope, dayparts, the effects of shops and of cells. Shares are kept above a hundredth of the members', and sum to
    1. others: (K,) units of the variances of people who are no members, those of members by default."""
    cells, rng = model.cells, np.random.default_rng(seed)
    floor = np.maximum(0.01 * cells.members_mix, 1e-6)

    def shares(raw: np.ndarray) -> np.ndarray:
        kept = np.maximum(raw, floor)
        return kept / kept.sum(1, keepdims=True)

    mix, drawn = np.zeros_like(cells.means), np.empty((draws, *cells.means.shape), np.float32)
    contrasts, design = cells.contrasts, _dayparts(cells)
    chosen = rng.choice(len(model.weights), draws, p=model.weights)
    for number, (weight, pair) in enumerate(zip(model.weights, model.plausible, strict=True)):
        conditional = _Conditional(model, *pair, contrasts=contrasts, design=design)
        mix += weight * shares(conditional.mean(model.served_slope))
        for place in np.flatnonzero(chosen == number):
            drawn[place] = shares(conditional.draw(rng, model.units if others is None else others))
    return Prediction(mix, drawn)


def own_weights(model: SmallArea) -> np.ndarray:
    """(cells,) how much of a cell's prediction is its own direct estimate, 0 to 1; the effects of dayparts and the slope held."""
    found = np.zeros(len(model.cells.people))
    for weight, (stores, each) in zip(model.weights, model.plausible, strict=True):
        covariance = _Covariance(model.cells, stores, each)
        own = each / np.maximum(covariance.noise, 1e-12)
        found[covariance.known] += weight * (own + (1 - own) * covariance.shared[covariance.store] / covariance.noise)
    return found


def _dayparts(cells: Cells) -> np.ndarray:
    """(cells × dayparts with members) indicators; a daypart in which no member was seen is the mean of the others."""
    known = cells.people > 0
    there = np.unique(cells.daypart[known])
    found = np.eye(int(cells.daypart.max(initial=0)) + 1)[cells.daypart][:, there]
    found[found.sum(1) == 0] = found[known].mean(0)
    return found


class _Conditional:
    """The model at one pair of variances."""

    def __init__(self, model: SmallArea, stores: float, each: float, *, contrasts: np.ndarray, design: np.ndarray):
        cells = model.cells
        self.model, self.stores, self.each, self.contrasts, self.design = model, stores, each, contrasts, design
        self.covariance = _Covariance(cells, stores, each)
        self.known, self.direct = self.covariance.known, cells.direct[self.covariance.known]
        self.seen = design[self.known]
        self.solved = self.covariance.solve(self.seen)
        self.inverse = np.linalg.inv(self.seen.T @ self.solved)
        self.root = np.linalg.cholesky(self.inverse + 1e-12 * np.eye(len(self.inverse)))
        self.weight = np.zeros(len(cells.people))  # of a cell's own residual
        self.weight[self.known] = each / np.maximum(self.covariance.noise, 1e-12)

    def mean(self, slope: float) -> np.ndarray:
        """(cells × K) predictions at a slope."""
        dayparts = self._fixed(slope)
        rest = self._rest(slope, dayparts)
        return self._together(slope, dayparts, self._shops(rest), rest)

    def draw(self, rng: np.random.Generator, others: np.ndarray) -> np.ndarray:
        """(cells × K) from what is unknown, the variances given; what was seen there is of a finite crowd. others: see `predict`."""
        model, cells, (units, theirs) = self.model, self.model.cells, np.sqrt([self.model.units, others])
        slope = max(model.slope + model.slope_error * rng.standard_normal(), 0.0) if model.served_slope > 0 else 0.0
        dayparts = self._fixed(slope) + self.root @ rng.standard_normal((len(self.root), len(units))) * units
        rest = self._rest(slope, dayparts)
        shops = self._shops(rest)
        shops = shops + np.sqrt(self.covariance.shared)[:, None] * units * rng.standard_normal(shops.shape)
        found = self._together(slope, dayparts, shops, rest)
        spread = np.maximum(self.each * (1 - self.weight) + cells.unsure, 0)
        found = found + np.sqrt(spread)[:, None] * units * rng.standard_normal(found.shape)
        # who is no member may differ from the members of a shop as shops differ from each other: no data of members say more
        beside = np.sqrt(self.stores) * rng.standard_normal(shops.shape)[cells.store]
        beside = beside + np.sqrt(self.each + 1 / np.maximum(cells.crowd, 1))[:, None] * rng.standard_normal(found.shape)
        return np.asarray(found + beside * theirs)

    def _fixed(self, slope: float) -> np.ndarray:
        return self.inverse @ (self.solved.T @ (self.direct - slope * self.contrasts[self.known]))

    def _rest(self, slope: float, dayparts: np.ndarray) -> np.ndarray:
        return self.direct - slope * self.contrasts[self.known] - self.seen @ dayparts

    def _shops(self, rest: np.ndarray) -> np.ndarray:
        return self.covariance.shared[:, None] * self.covariance.sums(rest)

    def _together(self, slope: float, dayparts: np.ndarray, shops: np.ndarray, rest: np.ndarray) -> np.ndarray:
        found = self.design @ dayparts + slope * self.contrasts + shops[self.model.cells.store]
        found[self.known] += self.weight[self.known, None] * (rest - shops[self.covariance.store])
        return found
