"""The careful reader: a text file with something bad in it, keeping every good line and naming every bad one.

Only files in which something failed come here; the fast path is DuckDB's reader. Lines that are plainly well formed pass by blocks
(`blocks.py`), the others are read one by one. A record that does not close its quotes does not swallow what follows: its first line
alone is refused.
"""

import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bmyshop_profiles.ingestion.mapping.mapping import Dialect
from bmyshop_profiles.ingestion.reading.blocks import LONGEST_LINE, NO_DELIMITER, Block, blocks, quote_of
from bmyshop_profiles.ingestion.reading.files import opened

LONGEST_RECORD = 50  # physical lines that one quoted record may span
STILL_NO_JSON = "\x02"
LONGEST_TEXT = 500  # characters kept of a refused line


def shape_of(text: str) -> str:
    """A text without what it says: letters become x, digits 9."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]|[\u0300-\u036f]", "x", text))


@dataclass(frozen=True)
class Bad:
    """A refused line: code (too_many_fields, too_few_fields, too_long, not_text, bad_quotes) and text."""

    code: str
    text: str


def rewrite(path: Path, dialect: Dialect, columns: int, good: Path, bad: Path, told: Callable[[str], str] = shape_of) -> tuple[int, int]:
    """Split a file into its well-formed records and the others, both as UTF-8 CSV without header.

    `good` has the line number and the fields, with the dialect's delimiter and quotes, these doubled inside; of JSON, the number and the
    line, between them what no JSON holds. `bad` has line number, code and what may be told of the text.

    Args:
        path: the raw file. columns: fields a record must have. told: what of a refused line may be kept. Empty lines are no lines.

    Returns:
        How many records are in each of the two.
    """
    good_count = bad_count = 0
    quote = quote_of(dialect) or '"'
    with (
        opened(path) as stream,
        good.open("wb") as out,
        bad.open("w", encoding="utf-8", newline="") as refused,
    ):
        named = csv.writer(refused, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for block, records in _read(blocks(stream, dialect, columns, path), dialect, columns):
            rewritten = io.StringIO(newline="")
            quoted = csv.writer(rewritten, quoting=csv.QUOTE_ALL, lineterminator="\n", delimiter=dialect.delimiter, quotechar=quote)
            for number, record in records:
                if isinstance(record, Bad):
                    tell = shape_of if record.code == "too_many_fields" else told  # a field too many is nobody's known one
                    named.writerow([number, record.code, tell(record.text.rstrip("\r")[:LONGEST_TEXT])])
                    bad_count += 1
                elif dialect.format == "json":
                    rewritten.write(f"{number}{NO_DELIMITER}{record[0].replace(NO_DELIMITER, STILL_NO_JSON)}\n")
                else:
                    quoted.writerow([number, *record])
            plain_count, plain = block.plain()
            out.write(plain)
            out.write(rewritten.getvalue().encode())
            good_count += plain_count + sum(not isinstance(record, Bad) for _, record in records)
    return good_count, bad_count


def _read(found: Iterator[Block], dialect: Dialect, columns: int) -> Iterator[tuple[Block, list[tuple[int, list[str] | Bad]]]]:
    """Each block, and what its odd lines come to: number of the first line, and fields."""
    ahead: deque[Block] = deque()
    while block := ahead.popleft() if ahead else next(found, None):
        records = []
        for place in block.odd.nonzero()[0].tolist():
            if not block.taken[place]:
                record, more = _record(block.line(place), _lines_after(block, place, ahead, found), dialect, columns)
                _take(block, place + 1, more, ahead)
                if record is not None:
                    records.append((block.first + place, record))
        yield block, records


def _lines_after(block: Block, place: int, ahead: deque[Block], found: Iterator[Block]) -> Iterator[str | bytes]:
    """The lines that follow one, in its block and in the next ones, which are put `ahead`."""
    yield from map(block.line, range(place + 1, len(block.ends)))
    for number in itertools.count():
        if number == len(ahead):
            if (more := next(found, None)) is None:
                return
            ahead.append(more)
        yield from map(ahead[number].line, range(len(ahead[number].ends)))


def _take(block: Block, place: int, count: int, ahead: deque[Block]) -> None:
    """Mark as taken so many lines from a place on."""
    for one in (block, *ahead):
        one.taken[place : place + count] = True
        count -= min(count, len(one.ends) - place)
        place = 0


def _record(text: str | bytes, following: Iterator[str | bytes], dialect: Dialect, columns: int) -> tuple[list[str] | Bad | None, int]:
    """What a line begins, and how many of the following lines belong to it; None where it is no line."""
    if isinstance(text, bytes):
        return Bad("not_text", text.decode("latin-1")), 0
    if len(text) > LONGEST_LINE:
        return Bad("too_long", text), 0
    if dialect.format == "json":
        return [text.strip()] if text.strip() else None, 0
    if not text.rstrip("\r"):
        return None, 0
    joined, more = text, 0
    while (fields := _fields(joined, dialect)) is None and more < LONGEST_RECORD and len(joined) <= LONGEST_LINE:
        line = next(following, None)
        if not isinstance(line, str):
            break
        joined += "\n" + line
        more += 1
    if fields is not None and len(fields) > columns and not any(fields[columns:]):
        fields = fields[:columns]  # a delimiter at the end of every line, as DuckDB's reader takes it
    if fields is not None and len(fields) == columns:
        return fields, more
    if fields is None or more:
        return Bad("bad_quotes", text), 0
    return Bad("too_many_fields" if len(fields) > columns else "too_few_fields", text), 0


def _fields(text: str, dialect: Dialect) -> list[str] | None:
    """Fields of a record as DuckDB's reader takes them; None while its quotes are open or wrong.

    Blanks around a quoted field are none of it; the escape, or a quote twice, is a quote inside quotes only.
    """
    text = text.rstrip("\r")
    quote, delimiter = dialect.quote, dialect.delimiter
    if quote is None or quote not in text:
        return text.split(delimiter)
    fields, place = [], 0
    while True:
        start = place
        while text[start : start + 1] == " " != delimiter:
            start += 1
        if text[start : start + 1] != quote:
            end = text.find(delimiter, place)
            fields.append(text[place : end if end >= 0 else None])
            if end < 0:
                return fields
        else:
            value, end = _quoted(text, start + 1, quote, dialect.escape or quote)
            while text[end : end + 1] == " " != delimiter:
                end += 1
            if value is None or text[end : end + 1] not in ("", delimiter):
                return None
            fields.append(value)
            if end == len(text):
                return fields
        place = end + 1


def _quoted(text: str, place: int, quote: str, escape: str) -> tuple[str | None, int]:
    """What stands between quotes from a place on, and the place after them; None where they do not close."""
    parts = []
    special = re.compile(f"[{re.escape(quote + escape)}]")
    while found := special.search(text, place):
        parts.append(text[place : found.start()])
        following = text[found.end() : found.end() + 1]
        if following and following in (quote, escape) and (found[0] == escape or following == quote):
            parts.append(following)
            place = found.end() + 1
        elif found[0] == quote:
            return "".join(parts), found.end()
        else:
            parts.append(found[0])
            place = found.end()
    return None, len(text)
