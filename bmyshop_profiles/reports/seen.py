"""What the report says of what is seen on receipts: what people come for, when, and what is bought more here than elsewhere. Pure.

Belongs here: rows, order and words of missions and categories. Does not belong here: what is inferred (content.py).
"""

from typing import Any

import pandas as pd

from bmyshop_profiles.months import missions_since
from bmyshop_profiles.reports.words import DAYPARTS, WEEKDAYS

EVERY = "all"
MOST_CATEGORIES, MOST_CONTRASTS = 8, 5
CONTRAST = 1.1  # of the network's share, or its inverse, that a whole interval must lie beyond to be told
Frames = dict[str, pd.DataFrame]


def seen_content(frames: Frames, month: str, store: str) -> dict[str, Any]:
    """Missions and categories of a shop, or of the network (all), of the month.

    missions, categories: rows with name, articles, share, low_share, high_share, network_share, affinity_index, peak (a moment in words, or
    ""); more, less: categories whose share here is surely above or below the network's; receipts: of the month; counts_receipts: nobody
    says who comes again, so that intervals count receipts as people.
    """
    missions = missions_in_use(frames, month)
    names = _names(missions, frames["product_taxonomy"])
    articles = dict(zip(missions.mission_key, missions.articles, strict=True))
    seen = frames["seen_audience"]
    whole = seen[(seen.weekday == 0) & (seen.daypart == EVERY) & (seen.sold_hour == -1) & (seen.period == "month")]
    network = whole[whole.store_key == EVERY].set_index(["kind", "group_name"]).visits_share
    own = whole[whole.store_key == store]
    peaks = _peaks(seen[(seen.store_key == store) & (seen.period == "quarter")], missions)
    rows = [
        {
            "kind": row.kind,
            "key": row.group_name,
            "name": names.get((row.kind, row.group_name), row.group_name),
            "share": row.visits_share,
            "low_share": row.low_share,
            "high_share": row.high_share,
            "network_share": network.get((row.kind, row.group_name)),
            "affinity_index": row.affinity_index,
            "articles": articles.get(row.group_name, "") if row.kind == "mission" else "",
            "peak": peaks.get((row.kind, row.group_name), ""),
        }
        for row in own.sort_values(["visits_share", "group_name"], ascending=[False, True]).itertuples()
    ]
    visits = sorted((row for row in rows if row["kind"] == "mission"), key=lambda row: row["key"] == "other")
    categories = [row for row in rows if row["kind"] == "category" and row["key"] != "other"]
    return {
        "missions": visits,
        "categories": categories[:MOST_CATEGORIES],
        "more": _contrasts(categories, above=True) if store != EVERY else [],
        "less": _contrasts(categories, above=False) if store != EVERY else [],
        "receipts": int(own.receipts_count.max()) if len(own) else 0,
        "counts_receipts": bool(len(own) and own.people.max() >= own.receipts_count.max()),
    }


def missions_in_use(frames: Frames, month: str) -> pd.DataFrame:
    """`mission_profiles` of the first month of the year that has missions."""
    found = frames["mission_profiles"]
    kept = found[(found.month >= missions_since(month)) & (found.month <= month)]
    return kept[kept.month == kept.month.min()]


def _names(missions: pd.DataFrame, categories: pd.DataFrame) -> dict[tuple[str, str], str]:
    return {
        **{("mission", row.mission_key): row.mission_name for row in missions.itertuples()},
        **{("category", row.category): row.label_fr for row in categories.itertuples()},
    }


def _peaks(seen: pd.DataFrame, missions: pd.DataFrame) -> dict[tuple[str, str], str]:
    """When a group's share of the visits is highest, in words, where a daypart or weekday is surely above the group's whole share. The
    daypart that a mission is named by is not said twice."""
    named = {("mission", row.mission_key): row.daypart for row in missions.itertuples()}
    by_hour = seen[seen.sold_hour == -1]
    whole = by_hour[(by_hour.weekday == 0) & (by_hour.daypart == EVERY)].set_index(["kind", "group_name"]).visits_share
    found: dict[tuple[str, str], str] = {}
    for (kind, group), own in by_hour.groupby(["kind", "group_name"]):
        sure = own[own.low_share > whole.get((kind, group), 1.0)]
        part, day = sure[(sure.weekday == 0) & (sure.daypart != EVERY)], sure[(sure.weekday > 0) & (sure.daypart == EVERY)]
        daypart = str(_top(part).daypart) if len(part) else ""
        words = DAYPARTS[daypart] if daypart and daypart != named.get((kind, group)) else ""
        if len(day):
            words = f"{words}, surtout le {WEEKDAYS[int(_top(day).weekday) - 1]}".removeprefix(", ")
        if words:
            found[str(kind), str(group)] = words
    return found


def _top(cells: pd.DataFrame) -> Any:
    return cells.sort_values(["visits_share", "daypart", "weekday"], ascending=[False, True, True]).iloc[0]


def _contrasts(categories: list[dict[str, Any]], *, above: bool) -> list[dict[str, Any]]:
    """Categories that are surely and clearly more, or less, frequent here than over the network, the widest contrast first."""
    told = [row for row in categories if row["network_share"]]
    if above:
        sure = [row for row in told if row["low_share"] > CONTRAST * row["network_share"]]
        return sorted(sure, key=lambda row: -row["low_share"] / row["network_share"])[:MOST_CONTRASTS]
    sure = [row for row in told if row["high_share"] < row["network_share"] / CONTRAST]
    return sorted(sure, key=lambda row: row["high_share"] / row["network_share"])[:MOST_CONTRASTS]
