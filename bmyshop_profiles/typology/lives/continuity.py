"""Profiles from month to month: who came from where, what happened, and one stable id for each.

Belongs here: matches of two months, ids and names along the months, events. Does not belong here: finding profiles, kin and changes
(changes.py).

Two months are matched by the members they share (MONIC: Spiliopoulou, Ntoutsi, Theodoridis, Schult 2006). A profile survives where its kin
and another's are each other's best match. Matches look some months back: a profile that was not found for a while keeps its id.
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
from bmyshop_profiles.months import RECENT, month_plus
from bmyshop_profiles.typology.cards.names import marking_words
from bmyshop_profiles.typology.lives.changes import BORN, GONE

SURVIVES = 0.25  # Jaccard of a best match below which it is another profile
PART = 0.2  # of a profile's members, for a pair to be told though it is no match
LOOKS_BACK = 6  # months that a profile may not be found and still keep its id


def match(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """How the profiles of two months go together.

    before, now: member_key, profile_key, kin_key of members in a profile. Kin (profiles that halves of the same people do not tell apart,
    see kin.py) are matched together: how they are cut changes by chance. Columns: previous_key, profile_key, members_count (in
    both), kept_share (of the members of previous_key in some profile now), from_share (of those of profile_key in some before), jaccard,
    is_kin (their kin are each other's best match, above SURVIVES; or, where its kin have none, they are), is_same (and of these, the one
    that lives on as the other).
    """
    both = before.merge(now, on="member_key", suffixes=("_before", ""))
    (olds, old_kin), (news, new_kin) = _kin_of(before), _kin_of(now)
    count = _crossed(both.profile_key_before, both.profile_key, olds, news)
    kept, came, jaccard = _overlaps(count)
    kins, new_kins = np.unique(old_kin), np.unique(new_kin)
    alike = _mutual_best(_overlaps(_crossed(both.kin_key_before, both.kin_key, kins, new_kins))[2])
    is_kin = alike[np.ix_(np.searchsorted(kins, old_kin), np.searchsorted(new_kins, new_kin))] & (count > 0)
    # with few receipts nearly all are kin of all: what that leaves without a match is matched by itself
    is_kin |= _mutual_best(jaccard) & ~is_kin.any(0, keepdims=True)
    is_same = _one_to_one(np.where(is_kin, count, 0))
    rows = [
        (old, new, int(count[i, j]), kept[i, j], came[i, j], jaccard[i, j], bool(is_kin[i, j]), bool(is_same[i, j]))
        for i, old in enumerate(olds)
        for j, new in enumerate(news)
        if is_kin[i, j] or max(kept[i, j], came[i, j]) >= PART
    ]
    columns = ["previous_key", "profile_key", "members_count", "kept_share", "from_share", "jaccard", "is_kin", "is_same"]
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


def _mutual_best(jaccard: np.ndarray) -> np.ndarray:
    if jaccard.size == 0:
        return np.zeros(jaccard.shape, dtype=bool)
    best = (jaccard == jaccard.max(1, keepdims=True)) & (jaccard == jaccard.max(0, keepdims=True)) & (jaccard >= SURVIVES)
    # two that are equally good: the first
    return best & (np.cumsum(best, 0) == 1) & (np.cumsum(best, 1) == 1)


def _one_to_one(count: np.ndarray) -> np.ndarray:
    """Pairs that hold most members in all, each row and column in one at most."""
    found = np.zeros(count.shape, dtype=bool)
    found[linear_sum_assignment(count, maximize=True)] = True
    return found & (count > 0)


def cluster_matches(clusters: pd.DataFrame, month: str, changes: pd.DataFrame) -> pd.DataFrame:
    """`cluster_matches` of a month.

    clusters: month, member_key, profile_key, kin_key of members in a profile. changes: `profile_changes`, with month. Both of the month and
    of LOOKS_BACK months before it, as far as there are. What was born continues only what
    was: were it matched with a profile that some of its people were in, that id would come to mean others.
    """
    own = changes[(changes.typology_month == changes.month) & changes.event.isin(BORN)] if len(changes) else changes
    born = set(zip(own.month, own.profile_key, strict=True)) if len(own) else set()
    found, now = [], clusters[clusters.month == month]
    for lag in range(1, LOOKS_BACK + 1):
        other = month_plus(month, -lag)
        before = clusters[clusters.month == other]
        if len(before) and len(now):
            pairs = match(before, now).assign(months_back=lag, previous_month=other)
            new = [
                (month, key) in born and (other, old) not in born for old, key in zip(pairs.previous_key, pairs.profile_key, strict=True)
            ]
            found.append(pairs.assign(is_kin=pairs.is_kin & ~np.array(new, dtype=bool), is_same=pairs.is_same & ~np.array(new, dtype=bool)))
    if not found:
        return pd.DataFrame()
    pairs = pd.concat(found, ignore_index=True)
    return pairs.assign(pair=pairs.previous_key + ">" + pairs.profile_key)


def profile_lives(matches: pd.DataFrame, profiles: pd.DataFrame) -> pd.DataFrame:
    """month, profile_key, profile_id of every profile of every month.

    matches: `cluster_matches` of all months, with month. profiles: month, profile_key. The id is that of the same profile one month back,
    or of the last month in which it was found; among kin the oldest id goes to the largest; else a new one, made of the month and key it is
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


