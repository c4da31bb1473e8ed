"""Which profiles exist: cores of members that lie close together.

Belongs here: UMAP, then HDBSCAN `leaf`, on the coordinates of a space. Does not belong here: who is in a profile (likelihood.py decides).

UMAP (McInnes, Healy, Melville 2018) to five dimensions, then HDBSCAN (Campello, Moulavi, Sander 2013) with `leaf` selection: on real
shoppers plain HDBSCAN leaves most people as noise and `eom` collapses to two clusters. Labels depend on the order of rows: the caller
sorts members by key. UMAP and HDBSCAN load numba (seconds), hence they are imported where they are used.
"""

from dataclasses import dataclass

import numpy as np

NO_CORE = -1


@dataclass(frozen=True)
class Cores:
    """labels: (members,) core of each member, −1 = in none. reason: "" or why there are no profiles. min_cluster_size: the rung used."""

    labels: np.ndarray
    reason: str
    min_cluster_size: int

    @property
    def count(self) -> int:
        """Number of cores found."""
        return int(self.labels.max(initial=NO_CORE)) + 1


def size_ladder(members: int, *, smallest: int = 15, step: float = 1.3) -> list[int]:
    """Cluster sizes to try, ascending: from 1 % of the members (at least `smallest`) to half of them, each `step` times the last."""
    sizes, size = [], max(float(smallest), members / 100)
    while size <= members / 2:
        sizes.append(int(size))
        size *= step
    return sizes


def find_cores(
    places: np.ndarray,
    *,
    most_profiles: int = 16,
    ladder: list[int] | None = None,
    neighbours: int = 20,
    dimensions: int = 5,
    min_samples: int = 5,
    most_members: int = 20_000,
    seed: int = 0,
) -> Cores:
    """Cores among members placed in a space, with the smallest cluster size of the ladder that gives at most `most_profiles`.

    places: (members × size) finite floats, rows sorted by member key. ladder: ascending sizes, `size_ladder` by default. Above
    `most_members`, cores are looked for among evenly spaced members; the others get −1 here and their profile by likelihood.
    Cores are numbered by falling size. Too few members, members all alike or fewer than two clusters give no cores and a reason, no error.
    Raises ValueError for coordinates that are not finite or settings below 1.
    """
    places = np.asarray(places, dtype=np.float64)
    if places.ndim != 2:
        raise ValueError(f"places must be (members × size), got shape {places.shape}")
    if not np.isfinite(places).all():
        raise ValueError("places hold values that are not finite: check the counts they were made from")
    if min(most_profiles, neighbours, dimensions, min_samples, most_members) < 1:
        raise ValueError("most_profiles, neighbours, dimensions, min_samples and most_members must be at least 1")
    labels = np.full(len(places), NO_CORE)
    rows = np.arange(len(places))
    if len(rows) > most_members:
        rows = np.linspace(0, len(places) - 1, most_members).astype(int)
    sizes = size_ladder(len(rows)) if ladder is None else [size for size in ladder if size <= len(rows) / 2]
    if not sizes:
        return Cores(labels, f"{len(places)} members are fewer than two clusters need", 0)
    if len(np.unique(places[rows].round(9), axis=0)) <= dimensions + 1:
        return Cores(labels, "members are all alike", 0)
    embedded = _embed(places[rows], neighbours=neighbours, dimensions=dimensions, seed=seed)
    found, size = _smallest_clusters(embedded, sizes=sizes, most_profiles=most_profiles, min_samples=min_samples)
    if found.max(initial=NO_CORE) < 1:
        return Cores(labels, "members do not fall into two or more clusters", size)
    labels[rows] = _by_size(found)
    return Cores(labels, "", size)


def _embed(places: np.ndarray, *, neighbours: int, dimensions: int, seed: int) -> np.ndarray:
    import umap

    neighbours = min(neighbours, len(places) - 1)
    # a spectral start needs more points than dimensions by a margin; tiny groups start at random
    start = "spectral" if len(places) > 4 * dimensions else "random"
    model = umap.UMAP(n_neighbors=neighbours, n_components=dimensions, min_dist=0.0, random_state=seed, n_jobs=1, init=start)
    return np.asarray(model.fit_transform(places), dtype=np.float64)


def _smallest_clusters(embedded: np.ndarray, *, sizes: list[int], most_profiles: int, min_samples: int) -> tuple[np.ndarray, int]:
    import hdbscan

    for size in sizes:
        model = hdbscan.HDBSCAN(min_cluster_size=size, min_samples=min(min_samples, size), cluster_selection_method="leaf")
        found = model.fit(embedded).labels_
        if found.max() < most_profiles:
            return found, size
    return np.full(len(embedded), NO_CORE), sizes[-1]


def _by_size(labels: np.ndarray) -> np.ndarray:
    sizes = np.bincount(labels[labels >= 0])
    rank = np.empty(len(sizes), dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(labels >= 0, rank[labels], NO_CORE)
