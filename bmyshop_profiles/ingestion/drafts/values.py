"""What the sampled values of raw columns are: numbers (with which marks), dates (in which formats), times, codes, text.

Here: reading values. Not here: which canonical column they make (`guesses.py`).
"""

import datetime
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bmyshop_profiles.ingestion.mapping.functions import SPACES

Kind = Literal["empty", "number", "moment", "date", "time", "seconds", "milliseconds", "text"]

DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y")
TIMES = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%Hh%M", "%I:%M:%S %p", "%I:%M %p")
COMPACT = ("%Y%m%d%H%M%S", "%Y%m%d%H%M")
MOMENTS = (*(f"{date}{between}{time}" for date, between, time in itertools.product(DATES, (" ", "T"), TIMES)), *COMPACT)
CURRENCIES = {"€": "EUR", "EUR": "EUR", "£": "GBP", "GBP": "GBP", "$": "USD", "USD": "USD"}  # those that number() takes off
_NUMBER = re.compile(rf"[-+]?\d+(?:[{SPACES}'.,]\d+)*-?")
_SIGNS = re.compile("|".join(re.escape(sign) for sign in CURRENCIES))
_YEARS = (datetime.datetime(1990, 1, 1), datetime.datetime(2050, 1, 1))


@dataclass(frozen=True)
class Column:
    """A raw column of a sample. `values`: those that are not empty, in order; `formats`: of dates and times, most frequent first."""

    name: str
    values: tuple[str, ...]
    empty_share: float
    kind: Kind
    formats: tuple[str, ...] = ()
    distinct: int = 0

    @property
    def is_whole(self) -> bool:
        """Digits only."""
        return bool(self.values) and all(value.lstrip("-").isdigit() for value in self.values[:2000])

    @property
    def frequent(self) -> list[str]:
        """Its values, most frequent first; of equally frequent ones the earlier."""
        return [value for value, _ in Counter(self.values).most_common()]


@dataclass(frozen=True)
class Marks:
    """How the file writes numbers. `sure`: some value could not be read otherwise."""

    decimal: str
    thousands: str | None
    sure: bool


def columns_of(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> tuple[Column, ...]:
    """The columns of sampled rows."""
    return tuple(_column(name, [row[number] for row in rows]) for number, name in enumerate(names))


def _column(name: str, raw: Sequence[str | None]) -> Column:
    values = tuple(value.strip() for value in raw if value and value.strip())
    if not values:
        return Column(name, (), 1.0, "empty")
    some = list(dict.fromkeys(values))
    looked_at = some[:: max(1, len(some) // 400)]
    kind, formats = _kind(looked_at)
    return Column(name, values, 1 - len(values) / len(raw), kind, formats, len(some))


def _kind(values: Sequence[str]) -> tuple[Kind, tuple[str, ...]]:
    digits = all(re.fullmatch(r"\d{8}|\d{10}|\d{12,14}", value) for value in values)
    formats: tuple[str, ...]
    for kind, candidates in (("moment", MOMENTS), ("date", DATES), ("time", TIMES)):
        if _may_be_date(values) or digits:
            formats = _formats(values, candidates)
            if formats:
                return kind, formats  # type: ignore[return-value]
    if digits:
        numbers = [int(value) for value in values]
        if all(9.4e8 < number < 2.3e9 for number in numbers):
            return "seconds", ()
        if all(9.4e11 < number < 2.3e12 for number in numbers):
            return "milliseconds", ()
    numeric = sum(number_of(value) is not None for value in values)
    return ("number", ()) if numeric >= 0.9 * len(values) else ("text", ())


def _may_be_date(values: Sequence[str]) -> bool:
    return sum(bool(re.match(r"\d{1,4}[-/.:h]\d", value)) for value in values) > 0.5 * len(values)


def _formats(values: Sequence[str], candidates: Iterable[str]) -> tuple[str, ...]:
    """Formats that together read nearly all values: the one that reads the most first. Day before month where both would do."""
    left = list(values)
    found: list[str] = []
    while left:
        scored = [(sum(_reads(value, format_) for value in left), -place, format_) for place, format_ in enumerate(candidates)]
        times, _, best = max(scored)
        # what reads a few values only is chance: 12/13/2025 among days first is a mistake, not a month first
        if times < (0.1 if swapped(best) in found else 0.02) * len(values) or (found and times < 2) or times == 0 or len(found) == 4:
            break
        found.append(best)
        left = [value for value in left if not _reads(value, best)]
    return tuple(found) if len(left) <= 0.05 * len(values) else ()


def _reads(value: str, format_: str) -> bool:
    try:
        found = datetime.datetime.strptime(value.removesuffix("Z") if "T" in format_ else value, format_)
    except ValueError:
        return False
    has_date = "%d" in format_
    return not has_date or _YEARS[0] <= found < _YEARS[1] or (format_ in DATES and 1900 <= found.year < 2050)


def day_or_month_first(column: Column) -> bool:
    """The sample cannot tell 03/04 as the third of April from the fourth of March."""
    if not column.formats or not column.formats[0].startswith(("%d", "%m")):
        return False
    return all(_reads(value, swapped(column.formats[0])) for value in dict.fromkeys(column.values[:5000]))


def swapped(format_: str) -> str:
    """Day and month the other way round."""
    return format_.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")


def number_of(text: str) -> str | None:
    """The digits and marks of a number, its currency sign taken off; None when it is none."""
    bare = _SIGNS.sub("", text).strip().strip(SPACES)
    return bare if _NUMBER.fullmatch(bare) else None


def currency_of(columns: Sequence[Column]) -> str | None:
    """The currency whose sign stands with the numbers."""
    numbers = [column for column in columns if column.kind == "number"]
    signs = Counter(sign for column in numbers for value in column.values[:200] for sign in _SIGNS.findall(value)[:1])
    return CURRENCIES[signs.most_common(1)[0][0]] if signs else None


def marks_of(columns: Sequence[Column]) -> Marks:
    """Decimal and thousands marks of the columns that are numbers: one pair for the file."""
    decimals: Counter[str] = Counter()
    thousands: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    for column in columns:
        if column.kind != "number":
            continue
        for value in dict.fromkeys(column.values[:5000]):
            number = number_of(value)
            if number is None:
                continue
            marks = [" " if mark in SPACES else mark for mark in re.findall(r"[^\d+-]", number)]
            if not marks:
                continue
            last, after = marks[-1], len(re.split(r"[^\d]", number.rstrip("-"))[-1])
            if len(set(marks)) > 1:
                decimals[last] += 1
                thousands[marks[0]] += 1
            elif len(marks) > 1 or last in " '":
                thousands[last] += 1
            elif after != 3:
                decimals[last] += 1
            else:
                unsure[last] += 1
    sure = bool(decimals)
    decimal = decimals.most_common(1)[0][0] if decimals else "."
    if not decimals and unsure:
        decimal = unsure.most_common(1)[0][0]
    others = [mark for mark, _ in thousands.most_common() if mark != decimal]
    if sure and not others:
        others = [mark for mark in unsure if mark != decimal]
    return Marks(decimal, others[0] if others else None, sure or not unsure)


def as_float(text: str, marks: Marks) -> float | None:
    """A number as the marks say; None when it is none."""
    number = number_of(text)
    if number is None:
        return None
    for mark in SPACES if marks.thousands == " " else marks.thousands or "":
        number = number.replace(mark, "")
    try:
        return float(number.replace(marks.decimal, "."))
    except ValueError:
        return None
