"""What the lakes of two runs hold, compared by their pointers, and what the catalogue says they should hold.

Belongs here: cells (tables × months), their hashes and versions, what is made from what. Does not belong here: running anything.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.catalogue import Catalogue

Cell = tuple[str, str]  # table, month or "all"
Pointers = dict[Cell, dict[str, Any]]  # → what current.json says


def made_from(catalogue: Catalogue, names: Iterable[str]) -> set[str]:
    """Tables and all that they are made from."""
    found: set[str] = set()
    for name in names:
        found |= {name} | made_from(catalogue, catalogue[name].inputs)
    return found


def pointers(data: Path, catalogue: Catalogue) -> Pointers:
    """Every pointer of a lake, of the tables of a catalogue."""
    found: Pointers = {}
    for path in sorted((data / "lake").glob("*/*/*/current.json")):
        if path.parent.parent.name in catalogue:
            found[path.parent.parent.name, path.parent.name.removeprefix("month=")] = json.loads(path.read_text(encoding="utf-8"))
    return found


def hashes(found: Pointers) -> dict[Cell, str]:
    """Content hash of every table and month."""
    return {key: str(pointer["content_hash"]) for key, pointer in found.items()}


def versions(found: Pointers) -> dict[Cell, str]:
    """Version of every table and month: it changes whenever the month is made again."""
    return {key: str(pointer["version"]) for key, pointer in found.items()}


def differing(found: Pointers, expected: Pointers) -> list[str]:
    """Tables and months of either whose content is not the same in the other."""
    ours, theirs = hashes(found), hashes(expected)
    return sorted(f"{name} {month}" for name, month in {*ours, *theirs} if ours.get((name, month)) != theirs.get((name, month)))


def cells(catalogue: Catalogue, months: Iterable[str]) -> list[Cell]:
    """Every table and month there should be, inputs first."""
    return [(table.name, month) for table in catalogue.ordered for month in (months if table.file.by_month else ("all",))]


def inputs_of(catalogue: Catalogue, name: str, month: str, months: tuple[str, ...]) -> list[Cell]:
    """Tables and months that a month of a table has to read: the whole window, from the first month on."""
    found = []
    for upstream in catalogue[name].inputs:
        last = months.index(month) if month in months else 0
        window = months[max(0, last + 1 - catalogue[name].window_of(upstream)) : last + 1]
        found += [(upstream, each) for each in (window if catalogue[upstream].file.by_month else ("all",))]
    return found


def downstream(catalogue: Catalogue, start: set[Cell], months: tuple[str, ...]) -> set[Cell]:
    """Tables and months made from some others, those included."""
    found = set(start)
    for name, month in cells(catalogue, months):
        if found & set(inputs_of(catalogue, name, month, months)):
            found.add((name, month))
    return found


def short_months(catalogue: Catalogue, found: Pointers, months: tuple[str, ...]) -> list[str]:
    """Published months that were made from less than their whole window: there must be none."""
    short = []
    for (name, month), pointer in found.items():
        read = {(table, part.removeprefix("month=")) for table, part in (key.split("/") for key in pointer["inputs"])}
        if month in months and not set(inputs_of(catalogue, name, month, months)) <= read:
            short.append(f"{name} {month}")
    return short


def windowed(catalogue: Catalogue) -> list[str]:
    """Tables that read more than one month of something."""
    return [table.name for table in catalogue.ordered if any(months > 1 for months in table.file.window.values())]
