"""Are the profiles natural groups, or pieces of a continuum that could as well be cut elsewhere?

Belongs here: people without clusters who are otherwise like the real ones, and how much a typology gains on them. Does not belong here:
what a typology is worth (held_out_gain.py), whether one profile may be published (gate.py).

A parametric bootstrap, as for testing homogeneity against clusters (Hennig, Lin 2015; for cells Grabski, Street, Irizarry 2023): a model
without clusters keeps all that is not clusters, the same typology is fitted to people drawn from it, and only a gain above those is called
natural. Kept are: how many items each person bought in each half, where they shop and what is sold there; the covariance of tastes, as far
as it is told from noise; that people come back to their own items; that purchases come in bursts. A person's tastes are normal log-ratios
to what is sold: along the axes of the covariance, and for each item alone.

The covariance is read across halves: their noise is independent, so that it drops out of the products of one half's residuals with the
other's. What is told from noise: eigenvalues above the size of the most negative one, which nothing but noise can make. Axes, own items
and bursts are such that people drawn show what the real ones show (by stochastic approximation, Robbins, Monro 1951). That is not all that
they could show: habits and assortments are discrete, and on simulated people without clusters the real gain is 0.4 to 1.3 times
that of the model, 1.05 on average. Hence the margin beside the level.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.fits import independent
from bmyshop_profiles.statistics.likelihood import everybody_shares
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.context import Contexts, fit_contexts, no_shops
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.space import fit_space, residuals, spread

LEVEL = 0.95  # of the fits without clusters, below the gain
LEAST_DRAWS = round(1 / (1 - LEVEL)) - 1  # that a statement of this level needs
MARGIN = 1.3  # gain over the mean gain without clusters: no model of a continuum is exact, and with many people any departure is certain
MOST_MEMBERS = 1500  # drawn for the verdict when there are more
MOST_AXES = 40
PAIRS_AT_ONCE = 2000
LEAST_SOLD = 1.0  # purchases of everybody's added to those in a shop
SHRINKAGE = 300.0  # purchases added to those that tell an item's log-ratio along an axis
LARGEST_STEP = 0.3  # of log-ratios and of their variances, in a round of calibration
FIRST_STEP, FIRST_OWN = 0.5, 0.3
ROUNDS, FREE_ROUNDS = 16, 8  # of calibration; the first ones move freely, the others ever less

Halves = tuple[Behaviour, Behaviour]


@dataclass(frozen=True)
class Continuum:
    """People without clusters. base: (items,) log-ratios of everybody, to what shops sell. axes: (items × axes) log-ratios of one standard
    deviation. own: variance of the log-ratios that a person has for one item alone. burst: intraclass correlation of a half's
    shares around the person's; 0: none. visits: (people × shops) of each half, adding up to the items bought. most: of one item in a
    half."""

    base: np.ndarray
    axes: np.ndarray
    own: float
    burst: float
    visits: tuple[csr_matrix, csr_matrix]
    sold: np.ndarray
    most: float

    def draw(self, *seed: int) -> Halves:
        """Behaviour of as many people, in two halves, in the shops where the real ones were."""
        rng = np.random.default_rng(seed)
        people, (items, axes) = self.visits[0].shape[0], self.axes.shape
        tastes = rng.normal(size=(people, axes)) @ self.axes.T
        tastes += self.base + rng.normal(size=(people, items)) * np.sqrt(self.own)
        ratios = np.exp(tastes - tastes.max(1, keepdims=True))
        first, second = (self._half(rng, ratios, visits) for visits in self.visits)
        return first, second

    def _half(self, rng: np.random.Generator, ratios: np.ndarray, visits: csr_matrix) -> Behaviour:
        served = _served(visits, ratios, self.sold)
        weights = np.maximum(np.asarray(served @ self.sold) * ratios, 1e-300)
        shares = _dirichlet(rng, weights / weights.sum(1, keepdims=True), self.burst)
        bought = rng.multinomial(np.asarray(visits.sum(1)).ravel().round().astype(int), shares).clip(max=self.most)
        return behaviour(csr_matrix(bought, dtype=float), visits=visits)


@dataclass(frozen=True)
class Natural:
    """gain: of the typology, nats per item on other receipts of people left out. null: (draws,) gains of typologies of people without
    clusters. people: measured on. axes: of the covariance, told from noise."""

    gain: float
    null: np.ndarray
    people: int
    axes: int

    @property
    def below(self) -> float:
        """Share of the fits without clusters that gain less."""
        return float((self.null < self.gain).mean()) if len(self.null) else float("nan")

    @property
    def verdict(self) -> str:
        """natural; not_shown: no more than a continuum of the same covariance gives; not_enough_draws: for a statement of this level."""
        if len(self.null) < LEAST_DRAWS:
            return "not_enough_draws"
        is_above = (self.null >= self.gain).sum() + 1 <= (1 - LEVEL) * (len(self.null) + 1) + 1e-9
        return "natural" if is_above and self.gain >= MARGIN * self.null.mean() else "not_shown"


def natural(
    first: Behaviour,
    second: Behaviour,
    *,
    typology: Callable[[], Typology],
    store_items: csr_matrix | None = None,
    draws: int,
    seed: int = 0,
) -> Natural:
    """Compare the gain of a typology with its gains on people without clusters.

    first, second: behaviour of the two halves of the same people; items and shops are used, other groups are not. typology: makes the
    estimator, unfitted: the same for all. store_items: as in `Typology.fit`. Both sides are measured alike, by the gain of the candidate
    chosen, in folds by person.
    """
    first, second = (behaviour(half.items, visits=half.visits) for half in (first, second))

    def gain_of(halves: Halves) -> float:
        sold = None if store_items is None else _again(halves[0], store_items)
        model = typology().fit(halves[0], other=halves[1], store_items=sold)
        return float(model.chosen_.gain) if model.profiles_.count > 1 else 0.0

    if draws == 0:
        return Natural(float("nan"), np.zeros(0), first.members, 0)
    gain = gain_of((first, second))
    if gain <= 0:  # nothing that could be natural, nor be compared
        return Natural(gain, np.full(draws, np.inf), first.members, 0)
    model = fit_continuum(first, second, store_items=store_items, seed=seed)
    null = np.array(independent(lambda draw: gain_of(model.draw(seed, 1, draw)), ((draw,) for draw in range(draws)), members=first.members))
    return Natural(gain, null, first.members, model.axes.shape[1])


def _served(visits: csr_matrix, ratios: np.ndarray, sold: np.ndarray) -> csr_matrix:
    """Visits (people × shops) over what each shop has of the person's taste: as many items in each shop, whatever it sells."""
    where = visits.tocoo()
    found = np.empty(where.nnz)
    for start in range(0, where.nnz, PAIRS_AT_ONCE):  # pairs of a person and a shop, who are far fewer than people × shops
        pairs = slice(start, start + PAIRS_AT_ONCE)
        found[pairs] = where.data[pairs] / np.einsum("ij,ij->i", ratios[where.row[pairs]], sold[where.col[pairs]])
    return csr_matrix((found, (where.row, where.col)), shape=visits.shape)


