"""Members assigned by profiles that did not know them: what choice of settings, gate and continuity all need.

Belongs here: profiles fitted again without a fold of members, keeping their numbers. Does not belong here: finding profiles (fit.py).
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bmyshop_profiles.statistics.intervals import person_folds
from bmyshop_profiles.statistics.likelihood import item_gain
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.context import Contexts
from bmyshop_profiles.typology.model.profiles import Profiles, Strengths, refine

NOWHERE = -1e9  # score of a profile that nobody is in, in a fold without some members


class Fold(NamedTuple):
    """rows: members of the fold. profiles: fitted without them. numbers: of these profiles in the whole fit; one that only they were in is
    not among them."""

    rows: np.ndarray
    profiles: Profiles
    numbers: np.ndarray


@dataclass(frozen=True)
class Crossed:
    """Members assigned by profiles fitted without them. labels: (members,), as numbered in the whole fit, of so many profiles."""

    labels: np.ndarray
    folds: list[Fold]
    profiles: int
    damping: float

    def scores(self, known: Behaviour) -> np.ndarray:
        """(members × profiles) scores, as `Profiles.scores`, by some of the receipts of the same members."""
        found = np.full((known.members, self.profiles), NOWHERE)
        for fold in self.folds:
            found[np.ix_(fold.rows, fold.numbers)] = fold.profiles.scores(known[fold.rows])
        return found

    def nearest(self, known: Behaviour) -> np.ndarray:
        """(members,) profile by some of the receipts of the same members."""
        found = np.full(known.members, -1)
        for fold in self.folds:
            found[fold.rows] = fold.numbers[fold.profiles.nearest(known[fold.rows], damping=self.damping)]
        return found

    def gain(self, known: Behaviour, others: Behaviour) -> np.ndarray:
        """(members,) nats that the profile says about the other receipts."""
        total = np.zeros(known.members)
        for fold in self.folds:
            nearest = fold.profiles.nearest(known[fold.rows], damping=self.damping)
            total[fold.rows] = item_gain(others.items[fold.rows], fold.profiles.log_ratios, nearest)
        return total


def cross_assign(
    known: Behaviour,
    settled: np.ndarray,
    contexts: Contexts,
    *,
    damping: float,
    strengths: Strengths,
    folds: int = 3,
    seed: int = 0,
) -> Crossed:
    """Each member's profile by those of the others: the profiles `settled` (members,) fitted again without a fold of them."""
    fold, parts = person_folds(known.members, folds=folds, seed=seed), []
    for number in range(folds):
        out, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        profiles = refine(known[rest], settled[rest], contexts, damping=damping, hard_rounds=0, strengths=strengths, seed=seed)
        parts.append(Fold(out, profiles, np.unique(settled[rest][settled[rest] >= 0])))
    found = Crossed(np.full(known.members, -1), parts, int(settled.max(initial=-1)) + 1, damping)
    return replace(found, labels=found.nearest(known))
