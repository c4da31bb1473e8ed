"""Members and their items as matrices, from the monthly facts in the window.

Belongs here: the order of members and items, the two halves. Does not belong here: what is done with the matrices.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.engine.session import Session

ITEMS = """
select member_key, half, item_key, sum(bought_count)::bigint as bought_count
from member_item_months where bought_count > 0 group by all order by member_key, half, item_key
"""
RECEIPTS = """
select member_key, case part when 'half_0' then 0 else 1 end as half, sum(receipts_count)::bigint as receipts_count
from member_months where part <> 'whole' group by all order by member_key, half
"""


@dataclass(frozen=True)
class Members:
    """keys: sorted members of the window. items: sorted items they bought. counts, receipts: by half, (members × items) and (members,)."""

    keys: np.ndarray
    items: np.ndarray
    counts: tuple[csr_matrix, csr_matrix]
    receipts: tuple[np.ndarray, np.ndarray]

    @property
    def whole(self) -> csr_matrix:
        """(members × items) counts over both halves."""
        return csr_matrix(self.counts[0] + self.counts[1])


def read_members(session: Session) -> Members:
    """Members of the window from the views `member_item_months` and `member_months`."""
    bought, receipts = session.frame(ITEMS), session.frame(RECEIPTS)
    keys = np.array(sorted(receipts.member_key.unique()), dtype=object)
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
    """Row of each value among sorted keys, −1 where it is not among them."""
    return pd.Index(keys).get_indexer(pd.Index(values))


def sparse(row_keys: pd.Series, column_keys: pd.Series, values: np.ndarray, *, rows: np.ndarray, columns: np.ndarray) -> csr_matrix:
    """Long values as a (rows × columns) matrix; values whose column is unknown are left out."""
    row, column = positions(row_keys, rows), positions(column_keys, columns)
    known = (row >= 0) & (column >= 0)
    return csr_matrix((values[known], (row[known], column[known])), shape=(len(rows), len(columns)))
