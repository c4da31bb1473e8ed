"""File names of an export → the pattern of a mapping: what changes from month to month and from shop to shop becomes a placeholder."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from bmyshop_profiles.ingestion.drafts.looks import Look
from bmyshop_profiles.ingestion.drafts.roles import playing

_PERIOD = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])(?:([-_.]?)(0[1-9]|[12]\d|3[01]))?(?!\d)")
_SUFFIX = re.compile(r"(\.[A-Za-z]\w*)*$")
_SPLIT = re.compile(r"([/_. -]|\{\w+\})")


def pattern_of(names: Sequence[str], *, by_month: bool, tells_store: bool) -> str:
    """One pattern that fits all names (paths below the raw directory). by_month: a date in a name is that of its lines."""
    patterns = [_with_period(name) if by_month else _escaped(name) for name in names]
    first = patterns[0]
    if all(pattern == first for pattern in patterns):
        return first
    tokens = [_SPLIT.split(pattern) for pattern in patterns]
    if len({len(parts) for parts in tokens}) > 1:
        return _around(patterns)
    merged = []
    stores = 0
    for column in zip(*tokens, strict=True):
        if len(set(column)) == 1:
            merged.append(column[0])
        elif tells_store and not stores and all(re.search(r"[A-Za-z]", part) for part in column):
            stores += 1
            merged.append("{store}")
        else:
            merged.append("*")
    return re.sub(r"\*(?:[_. -]?\*)+", "*", "".join(merged))


def _around(patterns: Sequence[str]) -> str:
    """What all begin and end with, and anything between; names in several directories have nothing but their end in common."""
    if len({pattern.count("/") for pattern in patterns}) > 1:
        ends = {_SUFFIX.search(pattern)[0] for pattern in patterns}  # type: ignore[index]
        return f"**/*{ends.pop()}" if len(ends) == 1 else "**/*"
    start = _shared(patterns)
    end = _shared([pattern[len(start) :][::-1] for pattern in patterns])[::-1]
    start = start[: start.rindex("{")] if start.count("{") > start.count("}") else start
    end = end[end.index("}") + 1 :] if end.count("}") > end.count("{") else end
    return f"{start}*{end}"


def _shared(texts: Sequence[str]) -> str:
    """What all texts begin with."""
    return "".join(letters[0] for letters in itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False)))


def _with_period(name: str) -> str:
    first = _PERIOD.search(name)

    def replaced(found: re.Match[str]) -> str:
        if first and (found[1], found[3], found[5]) != (first[1], first[3], first[5]):
            return "*"  # from one day to another: the first tells the month
        day = f"{found[4]}{{day}}" if found[5] else ""
        return f"{{year}}{found[2]}{{month}}{day}"

    parts = _PERIOD.split(name)
    return _escaped(name) if len(parts) == 1 else "".join(_pieces(name, replaced))


def _pieces(name: str, replaced) -> list[str]:  # type: ignore[no-untyped-def]
    pieces, place = [], 0
    for found in _PERIOD.finditer(name):
        pieces += [_escaped(name[place : found.start()]), replaced(found)]
        place = found.end()
    return [*pieces, _escaped(name[place:])]


def _escaped(name: str) -> str:
    """A name as a pattern that fits itself."""
    return re.sub(r"[*?\[\]{}]", "?", name)


def name_tells_month(look: Look) -> bool:
    """The date in the file's name is that of its lines, not that of the export."""
    found = _PERIOD.search(look.path.name) or _PERIOD.search(look.path.parent.name)
    months = months_of(look)
    return bool(found) and months[f"{found[1]}-{found[3]}"] >= 0.9 * sum(months.values()) > 0 if found else False


def history_of(looks: Sequence[Look]) -> list[str]:
    """First to last month of the sampled lines; a till whose clock was wrong for a few lines makes no month."""
    months: Counter[str] = Counter()
    for look in looks:
        months += months_of(look)
    return sorted(month for month, count in months.items() if count >= 0.02 * max(months.values()))


def months_of(look: Look) -> Counter[str]:
    """Sampled lines by month."""
    column = playing("moment", look.columns) or playing("date", look.columns)
    return column.months if column else Counter()
