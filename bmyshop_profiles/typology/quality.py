"""The table that says whether a typology is about people: held-out gain beside k-means of equal size and shuffled receipts."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.evaluation.intervals import Interval
from bmyshop_profiles.typology.held_out_gain import HeldOut, held_out_gain, kmeans_method, shuffled_owner, typology_method
from bmyshop_profiles.typology.members import Members, positions, sparse


def typology_quality(
    members: Members, receipt_items: pd.DataFrame, *, label_receipts: int, most_profiles: int, folds: int, profiles: int, seed: int
) -> pd.DataFrame:
    """`typology_quality`. receipt_items: receipt_key, member_key, item_key; profiles: number found in the month (0: nothing to measure)."""
    enough = np.flatnonzero((members.receipts[0] >= label_receipts) & (members.receipts[1] >= label_receipts))
    if profiles < 2 or len(enough) < 10 * folds:
        return pd.DataFrame()
    first, second = (half[enough] for half in members.counts)
    typology = typology_method(most_profiles=most_profiles, seed=seed)
    ours = held_out_gain(first, second, method=typology, folds=folds, seed=seed)
    size = max(2, round(float(np.mean(ours.profiles))))
    rival = held_out_gain(first, second, method=kmeans_method(clusters=size, seed=seed), folds=folds, seed=seed)
    shuffled = held_out_gain(*_shuffled_halves(members, enough, receipt_items, seed=seed), method=typology, folds=folds, seed=seed)
    rows = [
        _row("held_out_gain", ours.per_item(), ours),
        _row("kmeans", rival.per_item(), rival),
        _row("above_kmeans", ours.above(rival), ours),
        _row("shuffled", shuffled.per_item(), shuffled),
    ]
    return pd.DataFrame(rows)


def _row(measure: str, interval: Interval, of: HeldOut) -> dict[str, object]:
    return {
        "measure": measure,
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "people_count": interval.people,
        "mean_profiles": float(np.mean(of.profiles)),
    }


def _shuffled_halves(members: Members, enough: np.ndarray, receipt_items: pd.DataFrame, *, seed: int) -> tuple[csr_matrix, csr_matrix]:
    """The two halves of the same members after whole receipts changed hands; everybody keeps the number of receipts of each half."""
    keys = members.keys[enough]
    receipts = receipt_items[["receipt_key", "member_key", "half"]].drop_duplicates().sort_values("receipt_key", ignore_index=True)
    receipts = receipts[positions(receipts.member_key, keys) >= 0].reset_index(drop=True)
    moved = shuffled_owner(receipts.member_key.to_numpy(dtype=object), within=receipts.half.to_numpy(), seed=seed)
    owner = pd.Series(moved, index=receipts.receipt_key)
    own = receipt_items[receipt_items.receipt_key.isin(receipts.receipt_key)]
    halves = []
    for half in (0, 1):
        of_half = own[own.half == half]
        ones = np.ones(len(of_half))
        halves.append(sparse(owner.loc[of_half.receipt_key], of_half.item_key, ones, rows=keys, columns=members.items))
    return halves[0], halves[1]
