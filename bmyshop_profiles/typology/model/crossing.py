"""Members assigned by profiles that did not know them: what choice of settings, gate and continuity all need.

Belongs here: profiles fitted again without a fold of members, keeping their numbers. Does not belong here: finding profiles (fit.py).
"""

from dataclasses import dataclass

import numpy as np

from bmyshop_profiles.statistics.intervals import person_folds
from bmyshop_profiles.statistics.likelihood import item_gain
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.context import Contexts
from bmyshop_profiles.typology.model.profiles import Profiles, Strengths, refine


@dataclass(frozen=True)
class Crossed:
    """Members assigned by profiles fitted without them. labels: (members,), as numbered in the whole fit. folds: rows of each, and the
    profiles of the others."""

    labels: np.ndarray
    folds: list[tuple[np.ndarray, Profiles]]
    damping: float

    def gain(self, known: Behaviour, others: Behaviour) -> np.ndarray:
        """(members,) nats that the profile says about the other receipts."""
        total = np.zeros(known.members)
        for out, profiles in self.folds:
            total[out] = item_gain(others.items[out], profiles.log_ratios, profiles.nearest(known[out], damping=self.damping))
        return total

    def nearest(self, known: Behaviour) -> np.ndarray:
        """(members,) profile by some of the receipts of the same members."""
        found = np.full(known.members, -1)
        for out, profiles in self.folds:
            found[out] = profiles.nearest(known[out], damping=self.damping)
        return found


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
    fold, labels, parts = person_folds(known.members, folds=folds, seed=seed), np.full(known.members, -1), []
    for number in range(folds):
        out, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        profiles = refine(known[rest], settled[rest], contexts, damping=damping, hard_rounds=0, strengths=strengths, seed=seed)
        names = np.unique(settled[rest][settled[rest] >= 0])
        labels[out] = names[profiles.nearest(known[out], damping=damping)]
        parts.append((out, profiles))
    return Crossed(labels, parts, damping)