def _sharp(store_items: csr_matrix, everybody: np.ndarray) -> np.ndarray:
    """(shops × items) shares, not shrunk: what a typology leaves of shops in its profiles, it must leave on both sides."""
    return np.asarray((store_items.toarray() + LEAST_SOLD * everybody) / (np.asarray(store_items.sum(1)) + LEAST_SOLD))


def _again(half: Behaviour, store_items: csr_matrix) -> csr_matrix:
    """(shops × items) that these people bought in each shop, their items parted among the shops they visit by what these sell."""
    sold = _sharp(store_items, everybody_shares(half.items))
    parted = half.items.multiply(1 / np.asarray(half.visits @ sold)).tocsr()
    return csr_matrix((half.visits.T @ parted).multiply(sold))


def fit_continuum(first: Behaviour, second: Behaviour, *, store_items: csr_matrix | None = None, seed: int = 0) -> Continuum:
    """The model without clusters of the two halves of people's behaviour."""
    everybody = everybody_shares(first.items)
    contexts = no_shops(everybody) if store_items is None else fit_contexts(store_items, everybody)
    sold = everybody[None] if store_items is None else _sharp(store_items, everybody)
    if store_items is None:
        first, second = behaviour(first.items), behaviour(second.items)
    measures = _Measures(first, second, contexts)
    wanted, items = measures.of(first, second), len(everybody)
    none, most = np.zeros((items, wanted.common.shape[1])), float(max(first.items.max(), second.items.max()))
    model = Continuum(np.zeros(items), none, FIRST_OWN, 0.0, (first.visits, second.visits), sold, most)
    model = measures.nearer(model, wanted, replace(wanted, common=np.zeros_like(wanted.common)), FIRST_STEP)
    for number in range(ROUNDS):
        step = FIRST_STEP if number < FREE_ROUNDS else 1.0 / (number - FREE_ROUNDS + 1 + 1 / FIRST_STEP)
        model = measures.nearer(model, wanted, measures.of(*model.draw(seed, 0, number)), step)
    return model


