"""One raw file, looked at: how it is written and what its columns hold, whether delimited, JSON or Parquet. From samples; nothing is kept.

Not here: which canonical columns it makes (`guesses.py`), what is printed of it (`draft.py`).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, identifier
from bmyshop_profiles.ingestion.drafts.dialects import Written, how_written, unique
from bmyshop_profiles.ingestion.drafts.numbers import POINT, Marks
from bmyshop_profiles.ingestion.drafts.roles import names_speak, speak_of_articles, words
from bmyshop_profiles.ingestion.drafts.samples import Sample, is_parquet, parquet_sample, sample_of
from bmyshop_profiles.ingestion.drafts.sensitive import masked
from bmyshop_profiles.ingestion.drafts.values import Column, columns_of
from bmyshop_profiles.ingestion.reading.contents import refuse_no_text

ROWS = 20_000
NULLS = ("NULL", "null", "Null", "\\N", "n/a", "N/A", "#N/A", "(null)", "None", "nan", "NaN", "-", "--")


@dataclass(frozen=True)
class Look:
    """What was seen of a file.

    `dialect`: the keys of the mapping's dialect; `notes`: what a person should know of the guesses; `typed`: columns that the file itself
    calls numbers (of Parquet), which may be written as 1e-16; `no_sales`: column and value of lines that are totals, or the header again.
    """

    path: Path
    dialect: dict[str, Any]
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | None, ...], ...]
    marks: Marks
    notes: tuple[str, ...]
    whole: bool
    typed: frozenset[str] = frozenset()
    is_ascii: bool = False
    has_quotes: bool = False
    no_sales: tuple[tuple[str, str], ...] = ()

    @property
    def lines(self) -> str | None:
        """Path of the array of articles, for JSON."""
        found: str | None = self.dialect.get("lines")
        return found

    def values(self, name: str) -> list[str | None]:
        """A column's sampled values, row by row."""
        place = [column.name for column in self.columns].index(name)
        return [row[place] for row in self.rows]


def look_at(path: Path, session: Session) -> Look:
    """Look at a file.

    Raises:
        BmyshopError: it cannot be read, or is not of a kind that ingestion reads.
    """
    if not path.is_file():
        raise BmyshopError(f"{path}: is not a file; name files, as in sources inspect exports/*.csv")
    try:
        return _looked_at(path, session)
    except (BmyshopError, MemoryError):
        raise
    except Exception as error:  # of any file a person gets words, never a traceback
        raise BmyshopError(f"{path}: could not be looked at ({type(error).__name__}); is it an export of a till?") from error


def _looked_at(path: Path, session: Session) -> Look:
    if is_parquet(path):
        return _parquet(path, session)
    refuse_no_text(path, str(path))
    sample = sample_of(path)
    start = sample.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _json(path, sample, session) if start.startswith(b"{") else _delimited(path, sample, session)


