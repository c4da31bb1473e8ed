"""Members, their items and shops as matrices, from the counts of a window.

Belongs here: the order of members and items, the two halves. Does not belong here: what a group of behaviour is (groups.py), what is done
with the matrices.

Counts are rows of `member_window`: member_key, member_place, half, kind, value_key, things_count. Members come by their place, which their
receipts give: what draws people or folds must not depend on the pseudonym key.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.groups import GROUPS, SERVED
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour


@dataclass(frozen=True)
class Members:
    """keys: members of the window, by their first receipt. items: sorted items they bought. counts, receipts: by half, (members × items)
    and (members,)."""

    keys: np.ndarray
    items: np.ndarray
    counts: tuple[csr_matrix, csr_matrix]
    receipts: tuple[np.ndarray, np.ndarray]

    @property
    def whole(self) -> csr_matrix:
        """(members × items) counts over both halves."""
        return csr_matrix(self.counts[0] + self.counts[1])


class Shopping(NamedTuple):
    """Behaviour of the same members in half 0, in half 1 and in all. store_items: (shops × items) bought there in half 0, or None; stores:
    the shops, sorted."""

    first: Behaviour
    second: Behaviour
    whole: Behaviour
    store_items: csr_matrix | None
    stores: np.ndarray


def shopping(members: Members) -> Shopping:
    """Behaviour from items alone, for members whose shops and moments are not known."""
    first, second = (behaviour(counts) for counts in members.counts)
    return Shopping(first, second, behaviour(members.whole), None, np.empty(0, dtype=object))


def members_of(counts: pd.DataFrame) -> Members:
    """The members of a window and what they bought."""
    places = counts[["member_key", "member_place"]].drop_duplicates().sort_values("member_place")
    keys = places.member_key.to_numpy(dtype=object)
    bought, visits = counts[counts.kind == "item"], counts[counts.kind == "store"]
    items = np.array(sorted(bought.value_key.unique()), dtype=object)
    counted = halves_of(bought, keys, items)
    receipts = [np.bincount(positions(own.member_key, keys), own.things_count, len(keys)).astype(int) for own in in_halves(visits)]
    return Members(keys, items, counted, (receipts[0], receipts[1]))


def shopping_of(
    counts: pd.DataFrame, members: Members, store_items: pd.DataFrame | None = None, *, groups: tuple[str, ...] = SERVED
) -> Shopping:
    """Behaviour of members of a window; one shop is no context.

    store_items: what members bought in each shop in half 0, store_key, item_key, bought_count. groups: of behaviour beside the items,
    names of `GROUPS`; one in which no member has a count (a source that tells no amounts, say) is left out.
    """
    visits = counts[counts.kind == "store"]
    stores = np.array(sorted(visits.value_key.unique()), dtype=object)
    seen, beside = halves_of(visits, members.keys, stores), groups_of(counts, members.keys, groups)
    known = len(stores) > 1
    sold = None
    if known and store_items is not None:
        number = store_items.bought_count.to_numpy(float)
        sold = sparse(store_items.store_key, store_items.item_key, number, rows=stores, columns=members.items)
    first, second, whole = (
        behaviour(items, visits=where if known else None, others={name: pick(*halves) for name, halves in beside.items()})
        for items, where, pick in (
            (members.counts[0], seen[0], lambda half_0, half_1: half_0),
            (members.counts[1], seen[1], lambda half_0, half_1: half_1),
            (members.whole, csr_matrix(seen[0] + seen[1]), lambda half_0, half_1: csr_matrix(half_0 + half_1)),
        )
    )
    return Shopping(first, second, whole, sold, stores)


def groups_of(counts: pd.DataFrame, keys: np.ndarray, names: tuple[str, ...]) -> dict[str, tuple[csr_matrix, csr_matrix]]:
    """Weighted counts (members × columns) of the named groups that somebody has counts of, in half 0 and in half 1; keys: members."""
    found = {}
    for name in names:
        first, second = halves_of(counts[counts.kind == name], keys, np.array(GROUPS[name].columns, dtype=object))
        if first.nnz or second.nnz:
            found[name] = csr_matrix(GROUPS[name].weight * first), csr_matrix(GROUPS[name].weight * second)
    return found


def halves_of(counts: pd.DataFrame, keys: np.ndarray, columns: np.ndarray) -> tuple[csr_matrix, csr_matrix]:
    """Counts of one kind as (members × columns), in half 0 and in half 1."""
    first, second = (
        sparse(own.member_key, own.value_key, own.things_count.to_numpy(float), rows=keys, columns=columns) for own in in_halves(counts)
    )
    return first, second


def in_halves(counts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of half 0 and of half 1."""
    return counts[counts.half == 0], counts[counts.half == 1]


def positions(values: pd.Series, keys: np.ndarray) -> np.ndarray:
    """Row of each value among keys, −1 where it is not among them."""
    return pd.Index(keys).get_indexer(pd.Index(values))


def sparse(row_keys: pd.Series, column_keys: pd.Series, values: np.ndarray, *, rows: np.ndarray, columns: np.ndarray) -> csr_matrix:
    """Long values as a (rows × columns) matrix; values whose column is unknown are left out."""
    row, column = positions(row_keys, rows), positions(column_keys, columns)
    known = (row >= 0) & (column >= 0)
    return csr_matrix((values[known], (row[known], column[known])), shape=(len(rows), len(columns)))
