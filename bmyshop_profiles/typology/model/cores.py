"""Candidate clusters: cores of members that lie close together.

Belongs here: UMAP, then HDBSCAN `leaf`, on the coordinates of a space, in several runs. Does not belong here: what the runs agree on
(consensus.py), who is in a profile (profiles.py).

UMAP (McInnes, Healy, Melville 2018) to five dimensions, then HDBSCAN (Campello, Moulavi, Sander 2013; McInnes, Healy 2017) with `leaf`
selection: on real shoppers plain HDBSCAN leaves most people as noise and `eom` collapses to two clusters. Labels depend on the order of
rows: the caller brings them into one that depends on the members only. UMAP and HDBSCAN load numba (seconds), hence they are imported where
they are used.
"""

import warnings

import numpy as np

from bmyshop_profiles.statistics.fits import independent
from bmyshop_profiles.statistics.intervals import rows_drawn

NO_CORE = -1
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
    if members < 2 * SMALLEST:
        return [], f"{members} members are fewer than two cores of {SMALLEST} need"
    if len(np.unique(places.round(9), axis=0)) <= dimensions + 1:
        return [], "members are all alike"

    def computed(run: int) -> np.ndarray:
        rows = rows_drawn(members, most=most_members, seed=[seed, run])
        least = min(max(SMALLEST, int(parts[run % len(parts)] * len(rows))), len(rows) // 2)
        embedded = embed(places[rows], neighbours=neighbours, dimensions=dimensions, seed=seed * 1000 + run)
        labels = np.full(members, NO_CORE)
        labels[rows] = cluster(embedded, least_members=least, min_samples=min_samples)
        return labels

    computations = independent(computed, ((run,) for run in range(runs)), members=members)
    found = [labels for labels in computations if labels.max() >= 1]
    return found, "" if found else "members do not fall into two or more cores"


def embed(places: np.ndarray, *, neighbours: int = 20, dimensions: int = 5, seed: int = 0) -> np.ndarray:
    """(members × dimensions) UMAP of places (members × size).

    Neighbours are exact, from a tree: UMAP's own way compares all pairs one by one in Python below 4,096 points, and is approximate above.
    """
    import umap
    from sklearn.neighbors import NearestNeighbors

    neighbours = min(neighbours, len(places) - 1)
    distances, nearest = NearestNeighbors(n_neighbors=neighbours).fit(places).kneighbors(places)
    # a spectral start needs more points than dimensions by a margin; tiny groups start at random
    start = "spectral" if len(places) > 4 * dimensions else "random"
    model = umap.UMAP(
        n_neighbors=neighbours,
        n_components=dimensions,
        min_dist=0.0,
        n_epochs=200,
        random_state=seed,
        n_jobs=1,
        init=start,
        precomputed_knn=(nearest, distances),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a fixed seed means one thread, given neighbours mean no transform: both wanted
        return np.asarray(model.fit_transform(places), dtype=np.float64)


def cluster(embedded: np.ndarray, *, least_members: int, min_samples: int = 5) -> np.ndarray:
    """(members,) HDBSCAN leaves of embedded members, numbered by falling size; −1 = in none."""
    import hdbscan

    model = hdbscan.HDBSCAN(min_cluster_size=least_members, min_samples=min(min_samples, least_members), cluster_selection_method="leaf")
    labels = model.fit(embedded).labels_
    sizes = np.bincount(labels[labels >= 0])
    rank = np.empty(len(sizes), dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(labels >= 0, rank[labels] if len(sizes) else NO_CORE, NO_CORE)
