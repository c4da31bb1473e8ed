"""Density: UMAP, then the leaves of HDBSCAN.

Belongs here: points in, labels out. Does not belong here: what the points are, what becomes of the leaves.

UMAP (McInnes, Healy, Melville 2018) to five dimensions, then HDBSCAN (Campello, Moulavi, Sander 2013; McInnes, Healy 2017) with `leaf`
selection: on real shoppers plain HDBSCAN leaves most people as noise and `eom` collapses to two clusters. Labels depend on the order of
rows: the caller brings them into one that depends on what they are only. UMAP and HDBSCAN load numba (seconds), hence they are imported
where they are used.
"""

import contextlib
import functools
import sys
import warnings
from typing import Any

import numpy as np

NOISE = -1


def embed(places: np.ndarray, *, neighbours: int = 20, dimensions: int = 5, seed: int = 0) -> np.ndarray:
    """(points × dimensions) UMAP of places (points × size).

    Neighbours are exact, from a tree: UMAP's own way compares all pairs one by one in Python below 4,096 points, and is approximate above.
    """
    from sklearn.neighbors import NearestNeighbors

    neighbours = min(neighbours, len(places) - 1)
    distances, nearest = NearestNeighbors(n_neighbors=neighbours).fit(places).kneighbors(places)
    # a spectral start needs more points than dimensions by a margin; tiny groups start at random
    start = "spectral" if len(places) > 4 * dimensions else "random"
    model = _umap().UMAP(
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


def leaves(embedded: np.ndarray, *, least: int, min_samples: int = 5) -> np.ndarray:
    """(points,) HDBSCAN leaves of at least so many embedded points, numbered by falling size; −1 = in none."""
    import hdbscan

    model = hdbscan.HDBSCAN(min_cluster_size=least, min_samples=min(min_samples, least), cluster_selection_method="leaf")
    labels = model.fit(embedded).labels_
    sizes = np.bincount(labels[labels >= 0])
    rank = np.empty(len(sizes), dtype=int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.where(labels >= 0, rank[labels] if len(sizes) else NOISE, NOISE)


@functools.cache
def _umap() -> Any:
    """UMAP, of which numba keeps what it compiles where it keeps pynndescent's: else each process compiles the same for ten seconds."""
    import umap

    for name, module in list(sys.modules.items()):
        for each in list(vars(module).values()) if name.startswith("umap.") else []:
            if hasattr(each, "enable_caching") and each.py_func.__module__ == name:
                with contextlib.suppress(RuntimeError):  # there is no place to write: compiled anew in each process
                    each.enable_caching()
    return umap
