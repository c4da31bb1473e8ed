"""The careful reader: a text file line by line, keeping every good line and naming every bad one.

Only files in which something failed come here; the fast path is DuckDB's reader. A record that does not close its quotes
does not swallow what follows: its first line alone is refused.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.mapping.mapping import Dialect
from bmyshop_profiles.ingestion.reading.files import opened

LONGEST_RECORD = 50  # physical lines that one quoted record may span
LONGEST_LINE = 500_000  # characters: at most the 2 MB that DuckDB takes for one line
BLOCK = 1 << 20  # bytes decoded at once
LONGEST_TEXT_WITHOUT_END = 64 << 20  # bytes: no export of a till
LONGEST_TEXT = 500  # characters kept of a refused line


def shape_of(text: str) -> str:
    """A text without what it says: letters become x, digits 9."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]|[\u0300-\u036f]", "x", text))


def rewrite(path: Path, dialect: Dialect, columns: int, good: Path, bad: Path, told: Callable[[str], str] = shape_of) -> tuple[int, int]:
    """Split a file into its well-formed records and the others, both as UTF-8 CSV without header.

    `good` has the line number and the fields, with the dialect's delimiter and double quotes; of JSON, the number and the line.
    `bad` has line number, code (too_many_fields, too_few_fields, too_long, not_text, bad_quotes) and what may be told of the text.

    Args:
        path: the raw file. columns: fields a record must have. told: what of a refused line may be kept. Empty lines are no lines.

    Returns:
        How many records are in each of the two.
    """
    counts = [0, 0]
    is_json = dialect.format == "json"
    delimiter = "," if is_json else dialect.delimiter
    with (
        opened(path) as stream,
        good.open("w", encoding="utf-8", newline="") as out,
        bad.open("w", encoding="utf-8", newline="") as refused,
    ):
        quoted = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        named = csv.writer(refused, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, record in _documents(stream, dialect, path) if is_json else _records(stream, dialect, columns, path):
            if isinstance(record, str):  # most lines: as it stands
                out.write(f"{number}{delimiter}{record}\n")
            elif isinstance(record, list):
                quoted.writerow([number, *record])
            else:
                tell = shape_of if record.code == "too_many_fields" else told  # a field too many is nobody's known one
                named.writerow([number, record.code, tell(record.text.rstrip("\r")[:LONGEST_TEXT])])
            counts[isinstance(record, _Bad)] += 1
    return counts[0], counts[1]


@dataclass(frozen=True)
class _Bad:
    code: str
    text: str


def _documents(stream: BinaryIO, dialect: Dialect, path: Path) -> Iterator[tuple[int, list[str] | _Bad]]:
    for number, text in _lines(stream, dialect, path):
        if isinstance(text, bytes):
            yield number, _Bad("not_text", text.decode("latin-1"))
        elif text.strip():
            yield number, [text.strip()] if len(text) <= LONGEST_LINE else _Bad("too_long", text)


def _records(stream: BinaryIO, dialect: Dialect, columns: int, path: Path) -> Iterator[tuple[int, str | list[str] | _Bad]]:
    """The number of the first line and, of a good record, its text if it has nothing to quote, else its fields."""
    lines = _lines(stream, dialect, path)
    waiting: deque[tuple[int, str | bytes]] = deque()
    odd = re.compile(f'["\r{re.escape(dialect.quote or "")}]').search
    delimiter, needed = dialect.delimiter, columns - 1
    while line := waiting.popleft() if waiting else next(lines, None):
        number, text = line
        if isinstance(text, bytes):
            yield number, _Bad("not_text", text.decode("latin-1"))
        elif len(text) > LONGEST_LINE:
            yield number, _Bad("too_long", text)
        elif bare := text.rstrip("\r"):
            if needed and bare.count(delimiter) == needed and not odd(bare):
                yield number, bare
            else:
                yield number, _odd_record(text, lines, waiting, dialect, columns)


def _odd_record(
    text: str, lines: Iterator[tuple[int, str | bytes]], waiting: deque[tuple[int, str | bytes]], dialect: Dialect, columns: int
) -> list[str] | _Bad:
    """A record that quotes something, and may go on in the next lines, or a bad line. Lines that are not of it wait to be read."""
    joined = text
    extra: list[tuple[int, str | bytes]] = []
    while (fields := _fields(joined, dialect)) is None and len(extra) < LONGEST_RECORD and len(joined) <= LONGEST_LINE:
        following = waiting.popleft() if waiting else next(lines, None)
        if following is None:
            break
        extra.append(following)
        if isinstance(following[1], bytes):
            break
        joined += "\n" + following[1]
    if fields is not None and len(fields) > columns and not any(fields[columns:]):
        fields = fields[:columns]  # a delimiter at the end of every line, as DuckDB's reader takes it
    if fields is not None and len(fields) == columns:
        return fields
    waiting.extendleft(reversed(extra))
    if fields is None or extra:
        return _Bad("bad_quotes", text)
    return _Bad("too_many_fields" if len(fields) > columns else "too_few_fields", text)


def _lines(stream: BinaryIO, dialect: Dialect, path: Path) -> Iterator[tuple[int, str | bytes]]:
    """Physical lines from 1, decoded, without their line feed; the bytes where they are not text in the declared encoding."""
    passed = dialect.skip_lines + (dialect.header and dialect.format == "csv")
    number = 0
    while block := stream.read(BLOCK):
        rest = stream.readline(LONGEST_TEXT_WITHOUT_END)
        if len(rest) == LONGEST_TEXT_WITHOUT_END:
            raise BmyshopError(f"{path}: has {LONGEST_TEXT_WITHOUT_END:,} bytes without a line end; is there one record per line?")
        block = (block + rest).removesuffix(b"\n")
        if not number:
            block = block.removeprefix(b"\xef\xbb\xbf")
        try:
            texts: Sequence[str | bytes] = block.decode(dialect.encoding).split("\n")
        except UnicodeDecodeError:
            texts = [_decoded(line, dialect.encoding) for line in block.split(b"\n")]
        for text in texts:
            number += 1
            if number > passed:
                yield number, text


def _decoded(line: bytes, encoding: str) -> str | bytes:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return line


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
