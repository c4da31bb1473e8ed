"""Are the profiles natural groups, or pieces of a continuum that could as well be cut elsewhere?

Belongs here: people without clusters who are otherwise like the real ones, and how much a typology gains on them. Does not belong here: what
a typology is worth (held_out_gain.py), whether one profile may be published (gate.py).

A parametric bootstrap, as for testing homogeneity against clusters (Hennig, Lin 2015; for cells Grabski, Street, Irizarry 2023): a model
without clusters keeps all that is not clusters, the same typology is fitted to people drawn from it, and only a gain above those is called
natural. Kept are: everybody's shares; how many items each person bought in each half; the covariance of tastes, as far as it is
told from noise; that people come back to their own items; and that a half's purchases come in bursts. Tastes are log-ratios to everybody,
normal along the axes of the covariance; a person's own shares are Dirichlet around them, the same in both halves; those of a half Dirichlet
around these.

The covariance is read across halves: their noise is independent, so that it drops out of the products of one half's residuals with the
other's. What is told from noise: eigenvalues above the size of the most negative one, which nothing but noise can make. Strengths of the
axes, of own items and of bursts are such that people drawn show what the real ones show (by stochastic approximation, Robbins, Monro 1951),
so that neither shrinkage nor clipping nor the logarithm makes the model poorer in signal than the people.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.behaviour import behaviour
from bmyshop_profiles.typology.fit import Typology
from bmyshop_profiles.typology.likelihood import everybody_shares
from bmyshop_profiles.typology.space import Space, fit_space, residuals, spread

LEVEL = 0.95  # of the fits without clusters, below the gain
MOST_AXES = 40
SHRINKAGE = 100.0  # purchases added to those that tell an item's log-ratio along an axis
ROUNDS, FREE_ROUNDS = 14, 6  # of calibration; the first ones move freely, the others ever less

Halves = tuple[csr_matrix, csr_matrix]


@dataclass(frozen=True)
class Continuum:
    """People without clusters. everybody: (items,) shares. axes: (items × axes) log-ratios of one standard deviation. own, burst: intraclass
    correlation of a person's shares around the tastes, and of a half's around the person's; 0: none. sizes: (people,) items bought in each
    half."""

    everybody: np.ndarray
    axes: np.ndarray
    own: float
    burst: float
    sizes: tuple[np.ndarray, np.ndarray]
    most: float

    def draw(self, *seed: int) -> Halves:
        """Two halves of as many people, (people × items) counts."""
        rng = np.random.default_rng(seed)
        tilt = rng.normal(size=(len(self.sizes[0]), self.axes.shape[1])) @ self.axes.T
        weights = self.everybody * np.exp(tilt - tilt.max(1, keepdims=True, initial=0))
        shares = _dirichlet(rng, weights / weights.sum(1, keepdims=True), self.own)
        first, second = (rng.multinomial(each.astype(int), _dirichlet(rng, shares, self.burst)) for each in self.sizes)
        return csr_matrix(np.minimum(first, self.most), dtype=float), csr_matrix(np.minimum(second, self.most), dtype=float)


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
        if len(self.null) + 1 < round(1 / (1 - LEVEL)):
            return "not_enough_draws"
        return "natural" if (self.null >= self.gain).sum() + 1 <= (1 - LEVEL) * (len(self.null) + 1) + 1e-9 else "not_shown"


def natural(first: csr_matrix, second: csr_matrix, *, typology: Callable[[], Typology], draws: int, seed: int = 0) -> Natural:
    """Compare the gain of a typology with its gains on people without clusters.

    first, second: (people × items) counts of the two halves of the same people. typology: makes the estimator, unfitted: the same for all.
    Both sides are measured alike, on items alone, by the gain of the candidate chosen, in folds by person.
    """
    gain = chosen_gain(first, second, typology)
    if gain <= 0 or draws == 0:
        return Natural(gain, np.zeros(0), first.shape[0], 0)
    model = fit_continuum(first, second, seed=seed)
    null = np.array([chosen_gain(*model.draw(seed, 1, draw), typology) for draw in range(draws)])
    return Natural(gain, null, first.shape[0], model.axes.shape[1])


def chosen_gain(first: csr_matrix, second: csr_matrix, typology: Callable[[], Typology]) -> float:
    """Nats per item of the candidate that a fit chose; 0 where there are no profiles."""
    model = typology().fit(behaviour(first), other=behaviour(second))
    return float(model.chosen_.gain) if model.profiles_.count > 1 else 0.0


def fit_continuum(first: csr_matrix, second: csr_matrix, *, seed: int = 0) -> Continuum:
    """The model without clusters of people's two halves, (people × items) counts."""
    first, second = csr_matrix(first, dtype=float), csr_matrix(second, dtype=float)
    sizes = _sizes(first), _sizes(second)
    measures = _Measures(fit_space(first, size=1), sizes)
    wanted, directions = measures.first_of(first, second)
    everybody = everybody_shares(csr_matrix(first + second))
    model = Continuum(everybody, _log_ratios((first, second), measures, directions, everybody), 0.0, 0.0, sizes, max(first.max(), second.max()))
    for number in range(ROUNDS):
        step = 1.0 if number < FREE_ROUNDS else 1.0 / (number - FREE_ROUNDS + 2)
        model = _nearer(model, wanted, measures.of(*model.draw(seed, 0, number), directions), measures, step)
    return model