def named_profiles(matches: pd.DataFrame, profiles: pd.DataFrame, cards: pd.DataFrame, chosen: Mapping[str, str]) -> pd.DataFrame:
    """profiles with profile_id, and with the name that people read instead of the month's own.

    matches, profiles, cards: `cluster_matches`, `profiles` and `profile_cards` of all months, with month. chosen: name by profile_id, see
    `read_names`: it always wins. Otherwise a profile keeps the name it has as long as what the name begins with is still on its card as
    bought more than by others; when it no longer is, the profile takes its name of that month, under the same id. Of two that would bear
    one name in a month, the one whose name was chosen, else the older, has it; the other takes its name of the month, with its key behind
    it where that is taken too.
    """
    if profiles.empty:
        return profiles.assign(profile_id=pd.Series(dtype=object))
    named = profiles.merge(profile_lives(matches, profiles[["month", "profile_key"]]), on=["month", "profile_key"])
    named = named.assign(by_rule=~named.profile_id.isin(list(chosen))).sort_values(["month", "by_rule", "profile_id"], ignore_index=True)
    words = {key: list(marking_words(card)) for key, card in cards.groupby(["month", "profile_key"])}
    kept: dict[str, tuple[str, str | None]] = {}  # name of each id, and what it begins with
    names, taken = [], set[tuple[str, str]]()
    for row in named.itertuples():
        now = words.get((row.month, row.profile_key), [])
        known, begins = kept.get(row.profile_id, ("", None))
        is_true = any(begins in word or word in begins for word in now) if begins else not now
        if not known or not is_true:
            kept[row.profile_id] = row.profile_name, now[0] if now else None
        candidates = [chosen.get(row.profile_id, kept[row.profile_id][0]), row.profile_name]
        name = next((name for name in candidates if (row.month, name) not in taken), f"{candidates[0]} ({row.profile_key})")
        taken.add((row.month, name))
        names.append(name)
    return named.drop(columns="by_rule").assign(profile_name=names).sort_values(["month", "profile_key"], ignore_index=True)


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
    """month, event, profile_id, other_id of births, ends, splits and mergers, each told once, in the first month in which it is sure.

    changes: `profile_changes` of all months, with month. lives: see `profile_lives`. What has gone must have lived RECENT months: what
    people look like while they change from one profile to another is no profile. profile_id: the one born, gone, split or merged with;
    other_id: the part split off, or the profile merged into it.
    """
    columns = ["month", "event", "profile_id", "other_id"]
    if changes.empty:
        return pd.DataFrame(columns=columns)
    known = {(row.month, row.profile_key): row.profile_id for row in lives.itertuples()}
    life = lives.groupby("profile_id").month.agg(["min", "max"])

    def ids(typology: str, kin: str) -> list[str]:
        own = changes[(changes.typology_month == typology) & (changes.kin_key == kin)]
        return sorted({known[typology, key] for key in own.profile_key if (typology, key) in known})

    told: set[tuple[bool, str]] = set()
    rows = []
    happened = changes[changes.event.isin(BORN + GONE)].drop_duplicates(["month", "typology_month", "kin_key"])
    for row in happened.sort_values(["month", "typology_month", "kin_key"]).itertuples():
        born, own = row.event in BORN, ids(row.typology_month, row.kin_key)
        if not own:
            continue
        begins, ends = life["min"][own].min(), life["max"][own].max()
        lasts = month_plus(begins, RECENT - 1) <= (ends if born else row.typology_month)
        if not lasts and not (born and ends == life["max"].max()):
            continue
        if not told & {(born, each) for each in own}:
            others = ids(row.typology_month, row.from_key if born else row.to_key)
            if row.event in ("splits", "merges") and others:
                rows.append((row.month, row.event, others[0], own[0]))
            else:
                rows.append((row.month, "appears" if born else "vanishes", own[0], ""))
        told |= {(born, each) for each in own}
    return pd.DataFrame(rows, columns=columns)
