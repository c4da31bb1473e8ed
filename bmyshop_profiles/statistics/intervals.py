"""Splits by person and intervals by person, shared by every room that measures itself.

Belongs here: who is drawn, who goes into which fold, and how far a figure would move with other people. Does not belong here: any model, or
any figure that only one room knows.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix


class Interval(NamedTuple):
    """A figure with its interval and the number of people behind it."""

    value: float
    low: float
    high: float
    people: int


def person_folds(people: int, *, folds: int, seed: int = 0) -> np.ndarray:
    """Fold of each person: (people,) integers in 0..folds-1, sizes equal to within one, order fixed by `seed`.

    With fewer people than folds some folds are empty. Raises ValueError below two folds.
    """
    if folds < 2:
        raise ValueError(f"a split by person needs at least 2 folds, got {folds}")
    return np.random.default_rng(seed).permutation(np.arange(people) % folds)


def rows_drawn(count: int, *, most: int, seed: int | list[int]) -> np.ndarray:
    """At most so many of `count` rows, (rows,) sorted: all of them, or `most` evenly drawn without replacement."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def sum_by_person(values: np.ndarray, person: np.ndarray, *, people: int) -> np.ndarray:
    """Sum of `values` (rows,) within each person (rows,) → (people,)."""
    return np.bincount(person, weights=values, minlength=people)


def ratio_interval(numerator: np.ndarray, denominator: np.ndarray, *, level: float = 0.9) -> Interval:
    """Σ numerator / Σ denominator over people, with a normal interval that counts people, not receipts.

    numerator, denominator: (people,) sums within each person, for instance nats gained and items bought. Passing the *difference* of two
    methods as numerator gives the paired interval of the difference. People with denominator 0 do not count.
    Spread: infinitesimal jackknife of a ratio (Jaeckel 1972; Efron 1982), no random numbers.
    With fewer than two people the interval is infinite; with none the figure is nan.
    Raises ValueError for shapes that differ or a level outside (0, 1).
    """
    numerator, denominator = np.asarray(numerator, float), np.asarray(denominator, float)
    if numerator.shape != denominator.shape or numerator.ndim != 1:
        raise ValueError(f"numerator and denominator must be one row per person, got {numerator.shape} and {denominator.shape}")
    if not 0 < level < 1:
        raise ValueError(f"the level of an interval lies between 0 and 1, got {level}")
    counted = denominator > 0
    numerator, denominator = numerator[counted], denominator[counted]
    people = len(numerator)
    if people == 0:
        return Interval(float("nan"), float("-inf"), float("inf"), 0)
    value = float(numerator.sum() / denominator.sum())
    if people == 1:
        return Interval(value, float("-inf"), float("inf"), 1)
    influence = numerator - value * denominator
    deviation = float(np.sqrt((influence**2).sum() * people / (people - 1)) / denominator.sum())
    half_width = NormalDist().inv_cdf(0.5 + level / 2) * deviation
    return Interval(value, value - half_width, value + half_width, people)


def ratio_intervals(numerators: csr_matrix, denominator: np.ndarray, *, level: float = 0.9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`ratio_interval` of many figures of the same people at once: value, low, high, (figures,) each.

    numerators: (people × figures), mostly nothing. denominator: (people,).
    """
    counted = denominator > 0
    numerators, denominator = numerators[counted], denominator[counted]
    people, total = len(denominator), denominator.sum()
    if people < 2:
        value = np.asarray(numerators.sum(0)).ravel() / total if people else np.full(numerators.shape[1], np.nan)
        return value, np.full(len(value), -np.inf), np.full(len(value), np.inf)
    value = np.asarray(numerators.sum(0)).ravel() / total
    squares = np.asarray(numerators.multiply(numerators).sum(0)).ravel()
    squares = squares - 2 * value * (numerators.T @ denominator) + value**2 * (denominator**2).sum()
    half_width = NormalDist().inv_cdf(0.5 + level / 2) * np.sqrt(np.maximum(squares, 0) * people / (people - 1)) / total
    return value, value - half_width, value + half_width


def mean_by_receipts(values: np.ndarray, person: np.ndarray, *, level: float = 0.9) -> Interval:
    """Mean of a per-receipt figure (receipts,) with an interval by person (receipts,): receipts of one person move together."""
    person = np.unique(person, return_inverse=True)[1]
    people = int(person.max()) + 1 if len(person) else 0
    return ratio_interval(
        sum_by_person(values, person, people=people), sum_by_person(np.ones(len(person)), person, people=people), level=level
    )
