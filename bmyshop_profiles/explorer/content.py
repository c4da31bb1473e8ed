"""What the pages show: the network, a shop, two shops side by side, shops found by a name.

Belongs here: which rows, in which order. Does not belong here: words of certainty, pictures, markup, the plan (`form.py`).
"""

import re
from typing import Any

import pandas as pd

from bmyshop_profiles.explorer import certainty, figures
from bmyshop_profiles.explorer.asked import SORTS, Asked, NotThere
from bmyshop_profiles.explorer.geography import departement_name, on_map, outline
from bmyshop_profiles.explorer.reading import EVERY, Month
from bmyshop_profiles.questions.published import GRADES
from bmyshop_profiles.reports import words

PER_PAGE = 10
MOST_FOUND = 50
KINDS = {"mission": "Visites", "category": "Achats", "profile": "Profils"}
KIND_HEADINGS = {"mission": "Ce qu’on vient faire", "category": "Ce qu’on achète", "profile": "Qui vient"}


def kind_name(store_type: str) -> str:
    """A kind of shop in French."""
    return words.STORE_TYPES.get(store_type, store_type)


def group_of(month: Month, code: str) -> dict[str, Any] | None:
    """The group of an address; None where none is named.

    Raises:
        NotThere: it is not on sale in the month.
    """
    if not code:
        return None
    found = month.groups[month.groups.code == code]
    if found.empty:
        told = words.month_name(month.month)
        raise NotThere(f"Ce groupe n’existe pas ou n’est pas vendable en {told} ; choisissez-en un autre dans la liste.")
    return dict(found.iloc[0])


def choices(month: Month) -> list[dict[str, Any]]:
    """Groups to choose from, by grade and kind, those that are seen first."""
    return [
        {"label": f"{KINDS[kind]} – {GRADES[grade]}", "groups": own.to_dict("records")}
        for (grade, kind), own in month.groups.groupby(["grade", "kind"], sort=False)
    ]


