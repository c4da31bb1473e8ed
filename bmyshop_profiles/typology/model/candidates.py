"""Candidates for a typology, and the choice among them: as many profiles as come back on half of the members.

Belongs here: numbers of profiles and rounds, held-out gain and stability of each. Does not belong here: starts (starts.py), the rounds
(profiles.py), members' states (fit.py).

Profiles are found in all receipts. Candidates are numbers of profiles, each after few and after many rounds: on real people few rounds come
back more often, where receipts say little of a person many do. A candidate is scored by the held-out gain on the second halves of members
left out, whose profile the first half says. With half subsets the choice is the largest number of which every profile comes back and
whose gain is within one standard error of the best such candidate; without, the highest gain.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bmyshop_profiles.statistics.fits import independent
from bmyshop_profiles.statistics.intervals import ratio_interval, rows_drawn
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.context import Contexts
from bmyshop_profiles.typology.model.crossing import Crossed, cross_assign
from bmyshop_profiles.typology.model.profiles import DAMPING, Profiles, refine, soften
from bmyshop_profiles.typology.model.stability import best_jaccard, comes_back, lowest
from bmyshop_profiles.typology.model.starts import Starts

ROUNDS = (2, 20)
MOST_HALVED = 4000  # members that half subsets are drawn from, when there are more


@dataclass(frozen=True)
class Choice:
    """A candidate and how it did. number: of profiles asked for; profiles: found. gain, error: nats per item on other receipts of members
    left out, and its standard error by person. jaccard: (half subsets × profiles), see stability.py; no rows where none were drawn."""

    number: int
    rounds: int
    profiles: int
    gain: float
    error: float
    jaccard: np.ndarray

    @property
    def comes_back(self) -> bool:
        """Whether every profile does."""
        return len(self.jaccard) > 0 and all(map(comes_back, self.jaccard.mean(0), lowest(self.jaccard)))


def choose(choices: list[Choice]) -> Choice:
    """The candidate of most profiles of which every one comes back and whose gain is within a standard error of the best such candidate.

    A candidate without gain says less than everybody's shares, however often it comes back. Where none is left, the one with a gain whose
    least stable profile is the most stable; where no half subsets were drawn, the highest gain.
    """
    if not len(choices[0].jaccard):
        return max(choices, key=lambda each: each.gain)
    back = [each for each in choices if each.comes_back and each.gain > 0]
    if not back:
        return max(choices, key=lambda each: (each.gain > 0, each.jaccard.mean(0).min()))
    best = max(back, key=lambda each: each.gain)
    return max((each for each in back if each.gain >= best.gain - best.error), key=lambda each: (each.profiles, each.gain))


def candidates(
    known: Behaviour, starts: Starts, contexts: Contexts, numbers: list[int], *, least_share: float, seed: int
) -> dict[tuple[int, int], Profiles]:
    """Profiles by number and rounds, of at least `least_share` of the members each."""
    found = {}
    few, many = ROUNDS
    for number in numbers:
        profiles = refine(known, starts.labels(number), contexts, damping=DAMPING, rounds=few, hard_rounds=0, seed=seed)
        found[number, few] = _large(known, profiles, contexts, least_share=least_share, seed=seed)
        profiles = soften(known, profiles, damping=DAMPING, rounds=many - few)
        found[number, many] = _large(known, profiles, contexts, least_share=least_share, seed=seed)
    return found


def _large(known: Behaviour, profiles: Profiles, contexts: Contexts, *, least_share: float, seed: int) -> Profiles:
    """The smallest profile below the share goes, and its members elsewhere."""
    while profiles.count > 2:
        labels = profiles.nearest(known, damping=DAMPING)
        sizes = np.bincount(labels, minlength=profiles.count)
        if sizes.min() >= least_share * known.members:
            break
        labels = np.where(labels == sizes.argmin(), -1, labels)
        profiles = refine(known, labels, contexts, damping=DAMPING, hard_rounds=1, seed=seed)
    return profiles


def jaccards(
    known: Behaviour,
    found: dict[tuple[int, int], Profiles],
    starts_of: Callable[[Behaviour], tuple[Starts | None, str, Contexts]],
    *,
    draws: int,
    least_share: float,
    seed: int,
) -> dict[tuple[int, int], np.ndarray]:
    """(half subsets × profiles) Jaccard of the profiles of each candidate with those found on half of the members, in the same way.

    starts_of: what rounds start from among some members, why there is nothing, and their contexts.
    """
    known = known[rows_drawn(known.members, most=MOST_HALVED, seed=seed)]
    labels = {key: profiles.nearest(known, damping=DAMPING) for key, profiles in found.items()}
    numbers = sorted({number for number, _ in found})

    def drawn(draw: int) -> list[np.ndarray]:
        rows = rows_drawn(known.members, most=known.members // 2, seed=[seed, draw])
        half = known[rows]
        starts, _, contexts = starts_of(half)
        if starts is None:
            return [np.zeros(profiles.count) for profiles in found.values()]
        again = candidates(half, starts, contexts, numbers, least_share=least_share, seed=seed)
        return [
            best_jaccard(labels[key][rows], again[key].nearest(half, damping=DAMPING), groups=profiles.count)
            for key, profiles in found.items()
        ]

    each = independent(drawn, ((draw,) for draw in range(draws)), members=known.members)
    return {key: np.array([one[place] for one in each]) for place, key in enumerate(found)}


def crossed(known: Behaviour, profiles: Profiles, *, seed: int) -> Crossed:
    """The members by the same profiles, found without them."""
    settled = profiles.nearest(known, damping=DAMPING)
    return cross_assign(known, settled, profiles.contexts, damping=DAMPING, strengths=profiles.strengths, seed=seed)


def gain_of(known: Behaviour, halves: tuple[Behaviour, Behaviour], profiles: Profiles, *, seed: int) -> tuple[float, float]:
    """Nats per item that a candidate says about the second halves of members left out, and its standard error by person."""
    first, second = halves
    told = ratio_interval(crossed(known, profiles, seed=seed).gain(first, second), second.sizes, level=0.6827)
    return told.value, (told.high - told.low) / 2
