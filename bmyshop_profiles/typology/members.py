"""Members, their items and shops as matrices, from the monthly facts in the window.

Belongs here: the order of members and items, the two halves. Does not belong here: how groups beside the items are counted (groups.py),
what is done with the matrices.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.typology.groups import ALWAYS, FOREVER, SERVED, read_groups
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour

# $since, $until: first and last month that is read; a typology may look back less far than the window. Members come in an order that their
# receipts give: pseudonyms are others under another key, and what draws people or folds must not depend on it.
MEMBERS = """
select member_key from member_months
where part <> 'whole' and month between $since and $until group by member_key order by min(first_receipt_key), member_key
"""
ITEMS = """
select member_key, half, item_key, sum(bought_count)::bigint as bought_count
from member_item_months where bought_count > 0 and month between $since and $until group by all order by member_key, half, item_key
"""
RECEIPTS = """
select member_key, case part when 'half_0' then 0 else 1 end as half, sum(receipts_count)::bigint as receipts_count
from member_months where part <> 'whole' and month between $since and $until group by all order by member_key, half
"""
VISITS = """
select member_key, half, store_key, sum(receipts_count)::bigint as receipts_count
from member_store_months where month between $since and $until group by all order by member_key, half, store_key
"""
STORE_ITEMS = """
select store_key, item_key, sum(bought_count)::bigint as bought_count
from store_item_months where half = 0 and month between $since and $until group by all order by store_key, item_key
"""


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


def read_shopping(
    session: Session, members: Members, *, since: str = ALWAYS, until: str = FOREVER, groups: tuple[str, ...] = SERVED
) -> Shopping:
    """Behaviour of members, from the views `member_months`, `member_store_months` and `store_item_months` too; one shop is no context.

    groups: of behaviour beside the items, names of `GROUPS`.
    """
    visits, sold = (session.frame(sql, {"since": since, "until": until}) for sql in (VISITS, STORE_ITEMS))
    stores = np.array(sorted(visits.store_key.unique()), dtype=object)
    seen = [
        sparse(own.member_key, own.store_key, own.receipts_count.to_numpy(float), rows=members.keys, columns=stores)
        for own in (visits[visits.half == half] for half in (0, 1))
    ]
    beside = read_groups(session, members.keys, groups, since=since, until=until)
    known = len(stores) > 1
    store_items = sparse(sold.store_key, sold.item_key, sold.bought_count.to_numpy(float), rows=stores, columns=members.items)
    first, second, whole = (
        behaviour(items, visits=where if known else None, others={name: pick(*halves) for name, halves in beside.items()})
        for items, where, pick in (
            (members.counts[0], seen[0], lambda half_0, half_1: half_0),
            (members.counts[1], seen[1], lambda half_0, half_1: half_1),
            (members.whole, csr_matrix(seen[0] + seen[1]), lambda half_0, half_1: csr_matrix(half_0 + half_1)),
        )
    )
    return Shopping(first, second, whole, store_items if known else None, stores)


def read_members(session: Session, *, since: str = ALWAYS, until: str = FOREVER) -> Members:
    """Members of the window from the views `member_item_months` and `member_months`. since, until: first and last month
    that are read."""
    known, bought, receipts = (session.frame(sql, {"since": since, "until": until}) for sql in (MEMBERS, ITEMS, RECEIPTS))
    keys = known.member_key.to_numpy(dtype=object)
    items = np.array(sorted(bought.item_key.unique()), dtype=object)
    halves, visits = [], []
    for half in (0, 1):
        own, seen = bought[bought.half == half], receipts[receipts.half == half]
        halves.append(sparse(own.member_key, own.item_key, own.bought_count.to_numpy(float), rows=keys, columns=items))
        count = np.zeros(len(keys), dtype=int)
        count[positions(seen.member_key, keys)] = seen.receipts_count
        visits.append(count)
    return Members(keys, items, (halves[0], halves[1]), (visits[0], visits[1]))


def positions(values: pd.Series, keys: np.ndarray) -> np.ndarray:
    """Row of each value among keys, −1 where it is not among them."""
    return pd.Index(keys).get_indexer(pd.Index(values))


def sparse(row_keys: pd.Series, column_keys: pd.Series, values: np.ndarray, *, rows: np.ndarray, columns: np.ndarray) -> csr_matrix:
    """Long values as a (rows × columns) matrix; values whose column is unknown are left out."""
    row, column = positions(row_keys, rows), positions(column_keys, columns)
    known = (row >= 0) & (column >= 0)
    return csr_matrix((values[known], (row[known], column[known])), shape=(len(rows), len(columns)))
