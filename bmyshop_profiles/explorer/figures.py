"""What pictures are made of: bars with intervals, classes of colour, tables of hours and dayparts, dots on the map. Pure.

Belongs here: positions, classes, texts of cells. Does not belong here: markup (`templates/`), words of certainty (`certainty.py`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from bmyshop_profiles.explorer.geography import HEIGHT, WIDTH, on_map, project
from bmyshop_profiles.reports import words

BAR = 200  # units of a bar's picture
LEVELS = 7  # of colour
INDEXES = (  # affinity indexes from, class, words
    (150, "i5", "150 et plus"),
    (110, "i4", "de 110 à 150"),
    (90, "i3", "de 90 à 110, comme le réseau"),
    (67, "i2", "de 67 à 90"),
    (-np.inf, "i1", "moins de 67"),
)
TURNS = np.arange(8) * np.pi / 4  # directions
DAYPARTS = [each for each in words.DAYPARTS if each != "all"]


def bar(share: float, low: float | None, high: float | None, most: float) -> dict[str, float]:
    """Ends of a bar and of its interval, in units of its picture; most: the share of the whole width."""
    ends = {"value": share, "low": share if low is None else low, "high": share if high is None else high}
    return {name: round(BAR * min(end / most, 1), 1) if most else 0.0 for name, end in ends.items()}


def level(value: float, most: float) -> str:
    """Class of colour: h0, nothing, to h7."""
    return f"h{int(np.ceil(LEVELS * value / most)) if most else 0}"


def hour_table(hours: pd.DataFrame, k: int) -> dict[str, Any] | None:
    """Receipts by weekday and hour as rows of cells; None without any. hours: weekday, sold_hour, receipts_count."""
    if hours.empty:
        return None
    found = {(row.weekday, row.sold_hour): int(row.receipts_count) for row in hours.itertuples()}
    shown = range(int(hours.sold_hour.min()), int(hours.sold_hour.max()) + 1)
    most = max(found.values())
    rows = [
        {"name": words.WEEKDAYS[day - 1], "cells": [_hour(found.get((day, hour), 0), most, k, day, hour) for hour in shown]}
        for day in range(1, 8)
    ]
    return {"columns": [f"{hour} h" for hour in shown], "rows": rows, "told": most >= k}


def _hour(count: int, most: int, k: int, day: int, hour: int) -> dict[str, str]:
    when = f"{words.WEEKDAYS[day - 1]}, {hour}–{hour + 1} h"
    if not count:
        return {"text": "", "level": "h0", "title": f"{when} : aucun ticket", "count": "0"}
    if count < k:
        return {"text": "·", "level": "h0", "title": f"{when} : moins de {k} tickets, non publié", "count": ""}
    told = words.number(count)
    return {"text": told if count < 10_000 else f"{words.number(count / 1000)} k", "level": level(count, most), "count": str(count),
            "title": f"{when} : {words.counted(count, 'ticket', 'tickets')}"}  # fmt: skip


def moment_table(moments: pd.DataFrame, whole: float | None) -> dict[str, Any] | None:
    """A group's share by weekday and daypart as rows of cells; None without any. whole: its share in the shop, any day and hour."""
    if moments.empty:
        return None
    found = {(row.weekday, row.daypart): row for row in moments.itertuples()}
    parts = [part for part in DAYPARTS if any(daypart == part for _, daypart in found)]
    days = [day for day in (*range(1, 8), 0) if any(weekday == day for weekday, _ in found)]
    rows = [{"name": _day(day), "cells": [_moment(found.get((day, part)), whole) for part in parts]} for day in days]
    return {"columns": [words.DAYPARTS[part] for part in parts], "rows": rows, "whole": words.percent(whole, 1)}


def _day(day: int) -> str:
    return words.WEEKDAYS[day - 1] if day else "tous les jours"


def _moment(row: Any, whole: float | None) -> dict[str, str]:
    """Coloured where the whole interval lies on one side of the share at any moment."""
    if row is None:
        return {"text": "·", "level": "h0", "title": "non publié", "interval": ""}
    is_sure = whole and not row.low_share <= whole <= row.high_share
    told = f"{words.percent(row.share, 1)} {words.interval(row.low_share, row.high_share, 1)}"
    return {"text": words.percent(row.share), "interval": words.interval(row.low_share, row.high_share), "title": told,
            "level": ("c4" if row.share > whole else "c2") if whole and is_sure else "c3"}  # fmt: skip


def index_class(index: float) -> str:
    """Class of colour of an affinity index."""
    return next(name for start, name, _ in INDEXES if index >= start)


def dots(shops: pd.DataFrame, *, by_index: bool) -> list[dict[str, Any]]:
    """Shops on the map by class of colour: one path of points each, with words and how many. Those off the map have none.

    shops: latitude, longitude, affinity_index (NaN: not published).
    """
    here = shops[on_map(shops.latitude.to_numpy(float), shops.longitude.to_numpy(float))]
    if not by_index:
        return [{"name": "i0", "words": "boutique", "count": len(here), "path": _points(here)}]
    classes = here.affinity_index.map(lambda index: "none" if pd.isna(index) else index_class(index))
    names = [("none", "non publié"), *((name, told) for _, name, told in reversed(INDEXES))]
    return [
        {"name": name, "words": told, "count": int((classes == name).sum()), "path": _points(here[classes == name])} for name, told in names
    ]


def place_of(shop: Any, beside: Sequence[tuple[float, float]], away: float) -> tuple[float, float] | None:
    """Where a shop is marked on the map: where it stands, or around it where another mark is nearer than `away`; None off the map."""
    if not on_map(shop["latitude"], shop["longitude"]):
        return None
    x, y = (float(each) for each in project(shop["latitude"], shop["longitude"]))
    spots = [(x, y), *((x + ring * away * np.cos(turn), y + ring * away * np.sin(turn)) for ring in (1, 2, 3) for turn in TURNS)]
    free = (spot for spot in spots if all(np.hypot(spot[0] - left, spot[1] - down) >= away for left, down in beside))
    left, down = next(free, spots[0])
    return round(float(left), 1), round(float(down), 1)


def frame_of(shops: pd.DataFrame, departement: str) -> tuple[int, int, int, int]:
    """x, y, width, height of the part of the map that is shown: all of it, or around the shops of a département."""
    here = shops[on_map(shops.latitude.to_numpy(float), shops.longitude.to_numpy(float))]
    if not departement or here.empty:
        return 0, 0, WIDTH, HEIGHT
    x, y = project(here.latitude.to_numpy(float), here.longitude.to_numpy(float))
    side = max(float(np.ptp(x)), float(np.ptp(y)), 120.0) * 1.3
    return int(x.min() + x.max() - side) // 2, int(y.min() + y.max() - side) // 2, int(side), int(side)


def _points(shops: pd.DataFrame) -> str:
    x, y = project(shops.latitude.to_numpy(float), shops.longitude.to_numpy(float))
    return "".join(dict.fromkeys(f"M{left:.0f} {down:.0f}h0" for left, down in zip(x, y, strict=True)))
