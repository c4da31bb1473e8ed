"""The careful reader: a delimited file line by line, keeping every good line and naming every bad one.

Only files in which something failed come here; the fast path is DuckDB's reader. A record that does not close its quotes
does not swallow what follows: its first line alone is refused.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bmyshop_profiles.ingestion.files import csv_options, opened
from bmyshop_profiles.ingestion.mapping import Dialect

LONGEST_RECORD = 50  # physical lines that one quoted record may span


@dataclass(frozen=True)
class BadLine:
    """A line that has no fields to speak of. Codes: too_many_fields, too_few_fields, not_text, bad_quotes."""

    line_number: int
    code: str


def rewrite(path: Path, dialect: Dialect, columns: int, target: Path) -> list[BadLine]:
    """Copy the well-formed records to a plain UTF-8 CSV (no header, all quoted, first field the line number).

    Args:
        path: the raw file. columns: fields a record must have. target: where the copy goes.

    Returns:
        Lines refused, in order. Empty lines are no lines.
    """
    bad: list[BadLine] = []
    with opened(path) as stream, target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, fields in _records(stream, dialect, columns):
            if isinstance(fields, str):
                bad.append(BadLine(number, fields))
            else:
                writer.writerow([number, *fields])
    return bad


def _records(stream: BinaryIO, dialect: Dialect, columns: int) -> Iterator[tuple[int, list[str] | str]]:
    """(line number, fields) of each good record, (line number, code) of each bad one."""
    lines = _lines(stream, dialect)
    waiting: list[tuple[int, str | None]] = []

    def take() -> tuple[int, str | None] | None:
        return waiting.pop(0) if waiting else next(lines, None)

    while (line := take()) is not None:
        number, text = line
        if text is None:
            yield number, "not_text"
            continue
        if not text.rstrip("\r\n"):
            continue
        joined = text
        extra: list[tuple[int, str | None]] = []
        while (fields := _fields(joined, dialect)) is None and len(extra) < LONGEST_RECORD:
            following = take()
            if following is None:
                break
            extra.append(following)
            if following[1] is None:
                break
            joined += following[1]
        if fields is not None and len(fields) == columns:
            yield number, fields
        elif fields is None:
            waiting[:0] = extra  # what followed is read on its own
            yield number, "bad_quotes"
        else:
            if extra:
                waiting[:0] = extra
                yield number, "bad_quotes"
            else:
                yield number, "too_many_fields" if len(fields) > columns else "too_few_fields"


def _lines(stream: BinaryIO, dialect: Dialect) -> Iterator[tuple[int, str | None]]:
    """Physical lines from 1, decoded, with their line ends; None where the bytes are not text in the declared encoding."""
    for number, raw in enumerate(stream, 1):
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
            if dialect.header:
                continue
        try:
            yield number, raw.decode(dialect.encoding)
        except UnicodeDecodeError:
            yield number, None


def _fields(text: str, dialect: Dialect) -> list[str] | None:
    """Fields of a record; None while its quotes are open or wrong."""
    if dialect.quote is None or dialect.quote not in text:
        return text.rstrip("\r\n").split(dialect.delimiter)
    try:
        rows = list(csv.reader([text], **csv_options(dialect)))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
