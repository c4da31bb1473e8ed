"""The careful reader: a text file line by line, keeping every good line and naming every bad one.

Only files in which something failed come here; the fast path is DuckDB's reader. A record that does not close its quotes
does not swallow what follows: its first line alone is refused.
"""

import csv
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from bmyshop_profiles.ingestion.files import csv_options, opened
from bmyshop_profiles.ingestion.mapping import Dialect

LONGEST_RECORD = 50  # physical lines that one quoted record may span
LONGEST_TEXT = 500  # characters kept of a refused line

csv.field_size_limit(sys.maxsize)


def shape_of(text: str) -> str:
    """A text without what it says: letters become x, digits 9."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", text))


def rewrite(path: Path, dialect: Dialect, columns: int, good: Path, bad: Path, told: Callable[[str], str] = shape_of) -> None:
    """Split a file into its well-formed records and the others, both as UTF-8 CSV without header.

    `good` has the line number and the fields, with the dialect's delimiter and double quotes; of JSON, the number and the line.
    `bad` has line number, code (too_many_fields, too_few_fields, not_text, bad_quotes) and what may be told of the text.

    Args:
        path: the raw file. columns: fields a record must have. told: what of a refused line may be kept. Empty lines are no lines.
    """
    delimiter = "," if dialect.format == "json" else dialect.delimiter
    with (
        opened(path) as stream,
        good.open("w", encoding="utf-8", newline="") as out,
        bad.open("w", encoding="utf-8", newline="") as refused,
    ):
        quoted = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        named = csv.writer(refused, quoting=csv.QUOTE_ALL, lineterminator="\n")
        records = _documents(stream, dialect) if dialect.format == "json" else _records(stream, dialect, columns)
        odd = re.compile('["\r\n' + re.escape(dialect.quote or "") + "]").search
        for number, fields, text in records:
            bare = text.rstrip("\r\n")
            if isinstance(fields, str):
                named.writerow([number, fields, told(bare)[:LONGEST_TEXT]])
            elif len(fields) == 1 or odd(bare):
                quoted.writerow([number, *fields])
            else:  # most lines: nothing to quote
                out.write(f"{number}{delimiter}{bare}\n")


def _documents(stream: BinaryIO, dialect: Dialect) -> Iterator[tuple[int, list[str] | str, str]]:
    for number, text in _lines(stream, dialect):
        if isinstance(text, bytes):
            yield number, "not_text", text.decode("latin-1")
        elif text.strip():
            yield number, [text.strip()], text


def _records(stream: BinaryIO, dialect: Dialect, columns: int) -> Iterator[tuple[int, list[str] | str, str]]:
    """(line number, fields, text) of each good record, (line number, code, text) of each bad one."""
    lines = _lines(stream, dialect)
    waiting: list[tuple[int, str | bytes]] = []

    def take() -> tuple[int, str | bytes] | None:
        return waiting.pop(0) if waiting else next(lines, None)

    while (line := take()) is not None:
        number, text = line
        if isinstance(text, bytes):
            yield number, "not_text", text.decode("latin-1")
            continue
        if not text.rstrip("\r\n"):
            continue
        joined = text
        extra: list[tuple[int, str | bytes]] = []
        while (fields := _fields(joined, dialect)) is None and len(extra) < LONGEST_RECORD:
            following = take()
            if following is None:
                break
            extra.append(following)
            if isinstance(following[1], bytes):
                break
            joined += following[1]
        if fields is not None and len(fields) == columns:
            yield number, fields, joined
        elif fields is None or extra:
            waiting[:0] = extra  # what followed is read on its own
            yield number, "bad_quotes", text
        else:
            yield number, "too_many_fields" if len(fields) > columns else "too_few_fields", text


def _lines(stream: BinaryIO, dialect: Dialect) -> Iterator[tuple[int, str | bytes]]:
    """Physical lines from 1, decoded, with their line ends; the bytes where they are not text in the declared encoding."""
    passed = dialect.skip_lines + (dialect.header and dialect.format == "csv")
    for number, raw in enumerate(stream, 1):
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if number <= passed:
            continue
        try:
            yield number, raw.decode(dialect.encoding)
        except UnicodeDecodeError:
            yield number, raw


def _fields(text: str, dialect: Dialect) -> list[str] | None:
    """Fields of a record; None while its quotes are open or wrong."""
    if dialect.quote is None or dialect.quote not in text:
        return text.rstrip("\r\n").split(dialect.delimiter)
    try:
        rows = list(csv.reader([text], **csv_options(dialect)))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
