"""Files of one kind and shape are one table: which of the given files belong together, and the pattern of their names.

Not here: how it is written (`draft.py`), patterns themselves (`patterns.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.guesses import Guesses, guess_list, kind_of
from bmyshop_profiles.ingestion.drafts.guesses_receipts import guess_receipts
from bmyshop_profiles.ingestion.drafts.looks import Look, alike, merged
from bmyshop_profiles.ingestion.drafts.patterns import name_tells_month, pattern_of
from bmyshop_profiles.ingestion.drafts.roles import playing, words
from bmyshop_profiles.ingestion.mapping.mapping import RawTable
from bmyshop_profiles.ingestion.reading.files import matching


@dataclass
class Group:
    """Files of one kind and shape."""

    kind: str
    look: Look
    looks: list[Look]
    pattern: str
    guesses: Guesses


def series_of(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Three files of each series (names that differ in digits only) are looked at; with the first of them stands the whole series."""
    series: dict[tuple[str, int], list[Path]] = {}
    for path in sorted(set(paths)):
        series.setdefault((re.sub(r"\d+", "0", path.name), len(path.parts)), []).append(path)
    found: dict[Path, list[Path]] = {}
    for members in series.values():
        found |= {path: [] for path in (members[0], members[len(members) // 2], members[-1])}
        found[members[0]] = members
    return found


def groups_of(
    looks: Sequence[Look], series: dict[Path, list[Path]], root: Path, name: str | None, session: Session
) -> tuple[list[Group], list[Look]]:
    """Looks grouped by kind and shape, with the guesses of each group; and those that are of no kind."""
    by_shape: dict[tuple[object, ...], list[Look]] = {}
    unknown = []
    for look in looks:
        if (guessed := kind_of(look)) is None:
            unknown.append(look)
        else:
            by_shape.setdefault((guessed, *alike(look)), []).append(look)
    for shape in [shape for shape in by_shape if shape[-1] == ""]:  # of plain ASCII: with others of the same shape, if there are any
        others = [other for other in by_shape if other[:-1] == shape[:-1] and other != shape]
        if others:
            by_shape[others[0]] += by_shape.pop(shape)
    _join_series(by_shape)
    groups: list[Group] = []
    for shape, found in by_shape.items():
        kind = str(shape[0])
        paths = {path for look in found for path in (look.path, *series[look.path])}
        names = sorted(path.relative_to(root).as_posix() for path in paths)
        together = merged(found, session)
        if kind == "receipts":
            by_month = all(name_tells_month(look) for look in found)
            pattern = pattern_of(names, by_month=by_month, tells_store=playing("store", together.columns) is None)
            if not paths <= _fitting(root, pattern):
                pattern = pattern_of(names, by_month=False, tells_store=False)
            told = tuple(re.findall(r"{(\w+)}", pattern))
            guesses = guess_receipts(together, told=told, source=slug(name or pattern, set()))
        else:
            pattern, guesses = pattern_of(names, by_month=False, tells_store=False), guess_list(together, kind)
        groups.append(Group(kind, together, found, pattern, guesses))
    _apart([group for group in groups if group.kind == "receipts"], root)
    return groups, unknown


def _apart(groups: Sequence[Group], root: Path) -> None:
    """No file belongs to two patterns: of two that overlap, the one of a single file is that file's name."""
    for group in groups:
        files = _fitting(root, group.pattern)
        others = [other for other in groups if other is not group and files & _fitting(root, other.pattern)]
        if others and len(group.looks) == 1:
            exact = pattern_of([group.looks[0].path.relative_to(root).as_posix()], by_month=False, tells_store=False)
            if len(_fitting(root, exact) & files) == 1 and "{" not in str(group.guesses.columns["store_key"].expression):
                group.pattern = exact


def _join_series(by_shape: dict[Any, list[Look]]) -> None:
    """Files of one series, of which later ones have columns more, are one table of the columns that all of them have."""

    def series(shape: Any) -> set[str]:
        return {re.sub(r"\d+", "0", look.path.name) for look in by_shape[shape]}

    for shape in sorted(by_shape, key=lambda shape: len(shape[1])):
        wider = [other for other in by_shape if (other[0], *other[2:]) == (shape[0], *shape[2:]) and set(shape[1]) < set(other[1])]
        for other in wider if shape in by_shape else ():
            if by_shape[shape][0].dialect.get("header", True) and series(shape) & series(other):
                by_shape[shape] += by_shape.pop(other)


def _fitting(root: Path, pattern: str) -> set[Path]:
    """Files that a pattern matches."""
    return {path for path, _ in matching(root, RawTable(files=pattern, columns={}))}


def slug(text: str, taken: set[str]) -> str:
    """A name for a source, from a pattern of files, that is not taken."""
    plain = re.sub(r"\.(csv|tsv|txt|json|ndjson|jsonl|parquet|gz|zst|zip)\b|\{\w+\}|[*?]", " ", text.rsplit("/", 1)[-1])
    base = re.sub(r"\W+", "_", words(plain)).strip("_")
    base = base if re.match(r"[a-z]", base) else f"till_{base}".rstrip("_")
    found, number = base, 1
    while found in taken:
        number += 1
        found = f"{base}_{number}"
    taken.add(found)
    return found
