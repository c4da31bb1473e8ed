"""What the sampled values of raw columns are: numbers, dates, times, codes, text; told by the readers that ingest.

Here: one column. Not here: marks of numbers (`numbers.py`), formats of dates (`moments.py`), which canonical column they make
(`guesses.py`).
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts import trials
from bmyshop_profiles.ingestion.drafts.moments import DAY, formats_of
from bmyshop_profiles.ingestion.drafts.numbers import POINT, Marks, marks_of

Kind = Literal["empty", "number", "moment", "date", "time", "seconds", "milliseconds", "text"]

CURRENCIES = {"€": "EUR", "EUR": "EUR", "£": "GBP", "GBP": "GBP", "$": "USD", "USD": "USD"}  # those that number() takes off
_SIGNS = re.compile("|".join(re.escape(sign) for sign in CURRENCIES))
_DATED = re.compile(r"\b(date|jour|day|naissance|birth)\w*", re.IGNORECASE)
LOOKED_AT = 2000  # distinct values of a column
TIMED = 20_000  # of which the month and the hour are looked at


@dataclass(frozen=True)
class Column:
    """A raw column of a sample. `values`: those that are not empty, in order; `formats`: of dates and times, most frequent first.

    `iso`: formats that `moment` reads without being told; `doubt`: what its values cannot tell; `marks`: of numbers; `numbers`: what they
    are; `months`, `hours`: of dates and times, by lines.
    """

    name: str
    values: tuple[str, ...]
    empty_share: float
    kind: Kind
    formats: tuple[str, ...] = ()
    distinct: int = 0
    iso: frozenset[str] = frozenset()
    doubt: str | None = None
    marks: Marks = POINT
    numbers: dict[str, float] = field(default_factory=dict, compare=False, repr=False)
    months: Counter[str] = field(default_factory=Counter, compare=False, repr=False)
    hours: Counter[int] = field(default_factory=Counter, compare=False, repr=False)

    @property
    def is_whole(self) -> bool:
        """Digits only."""
        return bool(self.values) and all(value.lstrip("-").isdigit() for value in self.values[:2000])

    @property
    def zoned(self) -> bool:
        """Its times bear an offset: `moment` gives UTC."""
        return any("%z" in form for form in self.formats)

    @property
    def frequent(self) -> list[str]:
        """Its values, most frequent first; of equally frequent ones the earlier."""
        return [value for value, _ in Counter(self.values).most_common()]

    def number(self, text: str | None) -> float | None:
        """What `number` makes of one of its values."""
        return self.numbers.get(text.strip()) if text else None


def columns_of(
    session: Session,
    names: Sequence[str],
    rows: Sequence[Sequence[str | None]],
    *,
    nulls: Collection[str] = (),
    typed: Collection[str] = (),
) -> tuple[tuple[Column, ...], Marks]:
    """The columns of sampled rows, and the marks of their numbers. nulls: words that stand for nothing; typed: written with a point."""
    found = [_column(session, name, [None if row[number] in nulls else row[number] for row in rows]) for number, name in enumerate(names)]
    texts = {column.name: tuple(dict.fromkeys(column.values)) for column in found if column.kind == "text"}
    of_file, marks = marks_of(session, {name: values for name, values in texts.items() if name not in typed})
    marks |= {name: POINT for name in texts if name in typed}
    return tuple(_numeric(session, column, marks.get(column.name), texts.get(column.name, ())) for column in found), of_file


def _column(session: Session, name: str, raw: Sequence[str | None]) -> Column:
    values = tuple(value.strip() for value in raw if value and value.strip())
    if not values:
        return Column(name, (), 1.0, "empty")
    some = list(dict.fromkeys(values))
    column = Column(name, values, 1 - len(values) / len(raw), "text", (), len(some))
    looked_at = some[:: max(1, -(-len(some) // LOOKED_AT))]
    if found := formats_of(session, looked_at, named_as_date=bool(_DATED.search(name))):
        at = trials.moments(
            session,
            some[:: max(1, len(some) // TIMED)],
            [f"%Y-%m-%d {form}" for form in found.formats] if found.kind == "time" else found.formats,
            before=DAY if found.kind == "time" else "",
        )
        moments = [at[value] for value in values if value in at]
        return replace(
            column,
            kind=found.kind,
            formats=found.formats,
            iso=found.iso,
            doubt=found.doubt,
            months=Counter(f"{moment:%Y-%m}" for moment in moments),
            hours=Counter(moment.hour for moment in moments),
        )
    return replace(column, kind=_since_1970(looked_at) or "text")


def _since_1970(values: Sequence[str]) -> Kind | None:
    if all(re.fullmatch(r"\d{9,10}|\d{12,13}", value) for value in values):
        numbers = [int(value) for value in values]
        if all(9.4e8 < number < 2.3e9 for number in numbers):
            return "seconds"
        if all(9.4e11 < number < 2.3e12 for number in numbers):
            return "milliseconds"
    return None


def _numeric(session: Session, column: Column, marks: Marks | None, distinct: Sequence[str]) -> Column:
    if marks is None:
        return column
    return replace(column, kind="number", marks=marks, doubt=marks.doubt, numbers=trials.numbers(session, distinct, marks.dialect))


def currency_of(columns: Sequence[Column]) -> str | None:
    """The currency whose sign stands with the numbers."""
    numbers = [column for column in columns if column.kind == "number"]
    signs = Counter(sign for column in numbers for value in column.values[:200] for sign in _SIGNS.findall(value)[:1])
    return CURRENCIES[signs.most_common(1)[0][0]] if signs else None