@dataclass(frozen=True)
class _Seen:
    """What people drawn must show as well. bought: (items,) by all. Means over people of products of residuals: common: (space's items ×
    axes) of an item in one half with a direction in the other; own: of all items with themselves in the other half; within: in the same
    half, beyond that."""

    bought: np.ndarray
    common: np.ndarray
    own: float
    within: float


class _Measures:
    """How tastes show in the residuals of two halves. Directions: those of the covariance across halves, told from noise."""

    def __init__(self, first: Behaviour, second: Behaviour, contexts: Contexts) -> None:
        self.visits = first.visits if contexts.count > 1 else None
        self.space = fit_space(first.items, visits=self.visits, contexts=contexts, size=1)
        one, two = self._residuals(first), self._residuals(second)
        products = one.T @ two / len(one)
        values, vectors = eigh((products + products.T) / 2)
        kept = np.flatnonzero(values > max(-values[0], 1e-9))[::-1][:MOST_AXES]
        self.directions, self.lengths = vectors[:, kept], np.sqrt(values[kept])
        expected = [contexts.expected(half.visits)[:, self.space.items] for half in (first, second)]
        spreads = [spread(each) for each in expected]
        # what a log-ratio of 1 adds to a residual, and a burst of 1 to the squares
        self.shown = np.maximum(sum((each / wide).mean(0) for each, wide in zip(expected, spreads, strict=True)) / 2, 1e-9)
        self.per_burst = sum(
            float((each * (half.sizes[:, None] - 1) / wide**2).sum(1).mean())
            for each, half, wide in zip(expected, (first, second), spreads, strict=True)
        )
        bought = np.asarray((first.items + second.items).sum(0)).ravel()[self.space.items]
        self.trust = bought / (bought + SHRINKAGE)

    def of(self, first: Behaviour, second: Behaviour) -> _Seen:
        """What is seen of people."""
        one, two = self._residuals(first), self._residuals(second)
        common = (one.T @ (two @ self.directions) + two.T @ (one @ self.directions)) / (2 * len(one))
        squares = float((one**2).sum() + (two**2).sum()) / len(one)
        own = float((one * two).sum()) / len(one)
        return _Seen(np.asarray((first.items + second.items).sum(0)).ravel(), common, own, squares - 2 * own)

    def nearer(self, model: Continuum, wanted: _Seen, drawn: _Seen, step: float) -> Continuum:
        """The model after one step towards what is wanted, from what was drawn from it."""
        axes, items = model.axes.copy(), self.space.items
        axes[items] += _bounded(step * (wanted.common - drawn.common) / self.lengths * (self.trust / self.shown)[:, None])
        along = [(self.directions * seen.common).sum(0) for seen in (wanted, drawn)]
        axes *= _growth(*along) ** (step / 2)
        own = model.own * _growth(*(seen.own - each.sum() for seen, each in zip((wanted, drawn), along, strict=True))) ** step
        base = model.base + _bounded(step * np.log((wanted.bought + SHRINKAGE) / (drawn.bought + SHRINKAGE)))
        burst = model.burst + step * (wanted.within - drawn.within) / self.per_burst
        return replace(model, base=base, axes=axes, own=float(own), burst=min(max(burst, 0.0), 0.5))

    def _residuals(self, half: Behaviour) -> np.ndarray:
        """(people × the space's items), their mean taken out."""
        found = residuals(half.items, self.space, visits=None if self.visits is None else half.visits).astype(float)
        return found - found.mean(0)


def _growth(wanted: np.ndarray | float, drawn: np.ndarray | float) -> np.ndarray:
    return np.clip(np.maximum(wanted, 1e-12) / np.maximum(drawn, 1e-12), 0.5, 2.0)


def _bounded(change: np.ndarray) -> np.ndarray:
    return np.clip(change, -LARGEST_STEP, LARGEST_STEP)


def _dirichlet(rng: np.random.Generator, shares: np.ndarray, correlation: float) -> np.ndarray:
    """(rows × items) Dirichlet around shares (rows × items), of an intraclass correlation."""
    if correlation <= 0:
        return shares
    drawn = rng.standard_gamma((1 / correlation - 1) * shares) + 1e-300
    return np.asarray(drawn / drawn.sum(1, keepdims=True))
