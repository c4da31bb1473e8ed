"""What is seen as CSV for a French spreadsheet: semicolons, decimal commas, UTF-8 with its mark.

Belongs here: columns and rows of each file. Does not belong here: which rows are seen (`content.py`).
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from bmyshop_profiles.explorer.asked import Asked, NotThere
from bmyshop_profiles.explorer.content import bars, compared, group_of, kind_name, ranking, selected, shop
from bmyshop_profiles.explorer.reading import EVERY, Month
from bmyshop_profiles.questions.published import GRADES
from bmyshop_profiles.reports import words
from bmyshop_profiles.terminal import no_formula

PIECE = 1000  # rows
Table = tuple[list[str], list[tuple[Any, ...]]]
GROUP = ["genre", "groupe", "grade", "part", "part_bas", "part_haut", "indice", "tickets", "personnes"]


def text(table: Table) -> Iterator[bytes]:
    """A table as CSV, piece by piece."""
    every = [table[0], *table[1]]
    yield b"\xef\xbb\xbf"
    for start in range(0, len(every), PIECE):
        lines = io.StringIO()
        writer = csv.writer(lines, delimiter=";", lineterminator="\r\n")
        writer.writerows([_told(value) for value in row] for row in every[start : start + PIECE])
        yield lines.getvalue().encode()


def _told(value: Any) -> Any:
    if value is None or value != value:
        return ""
    return f"{round(value, 6):.12g}".replace(".", ",") if isinstance(value, float) else no_formula(value)


def shops(month: Month, asked: Asked) -> Table:
    """The whole ranking; without a group, the shops."""
    group, k = group_of(month, asked.group), month.settings.receipts_to_publish
    _, here = selected(month, asked, group)
    names = ["mois", "boutique", "nom", "type", "ville", "code_postal", "departement", "tickets"]
    if group is None:
        return names, [(month.month, *_shop(row, k)) for row in here.itertuples()]
    rows = [
        (rank, month.month, *_shop(row, k), group["name"], GRADES[group["grade"]], row.share, row.low_share, row.high_share,
         row.affinity_index, int(row.contacts), int(row.contacts_low), int(row.contacts_high))
        for rank, row in enumerate(ranking(here, asked.sort).itertuples(), start=1)
    ]  # fmt: skip
    more = ["groupe", "grade", "part", "part_bas", "part_haut", "indice", "passages_groupe", "passages_bas", "passages_haut"]
    return ["rang", *names, *more], rows


def groups(month: Month, asked: Asked) -> Table:
    """The groups of the network that are on sale."""
    return ["mois", *GROUP], [(month.month, *row) for row in _groups(bars(month.groups.to_dict("records")))]


def hours(month: Month, asked: Asked, store: str = "") -> Table:
    """Receipts by weekday and hour."""
    k = month.settings.receipts_to_publish
    found = month.hours(store=store) if store else month.hours(store_type=asked.store_type, departement=asked.departement)
    rows = [
        (month.month, words.WEEKDAYS[row.weekday - 1], int(row.sold_hour), int(row.receipts_count) if row.receipts_count >= k else None)
        for row in found.itertuples()
    ]
    return ["mois", "jour", "heure", "tickets"], rows


def moments(month: Month, asked: Asked, store: str = EVERY) -> Table:
    """The group's share by weekday and daypart."""
    group = group_of(month, asked.group)
    if group is None:
        raise NotThere("Choisissez d’abord un groupe.")
    found = month.moments(group["kind"], group["group_name"], store)
    rows = [
        (month.month, group["name"], GRADES[group["grade"]], words.WEEKDAYS[row.weekday - 1] if row.weekday else "tous les jours",
         words.DAYPARTS[row.daypart], row.share, row.low_share, row.high_share)
        for row in found.itertuples()
    ]  # fmt: skip
    return ["mois", "groupe", "grade", "jour", "creneau", "part", "part_bas", "part_haut"], rows


def card(month: Month, asked: Asked, store: str) -> Table:
    """The groups of a shop."""
    return ["mois", "boutique", *GROUP], [(month.month, store, *row) for row in _groups(shop(month, asked, store)["groups"])]


def comparison(month: Month, asked: Asked, first: str, second: str) -> Table:
    """The groups of two shops side by side."""
    names = ["mois", "groupe", "grade", *(f"{what}_{key}" for key in (first, second) for what in ("part", "bas", "haut")), "ecart"]
    rows = []
    for part in compared(shop(month, asked, first), shop(month, asked, second)):
        for row in part["rows"]:
            ends = [(each or {}).get(name) for each in (row["first"], row["second"]) for name in ("share", "low_share", "high_share")]
            rows.append((month.month, row["name"], GRADES[row["grade"]], *ends, row["verdict"]))
    return names, rows


FIGURES: dict[str, Callable[..., Table]] = {"boutiques": shops, "groupes": groups, "heures": hours, "creneaux": moments}


def _shop(row: Any, k: int) -> tuple[Any, ...]:
    receipts = int(row.receipts_count) if row.receipts_count >= k else None
    return row.store_key, row.name, kind_name(row.store_type), row.city, row.postcode, row.departement, receipts


def _groups(parts: Iterable[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for part in parts:
        for row in part["rows"]:
            figures = (row[name] for name in ("share", "low_share", "high_share", "affinity_index", "receipts_count", "people"))
            yield part["heading"], row["name"], GRADES[row["grade"]], *figures
