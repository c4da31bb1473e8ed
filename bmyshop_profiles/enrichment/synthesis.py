"""Answers that members might give to a question that was never asked.

Belongs here: what answers can lean with, drawing them, how faithful a draw is to what was declared. Does not belong here: what is
declared (`variables.py`), what answers are worth (`gain.py`, `sold.py`).

The probability of an answer is its share × exp(strength × Σ lean × driver), scaled so that the shares over all members are those declared.
A driver is what a member is like: by how much the share of a category in the member's purchases differs from everybody's, the age, the
place. Members of one profile differ in it too: answers lean with more than the profile. Only half 0 of the receipts is read: what answers
are worth is measured on half 1, so that a synthetic answer can be worth less than it was meant to be, and nothing of its worth holds by
construction.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.sparse import csr_matrix
from scipy.special import expit, softmax

from bmyshop_profiles.enrichment.gain import UNKNOWN
from bmyshop_profiles.enrichment.variables import ANSWERS, BUYS, Variable

ITEMS_ADDED = 10.0  # of everybody's, to a member's, before shares of categories are compared
FURTHEST = 3.0  # standard deviations that a driver counts at most
ROUNDS = 100  # of bringing shares to those declared


@dataclass(frozen=True)
class Drawn:
    """answers: (members,) code, or UNKNOWN. told: (members,) what those who do not answer would have said too. probabilities: (members ×
    answers). missing: drivers that are not known here, which say nothing."""

    answers: np.ndarray
    told: np.ndarray
    probabilities: np.ndarray
    missing: tuple[str, ...]


def drivers_of(bought: csr_matrix, categories: np.ndarray, receipts: np.ndarray, facts: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per member, one column per driver: mean 0, standard deviation 1, at most 3 from 0; 0 where nothing is known.

    bought: (members × items) of half 0. categories: (items,) category, or None. receipts: (members,) of half 0. facts: further drivers,
    members in rows.
    """
    found = {"receipts": np.log1p(np.asarray(receipts, dtype=float))}
    sizes = np.asarray(bought.sum(1)).ravel()
    for name in sorted({name for name in categories if isinstance(name, str)}):
        own = np.asarray(bought[:, np.flatnonzero(categories == name)].sum(1)).ravel()
        found[f"{BUYS}{name}"] = (own - sizes * own.sum() / max(sizes.sum(), 1.0)) / (sizes + ITEMS_ADDED)
    frame = pd.DataFrame(found)
    if facts is not None:
        frame = frame.join(facts.reset_index(drop=True))
    return standardised(frame)


def standardised(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of mean 0 and standard deviation 1, at most 3 from 0; 0 where nothing is known."""
    centred = frame - frame.mean()
    return (centred / centred.std(ddof=0).replace(0, np.nan)).fillna(0.0).clip(-FURTHEST, FURTHEST)


def draw_all(variables: list[Variable], drivers: pd.DataFrame, *, seed: int = 0) -> list[Drawn]:
    """Answers of all members to several questions; one may lean with the place of the answer to an earlier one (answers.NAME)."""
    found, known = [], drivers
    for number, variable in enumerate(variables):
        found.append(draw(variable, known, seed=seed + number))
        told = standardised(pd.DataFrame({f"{ANSWERS}{variable.name}": found[-1].told}))
        known = known.join(told)
    return found


def draw(variable: Variable, drivers: pd.DataFrame, *, seed: int = 0) -> Drawn:
    """Answers of all members. drivers: as of `drivers_of`."""
    rng, members = np.random.default_rng(seed), len(drivers)
    probabilities = answer_probabilities(variable, drivers)
    told = (probabilities.cumsum(1) < rng.random((members, 1))).sum(1).clip(max=probabilities.shape[1] - 1)
    answers = np.where(rng.random(members) < answering_probabilities(variable, drivers, told), told, UNKNOWN)
    missing = tuple(name for name in variable.leans if name not in drivers.columns)
    return Drawn(answers, told, probabilities, missing)


def answer_probabilities(variable: Variable, drivers: pd.DataFrame) -> np.ndarray:
    """(members × answers), rows add up to 1, columns on average to the declared shares."""
    score = np.zeros((len(drivers), len(variable.answers)))
    for name, leans in variable.leans.items():
        if name in drivers.columns:
            score += variable.strength * np.outer(drivers[name].to_numpy(), leans)
    shares = np.maximum(variable.shares, 1e-12)
    level, found = np.log(shares), np.tile(shares, (len(drivers), 1))
    for _ in range(ROUNDS if len(drivers) else 0):
        found = softmax(score + level, axis=1)
        level = level + np.log(shares) - np.log(found.mean(0))
    return (1 - variable.noise) * found + variable.noise * shares


def answering_probabilities(variable: Variable, drivers: pd.DataFrame, told: np.ndarray) -> np.ndarray:
    """(members,) probability of answering, on average the declared share. told: (members,) what they would say."""
    if variable.answered in (0.0, 1.0) or len(told) == 0:
        return np.full(len(told), variable.answered)
    score = variable.answering.receipts * drivers["receipts"].to_numpy()
    if variable.answering.answers:
        score = score + np.array(variable.answering.answers)[told]
    level = brentq(lambda level: float(expit(score + level).mean()) - variable.answered, -50, 50)
    return np.asarray(expit(score + level))


def fidelity(variable: Variable, drawn: Drawn, drivers: pd.DataFrame) -> pd.DataFrame:
    """figure, answer, declared, drawn: shares of answers of all members and of those who answer; the share who answer; and the mean of
    each driver among those of an answer, expected and drawn."""
    answered = drawn.answers >= 0
    rows: list[tuple[str, str, float, float]] = [("answered", "", variable.answered, float(answered.mean()) if len(answered) else 0.0)]
    for code, (answer, share) in enumerate(zip(variable.answers, variable.shares, strict=True)):
        own = drawn.told == code
        rows.append(("share", answer, float(share), float(own.mean()) if len(own) else 0.0))
        rows.append(("share of those who answer", answer, float(share), float(own[answered].mean()) if answered.any() else 0.0))
        weight = drawn.probabilities[:, code]
        for name in variable.leans:
            if name in drivers.columns and own.any():
                values = drivers[name].to_numpy()
                rows.append((f"mean of {name}", answer, float(weight @ values / weight.sum()), float(values[own].mean())))
    return pd.DataFrame(rows, columns=["figure", "answer", "declared", "drawn"])


def tie(first: Drawn, second: Drawn) -> tuple[float, float]:
    """Cramér's V of two questions, the second drawn after the first: as its probabilities let expect, and as drawn."""
    told, answered = (np.eye(each.probabilities.shape[1])[each.told] / np.sqrt(max(len(each.told), 1)) for each in (first, second))
    return _cramer(told.T @ second.probabilities / np.sqrt(max(len(first.told), 1))), _cramer(told.T @ answered)


def _cramer(shares: np.ndarray) -> float:
    """shares: (answers × answers) of a table, adding up to 1."""
    expected = np.outer(shares.sum(1), shares.sum(0))
    squares = float(((shares - expected) ** 2 / np.maximum(expected, 1e-12)).sum())
    return float(np.sqrt(squares / (min(shares.shape) - 1)))
