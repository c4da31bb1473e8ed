"""The space members are clustered in: PCA of shrunk Pearson residuals of their items.

Belongs here: from (members × items) counts to a few coordinates per member, and to classes of items. Does not belong here: clusters,
labels, demographics.

A residual is (count − expected) / spread, expected = the member's items × everybody's share of the item (where shops are known, its share
in the shops the member visits, so that profiles are not types of shop), spread² = expected + expected²/10 + 0.1: the Pearson residual of
a negative binomial (Lause, Berens, Kobak 2021) without their scaling, and with 0.1 added so that one purchase of a rare item is no
outlier: what little is known of a member with few receipts stays near 0. Residuals are dense even where counts are sparse, so they are
never held whole: rows are read in blocks and only the (items × items) sums of products are kept. Above `most_items` items, those bought by
most members are used. 100,000 members × 2,000 items need about 100 MB.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.model.context import Contexts

OVERDISPERSION = 10.0
SPREAD_FLOOR = 0.1
RESIDUAL_LIMIT = 8.0


@dataclass(frozen=True)
class Space:
    """A fitted space: the items used (indices), their shares in each shop or, in one row, everywhere, the mean residual and the
    (items × size) axes."""

    items: np.ndarray
    shares: np.ndarray
    mean: np.ndarray
    axes: np.ndarray
    cap: float
    block_rows: int


def fit_space(
    counts: csr_matrix,
    *,
    visits: csr_matrix | None = None,
    contexts: Contexts | None = None,
    size: int = 10,
    cap: float = 5,
    most_items: int = 2000,
    block_rows: int = 2048,
) -> Space:
    """Fit the space on members' item counts.

    counts: (members × items) non-negative sparse counts, capped here at `cap` per item. visits (members × shops) and contexts: where they
    shop and what is bought there; without them everybody's shares are expected. size: coordinates wanted; fewer are given when members or
    items are fewer. Deterministic: exact eigenvectors, signs fixed. Raises ValueError for no items, negative counts or size < 1.
    """
    if size < 1:
        raise ValueError(f"a space needs at least one coordinate, got size={size}")
    counts = _capped(counts, cap)
    if counts.shape[1] == 0:
        raise ValueError("there are no items to place members by")
    buyers = np.bincount(counts.indices, minlength=counts.shape[1])
    items = np.sort(np.argsort(-buyers, kind="stable")[:most_items])
    if visits is None or contexts is None:
        totals = np.asarray(counts.sum(0)).ravel() + 0.5
        shares = (totals / totals.sum())[None, items]
    else:
        shares = contexts.shares[:, items]
    products, mean = np.zeros((len(items), len(items))), np.zeros(len(items))
    for block in _residual_blocks(counts, visits, items, shares, block_rows):
        products += block.T @ block
        mean += block.sum(0, dtype=float)
    members = max(counts.shape[0], 1)
    mean /= members
    covariance = products / members - np.outer(mean, mean)
    size = min(size, len(items), members)
    axes = eigh(covariance, subset_by_index=(len(items) - size, len(items) - 1))[1][:, ::-1]
    axes *= np.where(axes[np.abs(axes).argmax(0), np.arange(size)] < 0, -1.0, 1.0)  # eigenvectors have no sign of their own
    return Space(items, shares, mean, axes, cap, block_rows)


def place(counts: csr_matrix, space: Space, *, visits: csr_matrix | None = None) -> np.ndarray:
    """Coordinates of members, (members × size), each row of length one: what matters is what they buy, not how much.

    counts: (members × items) with the same items, in the same order, as the space was fitted on; visits: (members × shops) likewise. A
    member without items is at the point of the average residual. Raises ValueError when the items differ in number.
    """
    counts = _capped(counts, space.cap)
    if len(space.items) and counts.shape[1] <= space.items.max():
        raise ValueError(f"the space knows item number {space.items.max()}, the counts have only {counts.shape[1]} items")
    blocks = [(block - space.mean) @ space.axes for block in _residual_blocks(counts, visits, space.items, space.shares, space.block_rows)]
    places = np.vstack(blocks) if blocks else np.zeros((0, space.axes.shape[1]))
    return places / (np.linalg.norm(places, axis=1, keepdims=True) + 1e-9)


def item_classes(space: Space, *, items: int, classes: int = 60, seed: int = 0) -> np.ndarray:
    """(items × classes) 1 where the item is of the class: k-means of the directions of its coordinates, so that items that the same people
    buy go together.

    items: number of all items; those the space does not use are one class. Items fewer than two a class are not told apart: one class.
    """
    from sklearn.cluster import KMeans

    found = np.zeros(items, dtype=int)
    classes = min(classes, len(space.items) // 2)
    if classes >= 2:
        directions = space.axes / (np.linalg.norm(space.axes, axis=1, keepdims=True) + 1e-9)
        found[space.items] = 1 + KMeans(classes, n_init=2, random_state=seed).fit(directions).labels_
    used, numbers = np.unique(found, return_inverse=True)
    return np.eye(len(used))[numbers]


def residuals(counts: csr_matrix, space: Space, *, visits: csr_matrix | None = None) -> np.ndarray:
    """(members × the space's items) residuals of counts, as `place` reads them; all of them in memory, hence for samples of members."""
    blocks = list(_residual_blocks(_capped(counts, space.cap), visits, space.items, space.shares, space.block_rows))
    return np.vstack(blocks) if blocks else np.zeros((0, len(space.items)), dtype=np.float32)


def spread(expected: np.ndarray) -> np.ndarray:
    """Standard deviation by which a residual is measured, of expected counts."""
    return np.asarray(np.sqrt(expected + expected**2 / OVERDISPERSION + SPREAD_FLOOR))


def _capped(counts: csr_matrix, cap: float) -> csr_matrix:
    counts = csr_matrix(counts, dtype=np.float64, copy=True)
    counts.sum_duplicates()
    counts.eliminate_zeros()
    if counts.nnz and counts.data.min() < 0:
        raise ValueError("item counts must not be negative: leave refunds out before counting")
    counts.data = counts.data.clip(max=cap)
    return counts


def _residual_blocks(
    counts: csr_matrix, visits: csr_matrix | None, items: np.ndarray, shares: np.ndarray, block_rows: int
) -> Iterator[np.ndarray]:
    totals = np.asarray(counts.sum(1)).reshape(-1, 1)
    chosen = counts[:, items]
    for start in range(0, counts.shape[0], block_rows):
        rows = slice(start, start + block_rows)
        if len(shares) == 1 or visits is None:
            expected = (totals[rows] * shares[0]).astype(np.float32)
        else:
            seen = np.asarray(visits[rows].sum(1)).reshape(-1, 1)
            expected = ((visits[rows] @ shares) * (totals[rows] / np.maximum(seen, 1e-12))).astype(np.float32)
        found = chosen[rows].toarray().astype(np.float32) - expected
        found /= spread(expected)
        yield np.clip(found, -RESIDUAL_LIMIT, RESIDUAL_LIMIT, out=found)