def _parquet(path: Path, session: Session) -> Look:
    table, whole = parquet_sample(path)
    session.connection.register("sample", table)
    try:
        names = table.column_names
        texts = ", ".join(f"nullif({identifier(name)}::varchar, '')" for name in names)
        step = max(1, table.num_rows // ROWS)
        rows = session.execute(f"select {texts} from (select *, row_number() over () as n from sample) where n % {step} = 0").fetchall()
    finally:
        session.connection.unregister("sample")
    # Parquet's numbers are written with a point, whatever the country
    numeric = (pa.types.is_floating, pa.types.is_decimal)
    typed = frozenset(each.name for each in table.schema if any(is_kind(each.type) for is_kind in numeric))
    columns, _ = columns_of(session, names, rows, typed=typed)
    return Look(path, {"format": "parquet"}, columns, tuple(rows), POINT, (), whole, typed)


def _delimited(path: Path, sample: Sample, session: Session) -> Look:
    written = how_written(sample, rows=ROWS)
    header, why = _is_header(written, session)
    names, notes = unique(written.first), list(written.notes)
    dialect: dict[str, Any] = {
        "format": "csv",
        "delimiter": written.delimiter,
        "quote": written.quote,
        "escape": written.escape,
        "encoding": written.encoding,
        "skip_lines": written.skip_lines,
        "header": header,
    }
    rows = written.rows
    if not header:
        rows = (written.first, *rows)
        names = tuple(f"column_{number}" for number in range(1, len(written.first) + 1))
        notes.append(f"{why}: a file without header is assumed. If that line does name the columns, say header: true and drop names")
    elif names != tuple(name.strip() for name in written.first):
        notes.append("the header names a column twice, or not at all: the header line is skipped and names stand here")
        dialect |= {"skip_lines": written.skip_lines + 1, "header": False}
    if not dialect["header"]:
        dialect["names"] = list(names)
    if written.odd_lines:
        notes.append(
            f"{written.odd_lines} of {written.odd_lines + len(rows)} sampled lines have another number of fields; they would be refused"
        )
    nulls = _nulls(names, rows)
    if nulls:
        dialect["nulls"] = list(nulls)
        notes.append(f"ASSUMED: the words {', '.join(nulls)} stand for nothing, whatever the column")
    columns, marks = columns_of(session, names, rows, nulls=nulls)
    content = sample.content
    is_ascii, has_quotes = content.isascii(), b'"' in content or written.quote == "'"
    return Look(
        *(path, dialect, columns, rows, marks, tuple(notes), sample.whole),
        is_ascii=is_ascii,
        has_quotes=has_quotes,
        no_sales=_no_sales(written, names) if header else (),
    )


def _no_sales(written: Written, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Column and value of lines that are no sales: the header, where it comes again; totals."""
    return ((names[0], written.first[0].strip()),) * bool(written.headers_again) + tuple(
        (names[place], total) for place, total in sorted(written.totals)
    )


def _nulls(names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> tuple[str, ...]:
    """Words that stand for nothing, as some column has them; none of them where articles are called so."""
    found: Counter[str] = Counter()
    for place, name in enumerate(names):
        counts = Counter(row[place] for row in rows)
        for word in NULLS:
            if counts[word] and speak_of_articles([name]) and not re.search(r"\b(qt|quant|prix|price|mont|amount|total)", words(name)):
                found[word] -= len(rows)
            elif counts[word] > 1:
                found[word] += counts[word]
    return tuple(word for word in NULLS if found[word] > 0)


def _is_header(written: Written, session: Session) -> tuple[bool, str]:
    """Whether the first line names the columns, and why not. In doubt it does not: a first line of data may hold a person."""
    cells = [cell.strip() for cell in written.first]
    said = {masked(cell) for cell in cells if cell}
    if not said or not said <= {"‹text›", "‹person›"}:
        plain = all(word in ("‹text›", "‹person›", "‹digits and marks›") or word.endswith(("digit›", "digits›")) for word in said)
        if not plain or names_speak(cells) < max(2, len(cells) / 3):
            return False, "the first line holds values"
    if any(cell and cell in {row[place] for row in written.rows[:5000]} for place, cell in enumerate(cells)):
        return False, "words of the first line come again further down"
    if names_speak(cells):
        return True, ""
    kinds = [column.kind for column in columns_of(session, cells, written.rows[:500])[0]]
    if any(cell and kind not in ("text", "empty") for cell, kind in zip(cells, kinds, strict=True)):
        return True, ""
    return False, "nothing tells the first line from the others"


def _json(path: Path, sample: Sample, session: Session) -> Look:
    documents, bad = [], 0
    texts = sample.content.decode("utf-8-sig", errors="replace").split("\n")
    step = max(1, len(texts) // ROWS)
    for text in texts[::step]:
        if text.strip():
            try:
                found = json.loads(text, parse_float=str, parse_int=str)
            except ValueError:
                bad += 1
                continue
            if isinstance(found, dict):
                documents.append(found)
            else:
                bad += 1
    if not documents:
        raise BmyshopError(f"{path}: no line is a JSON object; ingestion reads one object per line")
    elements = {name: value[0] for document in documents[:1000] for name, value in _fields(document, "") if _is_array(value)}
    lines = max(elements, key=lambda name: (speak_of_articles(list(elements[name])), -len(name)), default=None)
    dialect: dict[str, Any] = {"format": "json"} | ({"lines": lines} if lines else {})
    records = [record for document in documents for record in _records(document, lines)][: 2 * ROWS]
    names = list(dict.fromkeys(name for record in records for name in record))
    rows = tuple(tuple(record.get(name) for name in names) for record in records)
    notes = [f"{bad} sampled lines are no JSON object; they would be refused"] if bad else []
    if others := sorted(set(elements) - {lines}):
        notes.append(f"arrays that are not read: {', '.join(others)}")
    columns, marks = columns_of(session, names, rows)
    return Look(path, dialect, columns, rows, marks, tuple(notes), sample.whole)


def _is_array(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _fields(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of the fields of an object, those of objects inside it too; arrays as they are."""
    for name, inner in value.items():
        whole = f"{path}.{name}" if path else name
        if isinstance(inner, dict):
            yield from _fields(inner, whole)
        else:
            yield whole, inner


def _records(document: dict[str, Any], lines: str | None) -> Iterator[dict[str, str | None]]:
    top = {name: _text(value) for name, value in _fields(document, "") if not isinstance(value, list)}
    if lines is None:
        yield top
        return
    elements = dict(_fields(document, "")).get(lines)
    for element in elements if isinstance(elements, list) else []:
        if isinstance(element, dict):
            yield top | {f"{lines}.{name}": _text(value) for name, value in _fields(element, "") if not isinstance(value, list)}


def _text(value: Any) -> str | None:
    return None if value is None else value if isinstance(value, str) else str(value).lower()


def alike(look: Look) -> tuple[object, ...]:
    """What files of one shape have in common; quotes, and the encoding of plain ASCII, are not among it: not every file shows them."""
    same = ("format", "delimiter", "skip_lines", "header", "lines")
    encoding = "" if look.is_ascii else look.dialect.get("encoding")
    return tuple(column.name for column in look.columns), *(look.dialect.get(key) for key in same), encoding


def merged(looks: Sequence[Look], session: Session) -> Look:
    """One look at several files alike: their lines together, and of how they are written what any of them shows."""
    first = looks[0]
    if len(looks) == 1:
        return first
    dialect = dict(first.dialect)
    nulls = list(dict.fromkeys(word for look in looks for word in look.dialect.get("nulls", ())))
    if nulls:
        dialect["nulls"] = nulls
    for look in looks:
        if not look.is_ascii:
            dialect["encoding"] = look.dialect.get("encoding")
        if look.has_quotes:
            dialect |= {key: look.dialect.get(key) for key in ("quote", "escape")}
    most = max(1000, ROWS // len(looks))
    shared = [column.name for column in first.columns if all(column.name in {each.name for each in look.columns} for look in looks)]
    rows: tuple[tuple[str | None, ...], ...] = ()
    for look in looks:
        places = [[each.name for each in look.columns].index(name) for name in shared]
        rows += tuple(tuple(row[place] for place in places) for row in look.rows[:: max(1, len(look.rows) // most)])
    others = list(dict.fromkeys(column.name for look in looks for column in look.columns if column.name not in shared))
    notes = [f"columns that only some of the files have are not read: {', '.join(others)}"] if others else []
    typed = first.typed.intersection(*(look.typed for look in looks))
    columns, marks = columns_of(session, shared, rows, typed=typed, nulls=nulls)
    return replace(
        first,
        dialect=dialect,
        columns=columns,
        rows=rows,
        marks=POINT if dialect["format"] == "parquet" else marks,
        notes=tuple(dict.fromkeys([*(note for look in looks for note in look.notes), *notes])),
        whole=all(look.whole for look in looks),
        typed=typed,
        no_sales=tuple(dict.fromkeys(each for look in looks for each in look.no_sales)),
    )
