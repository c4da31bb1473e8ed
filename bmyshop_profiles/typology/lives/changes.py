"""What changed among people, seen by one and the same typology.

Belongs here: members of two windows under one typology. Does not belong here: who is kin (kin.py), finding profiles, matches of two
typologies, ids, events (continuity.py).

Two typologies of nearly the same receipts cut people in different ways; that is no event. So both windows are read with one typology: that
of the later month shows what was born, that of the earlier one what has gone. It is a change of the people, not of the clustering (the
external and internal transitions of MONIC, Spiliopoulou, Ntoutsi, Theodoridis, Schult 2006, compare two clusterings). Kin are pieces of one
profile, between which members go to and fro by chance: they are counted together.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bmyshop_profiles.typology.model.kin import kin

FACTOR, GROWS = 2.5, 1.25  # of the members, later against earlier or the reverse: a birth or an end; a growth or a decline
SURE = 5.0  # standard errors of the difference of those who came and those who left
MOSTLY = 0.5  # of those who came or left, from or to one profile
BORN, GONE = ("appears", "splits"), ("vanishes", "merges")


def kin_by_month(halves: pd.DataFrame) -> dict[str, dict[str, str]]:
    """`kin_keys` of each month. halves: with month."""
    return {str(month): kin_keys(own) for month, own in halves.groupby("month")}


def kin_keys(halves: pd.DataFrame) -> dict[str, str]:
    """For each profile the first of its kin, see `kin`. halves: half_0, half_1: profile of the members who are in one by each half."""
    keys = pd.Index(sorted({*halves.half_0, *halves.half_1}))
    found = kin(keys.get_indexer(halves.half_0), keys.get_indexer(halves.half_1), profiles=len(keys))
    return dict(zip(keys, keys[found], strict=True))


def profile_changes(before: pd.Series, now: pd.Series, kin_of: Mapping[str, str], *, of_now: bool) -> pd.DataFrame:
    """Members of each profile in two windows under one typology, kin counted together, and what happened.

    before, now: profile, "" of the atypical, by member_key, of the members known in each window; those known in both count. kin_of: see
    `kin_keys`. of_now: whether it is the typology of the later window, which knows what was born, or of the earlier one, which knows what
    has gone. Columns: profile_key, kin_key, before_count, now_count, came_count, left_count, from_key, from_share (of those who came, out
    of the profile most came from), to_key, to_share, event: appears, or splits from from_key where those who came are mostly from there;
    vanishes, or merges with to_key; grows, shrinks, survives.
    """
    both = before.index.intersection(now.index)
    index = pd.Index(["", *sorted(set(kin_of.values()))])
    table = np.zeros((len(index), len(index)), dtype=int)
    earlier, later = (index.get_indexer([kin_of.get(key, "") for key in labels.reindex(both)]) for labels in (before, now))
    np.add.at(table, (earlier, later), 1)
    rows = []
    for profile, group in sorted(kin_of.items()):
        own = index.get_loc(group)
        came, left = table[:, own].copy(), table[own].copy()
        came[own] = left[own] = 0
        source, goal = int(came.argmax()), int(left.argmax())
        row = {
            "profile_key": profile,
            "kin_key": group,
            "before_count": int(table[own].sum()),
            "now_count": int(table[:, own].sum()),
            "came_count": int(came.sum()),
            "left_count": int(left.sum()),
            "from_key": index[source],
            "from_share": came[source] / max(came.sum(), 1),
            "to_key": index[goal],
            "to_share": left[goal] / max(left.sum(), 1),
        }
        rows.append({**row, "event": _event(row, of_now=of_now)})
    return pd.DataFrame(rows)


def _event(row: Mapping[str, Any], *, of_now: bool) -> str:
    before, now, net = row["before_count"], row["now_count"], row["came_count"] - row["left_count"]
    if abs(net) <= SURE * np.sqrt(row["came_count"] + row["left_count"]):
        return "survives"
    if of_now and now >= FACTOR * before:
        return "splits" if row["from_key"] and row["from_share"] >= MOSTLY else "appears"
    if not of_now and before >= FACTOR * now:
        return "merges" if row["to_key"] and row["to_share"] >= MOSTLY else "vanishes"
    return "grows" if now >= GROWS * before else "shrinks" if before >= GROWS * now else "survives"
