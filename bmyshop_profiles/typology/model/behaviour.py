"""What is known of how members behave, as columns that a profile can explain.

Belongs here: the columns, in groups, and the shops behind the items. Does not belong here: where the counts come from (members.py), what is
made of them.

The first group is the items bought. The other groups are other questions asked of the same receipts, each with its own distribution, when
they are made or how large they are, say (groups.py). A profile is a distribution per group, and their log-likelihoods add up.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, hstack


@dataclass(frozen=True)
class Behaviour:
    """Members in rows. items: (members × items) bought. visits: (members × shops), rows add up to the items; one column without shops.

    others: name of a group → (members × its columns) counts.
    """

    items: csr_matrix
    visits: csr_matrix
    others: dict[str, csr_matrix] = field(default_factory=dict)

    @property
    def members(self) -> int:
        """Number of rows."""
        return int(self.items.shape[0])

    @property
    def sizes(self) -> np.ndarray:
        """(members,) items bought."""
        return np.asarray(self.items.sum(1)).ravel()

    @cached_property
    def counts(self) -> csr_matrix:
        """(members × columns) all groups side by side, items first."""
        return csr_matrix(hstack([self.items, *self.others.values()])) if self.others else self.items

    @property
    def groups(self) -> list[slice]:
        """Columns of each group."""
        ends = np.cumsum([self.items.shape[1], *(group.shape[1] for group in self.others.values())]).tolist()
        return [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]

    def __getitem__(self, rows: np.ndarray) -> "Behaviour":
        return Behaviour(self.items[rows], self.visits[rows], {name: group[rows] for name, group in self.others.items()})


def behaviour(items: csr_matrix, *, visits: csr_matrix | None = None, others: dict[str, csr_matrix] | None = None) -> Behaviour:
    """Behaviour from counts; visits (members × shops), in any unit, are scaled so that each member's add up to the items.

    Raises ValueError for counts below zero, or groups of different members.
    """
    items = csr_matrix(items, dtype=np.float64)
    others = {name: csr_matrix(group, dtype=np.float64) for name, group in (others or {}).items()}
    for name, group in {"items": items, **({} if visits is None else {"visits": visits}), **others}.items():
        if group.shape[0] != items.shape[0]:
            raise ValueError(f"{group.shape[0]} members have {name}, {items.shape[0]} have items")
        if group.nnz and group.data.min() < 0:
            raise ValueError(f"{name} must not be negative: leave refunds out before counting")
    sizes = np.asarray(items.sum(1)).reshape(-1, 1)
    if visits is None:
        return Behaviour(items, csr_matrix(sizes), others)
    seen = np.asarray(visits.sum(1)).reshape(-1, 1)
    scaled = csr_matrix(csr_matrix(visits, dtype=np.float64).multiply(sizes / np.maximum(seen, 1e-12)))
    return Behaviour(items, scaled, others)


def together(first: Behaviour, second: Behaviour) -> Behaviour:
    """Behaviour of the same members in both."""
    others = {name: csr_matrix(group + second.others[name]) for name, group in first.others.items()}
    return Behaviour(csr_matrix(first.items + second.items), csr_matrix(first.visits + second.visits), others)


def order_by_content(members: Behaviour, other: Behaviour | None = None) -> np.ndarray:
    """An order of rows (members,) that depends on what the rows hold, not on where they stand: by a digest of items and shops, then of the
    other groups. So cores, which are found among items, stay the same whatever else is known."""
    halves = [members] if other is None else [members, other]
    bought = _digests(members.members, [matrix for half in halves for matrix in (half.items, half.visits)])
    beside = _digests(members.members, [matrix for half in halves for matrix in half.others.values()])
    return np.lexsort((beside, bought))


def _digests(rows: int, matrices: list[csr_matrix]) -> np.ndarray:
    """(rows,) a digest of each row of some matrices, equal for equal rows."""
    digests = []
    for matrix in matrices:
        matrix.sort_indices()
    for row in range(rows):
        digest = hashlib.md5(usedforsecurity=False)
        for matrix in matrices:
            cells = slice(matrix.indptr[row], matrix.indptr[row + 1])
            digest.update(matrix.indices[cells].astype(np.int64).tobytes())
            digest.update(matrix.data[cells].round(9).tobytes())
        digests.append(digest.hexdigest())
    return np.array(digests, dtype="S32")
