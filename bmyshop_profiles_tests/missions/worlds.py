"""Receipts whose missions are known."""

import numpy as np
from scipy.sparse import csr_matrix

ARTICLES = 30


def planted(receipts: int = 3000, *, missions: int = 4, apart: float = 0.95, seed: int = 0) -> tuple[csr_matrix, np.ndarray]:
    """(receipts × articles) 0/1 and the mission of each: two or three articles, mostly of the mission's own six."""
    rng = np.random.default_rng(seed)
    mission = rng.choice(missions, receipts, p=np.arange(missions, 0, -1) / np.arange(missions, 0, -1).sum())
    rows, columns = [], []
    for number, own in enumerate(mission):
        size = rng.integers(2, 4)
        near = rng.choice(np.arange(6) + 6 * own, size, replace=False)
        far = rng.choice(ARTICLES, size, replace=False)
        chosen = np.unique(np.where(rng.random(size) < apart, near, far))
        rows += [number] * len(chosen)
        columns += chosen.tolist()
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(receipts, ARTICLES)), mission
