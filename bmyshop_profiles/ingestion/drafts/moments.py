"""Which formats read the dates and times of a column: made from the shape of its values, judged by `moment`.

One order of day and month per column, settled by all its values, whatever parts them. Not here: which column is the time of a receipt.
"""

import datetime
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts import trials

ORDERS = ("dmy", "mdy", "ymd")
FORMATS = 6  # of one column at most
RARE = 0.02  # of the values: a format that reads fewer is chance
READ = 0.9  # of the values must be read
DAY = "2000-01-01 "
_ZONE = r"(?P<gap> ?)(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?"
_TIME = r"(?P<h>\d{1,2})(?:(?P<hm>[:hH.])(?P<mi>\d\d)(?:(?P<ms>[:mM.])(?P<se>\d\d)(?:(?P<sf>[.,])\d{1,9})?)?)(?P<half> ?[AaPp][Mm])?"
_DATE = (
    r"(?:(?P<a>\d{1,4})(?P<s>[-/. ])(?P<b>\d{1,2})(?P=s)(?P<c>\d{1,4})"
    r"|(?P<day>\d{1,2})(?P<t>[- /])(?P<name>[A-Za-z]{3,9})(?P<u>[- /])(?P<year>\d{4}))"
)
_MOMENT = re.compile(rf"{_DATE}(?:(?P<glue>T|,? +|_){_TIME}{_ZONE})?")
_COMPACT = re.compile(r"(?P<date>\d{8})(?:(?P<glue>[T_ -]?)(?P<time>\d{4}|\d{6}))?")
_ALONE = re.compile(_TIME)


@dataclass(frozen=True)
class Formats:
    """How a column's dates or times are written. iso: those that `moment` reads without being told; doubt: what the sample cannot tell."""

    kind: Literal["moment", "date", "time"]
    formats: tuple[str, ...]
    iso: frozenset[str] = frozenset()
    doubt: str | None = None

    @property
    def zoned(self) -> bool:
        """They bear an offset: `moment` gives UTC."""
        return any("%z" in form for form in self.formats)


def formats_of(session: Session, values: Sequence[str], *, named_as_date: bool = False) -> Formats | None:
    """Formats of distinct values, if they are dates or times."""
    shapes = {value: shape for value in values if (shape := _shape(value, named_as_date))}
    if len(shapes) >= READ * len(values):
        return _dates(session, values, shapes)
    times = {value: form for value in values if (form := _time(value))}
    if len(times) >= READ * len(values):
        formats = _frequent(times.values(), len(values))
        read = trials.moments(session, values, [f"%Y-%m-%d {form}" for form in formats], before=DAY)
        if len(read) >= READ * len(values):
            plain = trials.moments(session, values, (), before=DAY)
            return Formats("time", formats, frozenset(form for form in formats if all(v in plain for v, f in times.items() if f == form)))
    return None


def _dates(session: Session, values: Sequence[str], shapes: dict[str, dict[str, str]]) -> Formats | None:
    read: dict[str, set[str]] = {}
    formats: dict[str, tuple[str, ...]] = {}
    for order in _orders(values):
        formats[order] = _one_zone(_frequent([shape[order] for shape in shapes.values() if order in shape], len(values)))
        if formats[order] not in [formats[other] for other in read]:
            found = trials.moments(session, values, formats[order])
            forms = {value: shapes[value][order] for value in found if order in shapes.get(value, {})}
            read[order] = {value for value, form in forms.items() if _plausible(found[value], form)}
    best = max(read, key=lambda order: (len(read[order]), -ORDERS.index(order)))
    if not read[best] or len(read[best]) < READ * len(values):
        return None
    plain = trials.moments(session, values, ())
    iso = frozenset(form for form in formats[best] if all(value in plain for value, shape in shapes.items() if shape.get(best) == form))
    timed = sum("%H" in shape[best] or "%I" in shape[best] for value, shape in shapes.items() if best in shape)
    return Formats("moment" if 2 * timed >= len(values) else "date", formats[best], iso, _doubt(best, read, len(values)))


