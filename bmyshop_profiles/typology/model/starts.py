"""Where the rounds of a typology start: groups of members in the space, proposed by k-means, by density or by both.

Belongs here: the choice between the ways. Does not belong here: cores (cores.py), what several runs agree on (consensus.py), the rounds
(profiles.py).
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.consensus import agreed_starts
from bmyshop_profiles.typology.model.context import Contexts
from bmyshop_profiles.typology.model.cores import find_cores, no_groups

Proposals = Literal["kmeans", "density", "both"]


class Starts(Protocol):
    """Groups of members, as many as are asked for."""

    @property
    def most(self) -> int:
        """Groups that can be asked for."""
        ...

    def labels(self, groups: int) -> np.ndarray:
        """(members,) group in which each begins, of at most so many."""
        ...


@dataclass(frozen=True)
class KMeansStarts:
    """k-means of the places (members × size), for each number of groups anew."""

    places: np.ndarray
    most: int
    seed: int

    def labels(self, groups: int) -> np.ndarray:
        """(members,) group of each."""
        return kmeans(self.places, groups, restarts=10, seed=self.seed)


def kmeans(places: np.ndarray, groups: int, *, restarts: int, seed: int) -> np.ndarray:
    """(members,) k-means group of each place, the best of some restarts."""
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(min(groups, len(places)), n_init=restarts, random_state=seed).fit(places).labels_)


def find_starts(
    known: Behaviour, places: np.ndarray, contexts: Contexts, *, proposals: Proposals, most: int, runs: int, damping: float, seed: int
) -> tuple[Starts | None, str]:
    """Starts of at most `most` groups, or None and why there are none.

    places: (members × size) of `known`. density: what `runs` runs of HDBSCAN agree on; both: half of the runs are k-means. Fewer members
    than two groups need, members all alike, or (density) fewer than two cores give none, no error.
    """
    if reason := no_groups(places):
        return None, reason
    if proposals == "kmeans":
        return KMeansStarts(places, most, seed), ""
    by_density = runs if proposals == "density" else (runs + 1) // 2
    found, reason = find_cores(places, runs=by_density, seed=seed)
    found += [kmeans(places, most, restarts=1, seed=seed * 1000 + run) for run in range(runs - by_density)]
    if not found:
        return None, reason
    return agreed_starts(known, found, contexts, most=most, damping=damping, seed=seed), ""
