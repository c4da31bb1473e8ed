"""Candidate clusters: cores of members that lie close together.

Belongs here: several runs of UMAP and HDBSCAN (`statistics/density.py`) on the coordinates of a space. Does not belong here: what the runs
agree on (consensus.py), who is in a profile (profiles.py).
"""

import numpy as np

from bmyshop_profiles.statistics.density import NOISE, embed, leaves
from bmyshop_profiles.statistics.fits import independent
from bmyshop_profiles.statistics.intervals import rows_drawn

SMALLEST = 15  # members of a core
PARTS = (0.0075, 0.01, 0.015, 0.02)  # of the members, the smallest core; runs take them in turn


def find_cores(
    places: np.ndarray,
    *,
    runs: int = 8,
    most_members: int = 5000,
    parts: tuple[float, ...] = PARTS,
    neighbours: int = 20,
    dimensions: int = 5,
    min_samples: int = 5,
    seed: int = 0,
) -> tuple[list[np.ndarray], str]:
    """Cores among members placed in a space, (members,) labels of each run, and why there are none ("" when there are some).

    places: (members × size) finite floats. runs: each with a seed of its own, a smallest size out of `parts`, and at most `most_members`,
    evenly drawn; the others are in none of its cores. Too few members, members all alike or fewer than two cores give no run and a reason,
    no error. Raises ValueError for coordinates that are not finite or settings below 1.
    """
    places = np.asarray(places, dtype=np.float64)
    if places.ndim != 2:
        raise ValueError(f"places must be (members × size), got shape {places.shape}")
    if not np.isfinite(places).all():
        raise ValueError("places hold values that are not finite: check the counts they were made from")
    if min(runs, neighbours, dimensions, min_samples) < 1:
        raise ValueError("runs, neighbours, dimensions and min_samples must be at least 1")
    members = len(places)
    if reason := no_groups(places, dimensions=dimensions):
        return [], reason

    def computed(run: int) -> np.ndarray:
        rows = rows_drawn(members, most=most_members, seed=[seed, run])
        least = min(max(SMALLEST, int(parts[run % len(parts)] * len(rows))), len(rows) // 2)
        embedded = embed(places[rows], neighbours=neighbours, dimensions=dimensions, seed=seed * 1000 + run)
        labels = np.full(members, NOISE)
        labels[rows] = leaves(embedded, least=least, min_samples=min_samples)
        return labels

    computations = independent(computed, ((run,) for run in range(runs)), members=members)
    found = [labels for labels in computations if labels.max() >= 1]
    return found, "" if found else "members do not fall into two or more cores"


def no_groups(places: np.ndarray, *, dimensions: int = 5) -> str:
    """Why members at these places (members × size) cannot be put into groups; "" when they can."""
    if len(places) < 2 * SMALLEST:
        return f"{len(places)} members are fewer than two groups of {SMALLEST} need"
    return "members are all alike" if len(np.unique(places.round(9), axis=0)) <= dimensions + 1 else ""
