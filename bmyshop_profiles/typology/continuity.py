"""Profiles from month to month: who came from where, what happened, and one stable id for each.

Belongs here: matches of two months, events, ids and names along the months. Does not belong here: finding profiles.

Two months are matched by the members they share (MONIC: Spiliopoulou, Ntoutsi, Theodoridis, Schult 2006). A profile survives where it and
another are each other's best match; it splits where two or more new ones each come mostly from it, and merges with others where all go
mostly into one. Matches look one and two months back: what two typologies disagree on by chance is gone a month later, so that an event
counts once it is still there. Ids are read along the matches, by the reader; no month waits for another's ids.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.typology.names import marking_words

SURVIVES = 0.25  # Jaccard of a best match below which it is another profile
MOSTLY, PART = 0.5, 0.2  # of a profile's members
LASTING = 3  # months that a profile lives at least, for its beginning or end to be told
GROWS, SHRINKS = 1.25, 0.8  # share of the members, against the month before


def match(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """How the profiles of two months go together.

    before, now: member_key, profile_key of members in a profile. Columns: previous_key, profile_key, members_count (in both), kept_share
    (of the members of previous_key in some profile now), from_share (of those of profile_key in some before), jaccard, is_same (best match
    of each other, above SURVIVES), event. A profile that goes or comes has a row of its own with the other key empty.
    """
    columns = ["previous_key", "profile_key", "members_count", "kept_share", "from_share", "jaccard", "is_same", "event"]
    both = before.merge(now, on="member_key", suffixes=("_before", ""))
    olds, news = sorted(before.profile_key.unique()), sorted(now.profile_key.unique())
    count = np.zeros((len(olds), len(news)))
    np.add.at(count, (pd.Index(olds).get_indexer(both.profile_key_before), pd.Index(news).get_indexer(both.profile_key)), 1)
    sizes, others = count.sum(1, keepdims=True), count.sum(0, keepdims=True)
    kept, came = count / np.maximum(sizes, 1), count / np.maximum(others, 1)
    jaccard = count / np.maximum(sizes + others - count, 1)
    same = _mutual_best(jaccard)
    splits = (came >= MOSTLY) & (kept >= PART)
    splits &= splits.sum(1, keepdims=True) >= 2
    merges = (kept >= MOSTLY) & (came >= PART)
    merges &= merges.sum(0, keepdims=True) >= 2
    share_before, share_now = _shares(before, olds), _shares(now, news)
    rows = []
    for i, old in enumerate(olds):
        for j, new in enumerate(news):
            if count[i, j] and (same[i, j] or max(kept[i, j], came[i, j]) >= PART):
                event = "splits" if splits[i, j] else "merges" if merges[i, j] else ""
                if not event and same[i, j]:
                    ratio = share_now[j] / max(share_before[i], 1e-12)
                    event = "grows" if ratio >= GROWS else "shrinks" if ratio <= SHRINKS else "survives"
                rows.append((old, new, int(count[i, j]), kept[i, j], came[i, j], jaccard[i, j], bool(same[i, j]), event or "exchanges"))
    rows += [(old, None, 0, 0.0, 0.0, 0.0, False, "vanishes") for i, old in enumerate(olds) if not (same | splits | merges)[i].any()]
    rows += [(None, new, 0, 0.0, 0.0, 0.0, False, "appears") for j, new in enumerate(news) if not (same | splits | merges)[:, j].any()]
    return pd.DataFrame(rows, columns=columns)


def _mutual_best(jaccard: np.ndarray) -> np.ndarray:
    if jaccard.size == 0:
        return np.zeros(jaccard.shape, dtype=bool)
    best = (jaccard == jaccard.max(1, keepdims=True)) & (jaccard == jaccard.max(0, keepdims=True)) & (jaccard >= SURVIVES)
    # two that are equally good: the first
    return best & (np.cumsum(best, 0) == 1) & (np.cumsum(best, 1) == 1)


def _shares(members: pd.DataFrame, keys: list[str]) -> np.ndarray:
    return members.profile_key.value_counts(normalize=True).reindex(keys).to_numpy()


def cluster_matches(clusters: pd.DataFrame, month: str, earlier: list[str]) -> pd.DataFrame:
    """`cluster_matches` of a month. clusters: month, member_key, profile_key of members in a profile. earlier: before it, last first."""
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
    or two where it was missing for a month; else a new one, made of the month and key it is first seen under.
    """
    ids: dict[tuple[str, str], str] = {}
    same = matches[matches.is_same.astype(bool)] if len(matches) else matches
    for month, own in profiles.sort_values(["month", "profile_key"]).groupby("month", sort=True):
        taken: set[str] = set()
        candidates = same[same.month == month].sort_values(["months_back", "jaccard"], ascending=[True, False]) if len(same) else same
        for row in candidates.itertuples():
            known = ids.get((str(row.previous_month), str(row.previous_key)))
            if known and known not in taken and (month, row.profile_key) not in ids:
                ids[str(month), str(row.profile_key)] = known
                taken.add(known)
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


def profile_events(matches: pd.DataFrame, lives: pd.DataFrame) -> pd.DataFrame:
    """month, event, profile_id of the births, ends, splits and merges that are no accident of one month.

    matches: `cluster_matches` of all months, with month. lives: see `profile_lives`. An event between two months counts when the month
    after and the month before say it too (matches two months back), so that nothing is told of the first two months and of the last;
    and when a profile that lives `LASTING` months begins or ends by it: the one that appears or vanishes, a part of a split, a source of a
    merger.
    """
    known = {(row.month, row.profile_key): row.profile_id for row in lives.itertuples()}
    months = sorted(lives.month.unique())
    place = {month: number for number, month in enumerate(months)}
    seen = lives.assign(place=lives.month.map(place)).groupby("profile_id").place.agg(["min", "max"])
    lasting = (seen["max"] - seen["min"] + 1 >= LASTING) | (seen["max"] == len(months) - 1)
    told: dict[int, dict[tuple[str, str, str, str], set[str]]] = {1: {}, 2: {}}
    for row in matches.itertuples() if len(matches) else ():
        old, new = known.get((row.previous_month, row.previous_key), ""), known.get((row.month, row.profile_key), "")
        if row.event in ("splits", "vanishes"):
            told[row.months_back].setdefault((row.previous_month, row.month, row.event, old), set()).add(new or old)
        elif row.event in ("merges", "appears"):
            told[row.months_back].setdefault((row.previous_month, row.month, row.event, new), set()).add(old or new)
    rows = set()
    for (before, month, event, profile), partners in told[1].items():
        number = place[month]
        if number < 2 or number + 1 == len(months):
            continue
        around = {(before, months[number + 1], event, profile), (months[number - 2], month, event, profile)}
        if not around <= set(told[2]):
            continue
        begins = event in ("appears", "splits")
        if any(lasting[each] and (seen["min"][each] == number if begins else seen["max"][each] < number) for each in partners):
            rows.add((month, event, profile))
    return pd.DataFrame(sorted(rows), columns=["month", "event", "profile_id"])