@dataclass(frozen=True)
class _Seen:
    """What people drawn must show as well, means over people. across: (axes,) products of the halves' residuals along the axes; own: what
    the halves have in common beyond them; within: squares of the halves' residuals beyond what they have in common."""

    across: np.ndarray
    own: float
    within: float


class _Measures:
    """Residuals of two halves, and what they are expected to grow by with own tastes and bursts."""

    def __init__(self, space: Space, sizes: tuple[np.ndarray, np.ndarray]) -> None:
        self.space = space
        expected = [each[:, None] * space.shares[0] for each in sizes]
        spreads = [spread(each) for each in expected]
        self.per_own = float((expected[0] * sizes[1][:, None] / (spreads[0] * spreads[1])).sum(1).mean())
        self.per_burst = sum(
            float((each * (size[:, None] - 1) / wide**2).sum(1).mean()) for each, size, wide in zip(expected, sizes, spreads, strict=True)
        )

    def first_of(self, first: csr_matrix, second: csr_matrix) -> tuple[_Seen, np.ndarray]:
        """What is seen of people, and the (space's items × axes) directions told from noise."""
        one, two = self.residuals(first), self.residuals(second)
        products = one.T @ two / len(one)
        values, vectors = eigh((products + products.T) / 2)
        kept = np.flatnonzero(values > max(-values[0], 1e-9))[::-1][:MOST_AXES]
        return self.of(first, second, vectors[:, kept]), vectors[:, kept]

    def of(self, first: csr_matrix, second: csr_matrix, directions: np.ndarray) -> _Seen:
        """What is seen of people, along directions."""
        one, two = self.residuals(first), self.residuals(second)
        across = ((one @ directions) * (two @ directions)).mean(0)
        common = float((one * two).sum() / len(one))
        squares = float((one**2).sum() + (two**2).sum()) / len(one)
        return _Seen(across, common - float(across.sum()), squares - 2 * common)

    def residuals(self, counts: csr_matrix) -> np.ndarray:
        """(people × the space's items), their mean taken out."""
        found = residuals(counts, self.space).astype(float)
        return found - found.mean(0)


def _log_ratios(halves: Halves, measures: _Measures, directions: np.ndarray, everybody: np.ndarray) -> np.ndarray:
    """(items × axes) log-ratio of each item for a standard deviation along each axis: what is bought in one half beyond everybody's, by
    people's places in the other."""
    sizes = [np.maximum(_sizes(half), 1.0)[:, None] for half in halves]
    places = [measures.residuals(half) @ directions / np.sqrt(size) for half, size in zip(halves, sizes, strict=True)]
    signal = np.maximum((places[0] * places[1]).mean(0), 1e-9)
    known = sum(half.T @ place - np.outer(everybody, size.T @ place) for half, place, size in zip(halves, places[::-1], sizes, strict=True))
    told = signal * sum(float(size.sum()) for size in sizes)  # were places known without noise
    return np.asarray(known / told * np.sqrt(signal) / (everybody + SHRINKAGE / sum(float(size.sum()) for size in sizes))[:, None])


def _nearer(model: Continuum, wanted: _Seen, drawn: _Seen, measures: _Measures, step: float) -> Continuum:
    """The model after one step towards what is wanted, from what was drawn from it."""
    ratio = np.clip(wanted.across / np.maximum(drawn.across, 1e-12), 0.25, 4.0)
    own = model.own + step * (wanted.own - drawn.own) / measures.per_own
    burst = model.burst + step * (wanted.within - drawn.within) / measures.per_burst
    return replace(model, axes=model.axes * ratio ** (step / 2), own=min(max(own, 0.0), 0.5), burst=min(max(burst, 0.0), 0.5))


def _dirichlet(rng: np.random.Generator, shares: np.ndarray, correlation: float) -> np.ndarray:
    """(rows × items) Dirichlet around shares (rows × items), of an intraclass correlation."""
    if correlation <= 0:
        return shares
    drawn = rng.standard_gamma((1 / correlation - 1) * shares) + 1e-300
    return np.asarray(drawn / drawn.sum(1, keepdims=True))


def _sizes(counts: csr_matrix) -> np.ndarray:
    return np.asarray(counts.sum(1)).ravel()
