"""Profiles from month to month: who came from where, what happened, and one stable id for each.

Belongs here: matches of two months, ids and names along the months, events. Does not belong here: finding profiles, kin and changes
(changes.py).

Two months are matched by the members they share (MONIC: Spiliopoulou, Ntoutsi, Theodoridis, Schult 2006). A profile survives where its kin
and another's are each other's best match. Matches look one and two months back: a profile that was not found in one month keeps its id.
Events are told by how many people are in a profile under one typology, not by how two typologies cut them. Ids are read along the matches,
by the reader; no month waits for another's ids.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.months import month_plus
from bmyshop_profiles.typology.changes import RECENT

SURVIVES = 0.25  # Jaccard of a best match below which it is another profile
MOSTLY, PART = 0.5, 0.2  # of a profile's members
GROWS, SHRINKS = 1.25, 0.8  # share of the members, against the month before
FACTOR = 2.5  # of the members, between two windows under one typology, for a birth or an end
SURE = 5.0  # standard errors of the difference of those who came and those who left


def match(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """How the profiles of two months go together.

    before, now: member_key, profile_key, kin_key of members in a profile. Kin (profiles that halves of the same people do not tell apart,
    see `changes.kin`) are matched together: how they are cut changes by chance. Columns: previous_key, profile_key, members_count (in
    both), kept_share (of the members of previous_key in some profile now), from_share (of those of profile_key in some before), jaccard,
    is_kin (their kin are each other's best match, above SURVIVES), is_same (and of these, the one that lives on as the other), event, of
    the kin. A profile that goes or comes has a row of its own with the other key empty.
    """
    columns = ["previous_key", "profile_key", "members_count", "kept_share", "from_share", "jaccard", "is_kin", "is_same", "event"]
    both = before.merge(now, on="member_key", suffixes=("_before", ""))
    olds, old_kin = _kin_of(before)
    news, new_kin = _kin_of(now)
    count = _crossed(both.profile_key_before, both.profile_key, olds, news)
    kept, came, jaccard = _overlaps(count)
    kins, new_kins = np.unique(old_kin), np.unique(new_kin)
    together = _crossed(both.kin_key_before, both.kin_key, kins, new_kins)
    kin_kept, kin_came, kin_jaccard = _overlaps(together)
    alike = _mutual_best(kin_jaccard)
    splits = (kin_came >= MOSTLY) & (kin_kept >= PART)
    splits &= splits.sum(1, keepdims=True) >= 2
    merges = (kin_kept >= MOSTLY) & (kin_came >= PART)
    merges &= merges.sum(0, keepdims=True) >= 2
    ratio = _shares(now, new_kins)[None] / np.maximum(_shares(before, kins)[:, None], 1e-12)
    event = np.where(ratio >= GROWS, "grows", np.where(ratio <= SHRINKS, "shrinks", "survives"))
    event = np.where(splits, "splits", np.where(merges, "merges", np.where(alike, event, "exchanges")))
    wide = np.ix_(np.searchsorted(kins, old_kin), np.searchsorted(new_kins, new_kin))
    is_kin, event, going = alike[wide], event[wide], (alike | splits | merges)[wide]
    same = _one_to_one(np.where(is_kin, count, 0))
    rows = [
        (old, new, int(count[i, j]), kept[i, j], came[i, j], jaccard[i, j], bool(is_kin[i, j]), bool(same[i, j]), event[i, j])
        for i, old in enumerate(olds)
        for j, new in enumerate(news)
        if count[i, j] and (is_kin[i, j] or max(kept[i, j], came[i, j]) >= PART)
    ]
    rows += [(old, None, 0, 0.0, 0.0, 0.0, False, False, "vanishes") for i, old in enumerate(olds) if not going[i].any()]
    rows += [(None, new, 0, 0.0, 0.0, 0.0, False, False, "appears") for j, new in enumerate(news) if not going[:, j].any()]
    return pd.DataFrame(rows, columns=columns)


def _kin_of(members: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Profiles, sorted, and the kin of each."""
    found = members.drop_duplicates("profile_key").sort_values("profile_key")
    return found.profile_key.to_numpy(dtype=str), found.kin_key.to_numpy(dtype=str)


def _crossed(olds: pd.Series, news: pd.Series, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    count = np.zeros((len(rows), len(columns)))
    np.add.at(count, (pd.Index(rows).get_indexer(olds), pd.Index(columns).get_indexer(news)), 1)
    return count


def _overlaps(count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of each row, share of each column, and Jaccard."""
    sizes, others = count.sum(1, keepdims=True), count.sum(0, keepdims=True)
    return count / np.maximum(sizes, 1), count / np.maximum(others, 1), count / np.maximum(sizes + others - count, 1)


def _one_to_one(count: np.ndarray) -> np.ndarray:
    """Pairs that hold most members in all, each row and column in one at most."""
    found = np.zeros(count.shape, dtype=bool)
    found[linear_sum_assignment(count, maximize=True)] = True
    return found & (count > 0)


def _mutual_best(jaccard: np.ndarray) -> np.ndarray:
    if jaccard.size == 0:
        return np.zeros(jaccard.shape, dtype=bool)
    best = (jaccard == jaccard.max(1, keepdims=True)) & (jaccard == jaccard.max(0, keepdims=True)) & (jaccard >= SURVIVES)
    # two that are equally good: the first
    return best & (np.cumsum(best, 0) == 1) & (np.cumsum(best, 1) == 1)


def _shares(members: pd.DataFrame, kins: np.ndarray) -> np.ndarray:
    return members.kin_key.value_counts(normalize=True).reindex(kins).to_numpy()


def cluster_matches(clusters: pd.DataFrame, month: str, earlier: list[str]) -> pd.DataFrame:
    """`cluster_matches` of a month. clusters: month, member_key, profile_key, kin_key of members in a profile. earlier: before it, last
    first."""
    found = []
    now = clusters[clusters.month == month]
    for lag, other in enumerate(earlier, start=1):
        before = clusters[clusters.month == other]
        if len(before) and len(now):
            found.append(match(before, now).assign(months_back=lag, previous_month=other))
    if not found:
        return pd.DataFrame()
    pairs = pd.concat(found, ignore_index=True)
    return pairs.assign(pair=pairs.previous_key.fillna("") + ">" + pairs.profile_key.fillna(""))


def profile_lives(matches: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    """month, profile_key, profile_id of every profile of every month.

    matches: `cluster_matches` of all months, with month. profiles: month, profile_key. The id is that of the same profile one month back,
    or two where it was missing for a month; among kin the oldest id goes to the largest; else a new one, made of the month and key it is
    first seen under.
    """
    ids: dict[tuple[str, str], str] = {}
    kin = matches[matches.is_kin.astype(bool)] if len(matches) else matches
    for month, own in profiles.sort_values(["month", "profile_key"]).groupby("month", sort=True):
        known = [
            (row.months_back, ids[str(row.previous_month), str(row.previous_key)], str(row.profile_key))
            for row in kin[kin.month == month].itertuples()
            if (str(row.previous_month), str(row.previous_key)) in ids
        ]
        taken: set[str] = set()
        for _, old, key in sorted(known):  # ids begin with their first month, and profiles are numbered by falling size
            if old not in taken and (month, key) not in ids:
                ids[str(month), key] = old
                taken.add(old)
        for key in own.profile_key:
            ids.setdefault((str(month), str(key)), f"{month}-{key}")
    return pd.DataFrame([(month, key, found) for (month, key), found in ids.items()], columns=["month", "profile_key", "profile_id"])


def named_profiles(matches: pd.DataFrame, profiles: pd.DataFrame, chosen: Mapping[str, str]) -> pd.DataFrame:
    """profiles with profile_id, and with the name that stays: the one chosen for the id, else the one of its first month.

    profiles: `profiles` of all months, with month. chosen: name by profile_id, see `read_names`. Within a month a name that would occur
    twice gets the key behind it.
    """
    if profiles.empty:
        return profiles.assign(profile_id=pd.Series(dtype=object))
    named = profiles.merge(profile_lives(matches, profiles[["month", "profile_key"]]), on=["month", "profile_key"])
    named = named.sort_values(["month", "profile_key"], ignore_index=True)
    first = named.drop_duplicates("profile_id").set_index("profile_id").profile_name
    names = [chosen.get(known, first[known]) for known in named.profile_id]
    named["profile_name"] = names
    twice = named.duplicated(["month", "profile_name"])
    named.loc[twice, "profile_name"] += " (" + named.profile_key[twice] + ")"
    return named


def read_names(path: Path) -> dict[str, str]:
    """Names that people gave, by profile_id, from a TOML file of lines `"2025-01-p03" = "presse du matin"`; none without the file.

    Raises BmyshopError when the file is no such list.
    """
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BmyshopError(f"{path}: not valid TOML: {error}") from None
    for key, name in found.items():
        if not isinstance(name, str) or not name.strip():
            raise BmyshopError(f'{path}: {key}: a name is a text; write "{key}" = "presse du matin"')
    return found


def profile_events(changes: pd.DataFrame, lives: pd.DataFrame) -> pd.DataFrame:
    """month, event, profile_id, other_id of births, ends, splits and mergers, each told once, in the month in which it is sure.

    changes: `profile_changes` of all months, with month. lives: see `profile_lives`. Born is a profile that, under the typology of the
    month, has FACTOR times as many members as in the earlier window; gone is one that, under the typology of then, has FACTOR times fewer,
    and had lived RECENT months: what people look like while they change from one profile to another is no profile. Those who came mostly
    from one other profile split from it; those who left mostly to one other merged with it. profile_id: the one born, gone, split or merged
    with; other_id: the part split off, or the profile merged into it.
    """
    columns = ["month", "event", "profile_id", "other_id"]
    if changes.empty:
        return pd.DataFrame(columns=columns)
    known = {(row.month, row.profile_key): row.profile_id for row in lives.itertuples()}
    first = lives.groupby("profile_id").month.min()
    told: set[tuple[bool, str]] = set()
    rows = []
    for (month, typology, _), own in changes.groupby(["month", "typology_month", "kin_key"], sort=True):
        ids = sorted({known[typology, key] for key in own.profile_key if (typology, key) in known})
        row, born = own.iloc[0], typology == month
        more, fewer = (row.now_count, row.before_count) if born else (row.before_count, row.now_count)
        net = (row.came_count - row.left_count) if born else (row.left_count - row.came_count)
        if not ids or more < FACTOR * fewer or net <= SURE * np.sqrt(row.came_count + row.left_count):
            continue
        if not born and first[ids].min() > month_plus(str(typology), 1 - RECENT):
            continue
        if not told & {(born, each) for each in ids}:
            partner, share = (row.from_key, row.from_share) if born else (row.to_key, row.to_share)
            partners = changes[(changes.month == month) & (changes.typology_month == typology) & (changes.kin_key == partner)]
            others = sorted(known[typology, key] for key in partners.profile_key if (typology, key) in known)
            if others and share >= MOSTLY:
                rows.append((month, "splits" if born else "merges", others[0], ids[0]))
            else:
                rows.append((month, "appears" if born else "vanishes", ids[0], ""))
        told |= {(born, each) for each in ids}
    return pd.DataFrame(rows, columns=columns)