def selected(month: Month, asked: Asked, group: dict[str, Any] | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All shops of the month, and those that the filters leave.

    Raises:
        NotThere: no shop is of such a kind or stands in such a département.
    """
    every = month.shops(group["kind"] if group else "", group["group_name"] if group else "")
    filters = (
        ("store_type", asked.store_type, "Aucune boutique n’est du type"),
        ("departement", asked.departement, "Aucune boutique n’est dans le département"),
    )
    for column, value, what in filters:
        if value and not (every[column] == value).any():
            raise NotThere(f"{what} «\u202f{value}\u202f» ; choisissez dans la liste.")
    here = every
    if asked.store_type:
        here = here[here.store_type == asked.store_type]
    if asked.departement:
        here = here[here.departement == asked.departement]
    return every, here


def ranking(shops: pd.DataFrame, sort: str) -> pd.DataFrame:
    """Shops whose share is published, best first, by the lower end; with contacts, contacts_low, contacts_high: visits of the group."""
    known = shops[shops.share.notna()]
    known = known.assign(**{
        name: (known[share] * known.receipts_count).round()
        for name, share in (("contacts", "share"), ("contacts_low", "low_share"), ("contacts_high", "high_share"))
    })  # fmt: skip
    by = "low_share" if sort == "part" else "contacts_low"
    return known.sort_values([by, "store_key"], ascending=[False, True]).reset_index(drop=True)


def network(month: Month, asked: Asked) -> dict[str, Any]:
    """The first page: the map, the ranking or the groups to choose from, the hours."""
    group, k = group_of(month, asked.group), month.settings.receipts_to_publish
    every, here = selected(month, asked, group)
    ranked = ranking(here, asked.sort) if group else here.head(0)
    pages = max(1, -(-len(ranked) // PER_PAGE))
    if asked.page > pages:
        raise NotThere(f"Le classement n’a que {words.counted(pages, 'page', 'pages')}.")
    rows = [] if group is None else _ranked(ranked, asked)
    hours = month.hours(store_type=asked.store_type, departement=asked.departement)
    return {
        "group": group,
        "choices": choices(month),
        "kinds": _facet(every, every[every.departement == asked.departement] if asked.departement else every),
        "departements": [
            {"value": code, "label": departement_name(code), "count": int(count)}
            for code, count in sorted(every.departement.value_counts().items()) if code
        ],
        "shops": len(here),
        "receipts": int(here.receipts_count.sum()),
        "map": _map(here, asked, group, rows),
        "rows": rows,
        "ranked": len(ranked),
        "unpublished": len(here) - len(ranked),
        "pages": pages,
        "sorts": SORTS,
        "hours": figures.hour_table(hours, k),
        "moments": _moments(month, group, EVERY),
        "groups": bars(month.groups.to_dict("records")),
        "sure": {
            "group": certainty.of_group(group, k) if group else [certainty.of_grade(grade) for grade in dict.fromkeys(month.groups.grade)],
            "ranking": [certainty.of_ranking(asked.sort), *(certainty.of_group(group, k) if group else [])],
            "hours": certainty.of_hours(k),
            "moments": certainty.of_moments(group["grade"]) if group else [],
            "interval": certainty.INTERVAL,
        },
    }  # fmt: skip


def _facet(every: pd.DataFrame, inside: pd.DataFrame) -> list[dict[str, Any]]:
    """Kinds of shop, the most frequent first, and how many shops there are inside a département."""
    counts = inside.store_type.value_counts()
    kinds = every.store_type.value_counts().index
    return [{"value": kind, "label": kind_name(kind), "count": int(counts.get(kind, 0))} for kind in kinds]


def _ranked(ranked: pd.DataFrame, asked: Asked) -> list[dict[str, Any]]:
    start = (asked.page - 1) * PER_PAGE
    shown = ranked.iloc[start : start + PER_PAGE]
    most = float(ranked.high_share.max()) if len(ranked) else 0.0
    return [
        {
            **row,
            "rank": rank,
            "kind": kind_name(row["store_type"]),
            "bar": figures.bar(row["share"], row["low_share"], row["high_share"], most),
        }
        for rank, row in enumerate(shown.to_dict("records"), start=start + 1)
    ]


def _map(here: pd.DataFrame, asked: Asked, group: dict[str, Any] | None, rows: list[dict[str, Any]]) -> dict[str, Any]:
    frame = figures.frame_of(here, asked.departement)
    marks: list[dict[str, Any]] = []
    for row in rows:
        place = figures.place_of(row, [(mark["x"], mark["y"]) for mark in marks], 26 * frame[2] / 1000)
        if place:
            marks.append({"x": place[0], "y": place[1], "row": row})
    away = here[~on_map(here.latitude.to_numpy(float), here.longitude.to_numpy(float))]
    off = [
        {"value": code, "label": departement_name(code), "count": int(count)}
        for code, count in sorted(away.departement.value_counts().items())
    ]
    return {
        "frame": " ".join(map(str, frame)), "zoom": frame[2] / 1000, "outline": outline(), "marks": marks, "off": off,
        "dots": figures.dots(here, by_index=group is not None),
    }  # fmt: skip


def _moments(month: Month, group: dict[str, Any] | None, store: str, share: float | None = None) -> dict[str, Any] | None:
    if group is None:
        return None
    whole = group["share"] if store == EVERY else share
    return figures.moment_table(month.moments(group["kind"], group["group_name"], store), whole)


def bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups by kind, each with its bar and interval."""
    told = []
    for kind, heading in KIND_HEADINGS.items():
        own = [row for row in rows if row["kind"] == kind]
        most = max((row["high_share"] or row["share"] for row in own), default=0.0)
        shown = [{**row, "bar": figures.bar(row["share"], row["low_share"], row["high_share"], most)} for row in own]
        told.append({"kind": kind, "heading": heading, "rows": shown})
    return [each for each in told if each["rows"]]


def shop(month: Month, asked: Asked, key: str) -> dict[str, Any]:
    """A shop's card.

    Raises:
        NotThere: there is no such shop in the month.
    """
    group, k = group_of(month, asked.group), month.settings.receipts_to_publish
    every = month.shops(group["kind"] if group else "", group["group_name"] if group else "")
    own = every[every.store_key == key]
    if own.empty:
        raise NotThere(f"Il n’y a pas de boutique «\u202f{key}\u202f» en {words.month_name(month.month)}.")
    row = own.iloc[0].to_dict()
    codes = dict(zip(zip(month.groups.kind, month.groups.group_name, strict=True), month.groups.code, strict=True))
    groups = [{**each, "code": codes.get((each["kind"], each["group_name"]), "")} for each in month.audience(key).to_dict("records")]
    ranked = ranking(every, "part") if group else every.head(0)
    place = ranked.index[ranked.store_key == key]
    return {
        **row, "kind": kind_name(row["store_type"]), "where": departement_name(row["departement"]), "group": group, "k": k,
        "choices": choices(month), "rank": int(place[0]) + 1 if len(place) else None, "ranked": len(ranked),
        "people": max((each["people"] for each in groups if each["people"] is not None), default=None),
        "groups": bars(groups), "hours": figures.hour_table(month.hours(store=key), k),
        "moments": _moments(month, group, key, None if pd.isna(row["share"]) else row["share"]),
        "sure": {
            "groups": [*(certainty.of_grade(grade) for grade in dict.fromkeys(each["grade"] for each in groups if each["code"])),
                       certainty.INTERVAL, certainty.hidden(k)],
            "group": certainty.of_group(group, k) if group else [], "hours": certainty.of_hours(k),
            "moments": certainty.of_moments(group["grade"]) if group else [],
        },
    }  # fmt: skip


def compared(first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of two shops' groups by kind, their bars on one scale; verdict: where surely more, in words. first, second: of `shop`."""
    told = []
    for kind, heading in KIND_HEADINGS.items():
        sides = [
            {row["group_name"]: row for part in each["groups"] if part["kind"] == kind for row in part["rows"]} for each in (first, second)
        ]
        most = max((row["high_share"] or row["share"] for side in sides for row in side.values()), default=0.0)
        rows = []
        for name in dict.fromkeys([*sides[0], *sides[1]]):
            here, there = (
                {**row, "bar": figures.bar(row["share"], row["low_share"], row["high_share"], most)} if (row := side.get(name)) else None
                for side in sides
            )
            known = here or there or {}
            verdict = _verdict(here, there, first["name"], second["name"])
            rows.append({"name": known["name"], "grade": known["grade"], "first": here, "second": there, "verdict": verdict})
        if rows:
            told.append({"heading": heading, "rows": rows})
    return told


def _verdict(here: dict[str, Any] | None, there: dict[str, Any] | None, first: str, second: str) -> str:
    if not here or not there or here["low_share"] is None or there["low_share"] is None:
        return ""
    if here["low_share"] > there["high_share"]:
        return f"plus chez {first}, écart sûr"
    return f"plus chez {second}, écart sûr" if there["low_share"] > here["high_share"] else "écart incertain"


def found(shops: pd.DataFrame, text: str) -> pd.DataFrame:
    """Shops whose key, name, city or postcode has all words of a text, at most `MOST_FOUND`."""
    wanted = words.unaccented(text).split()
    told = (shops.store_key + " " + shops.name + " " + shops.city + " " + shops.postcode).map(words.unaccented)
    keep = pd.Series(bool(wanted), index=shops.index)
    for word in wanted:
        keep &= told.str.contains(re.escape(word))
    return shops[keep].head(MOST_FOUND)