def _orders(values: Sequence[str]) -> tuple[str, ...]:
    """Orders that could be. Of 20/07/25 the year comes first only where it changes less than the day."""
    found = [match for value in values if (match := _MOMENT.match(value)) and match["a"]]
    first, last = {match["a"] for match in found}, {match["c"] for match in found}
    short = any(len(match["a"]) <= 2 and len(match["c"]) <= 2 for match in found)
    return ORDERS if not short or len(first) < len(last) else ORDERS[:2]


def _doubt(best: str, read: dict[str, set[str]], count: int) -> str | None:
    others = {order: found for order, found in read.items() if order != best}
    words = {"dmy": "day", "mdy": "month", "ymd": "year"}
    for order, found in others.items():
        if len(found) == len(read[best]):
            return f"the sample cannot tell whether {words[best]} or {words[order]} comes first; {words[best]} is assumed"
        if len(found - read[best]) > RARE * count:
            share = 100 * len(found - read[best]) / count
            return f"{words[best]} is taken to come first, but {share:.0f} % of the values can only have the {words[order]} first"
    return None


def _plausible(at: datetime.datetime, form: str) -> bool:
    """Years of shops and of people; two digits of a year say more than that."""
    if "%y" in form:
        return True
    return (1990 if "%H" in form or "%I" in form else 1900) <= at.year < 2050


def _frequent(forms: object, count: int) -> tuple[str, ...]:
    """The formats that are not chance, most frequent first."""
    counts = Counter(forms)  # type: ignore[call-overload]
    most = [form for form, times in counts.most_common(FORMATS) if times >= RARE * count and (times > 1 or times == count or count < 20)]
    return tuple(most)


def _one_zone(formats: tuple[str, ...]) -> tuple[str, ...]:
    """With an offset or without: the two are read as different hours."""
    return tuple(form for form in formats if ("%z" in form) == ("%z" in formats[0]))


def _shape(value: str, named_as_date: bool) -> dict[str, str] | None:
    """The format of a value, for each order of day, month and year that its digits allow."""
    if match := _COMPACT.fullmatch(value):
        time = {None: "", 4: "%H%M", 6: "%H%M%S"}[len(match["time"]) if match["time"] else None]
        after = (match["glue"] or "") + time
        forms = {"ymd": f"%Y%m%d{after}"}
        if named_as_date and not 1990 <= int(value[:4]) < 2050:
            forms = {"dmy": f"%d%m%Y{after}", "mdy": f"%m%d%Y{after}"}
        return forms if len(forms) > 1 else dict.fromkeys(ORDERS, forms["ymd"])
    match = _MOMENT.fullmatch(value)
    if match is None:
        return None
    after = ""
    if match["glue"]:
        after = match["glue"] + _time_form(match)
        after += match["gap"] + ("%z" if match["zone"] else "")
    if match["name"]:
        month = "%b" if len(match["name"]) == 3 else "%B"
        return dict.fromkeys(ORDERS, f"%d{match['t']}{month}{match['u']}%Y{after}")
    a, s, c = match["a"], match["s"], match["c"]
    if len(a) == 4 and len(c) <= 2:
        return dict.fromkeys(ORDERS, f"%Y{s}%m{s}%d{after}")
    if len(a) > 2 or len(c) not in (2, 4):
        return None
    year = "%Y" if len(c) == 4 else "%y"
    found = {"dmy": f"%d{s}%m{s}{year}{after}", "mdy": f"%m{s}%d{s}{year}{after}"}
    return found | ({"ymd": f"%y{s}%m{s}%d{after}"} if year == "%y" and len(a) == 2 else {})


def _time_form(match: re.Match[str]) -> str:
    seconds = f"{match['ms']}%S" + (f"{match['sf']}%f" if match["sf"] else "") if match["ms"] else ""
    half = match["half"]
    return f"{'%I' if half else '%H'}{match['hm']}%M{seconds}" + (f"{half[:-2]}%p" if half else "")


def _time(value: str) -> str | None:
    match = _ALONE.fullmatch(value)
    return _time_form(match) if match and match["hm"] != "." else None  # 1.10 is a price
