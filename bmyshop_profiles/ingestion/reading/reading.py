"""Raw files of one kind → canonical rows in Parquet, with the ledger of every line.

The fast path hands whole files to DuckDB. Only a file in which something failed is read again (`again.py`), to name its bad lines;
good lines of all files come through. Not here: which files (`files.py`), the SQL itself (`relations.py`), what a month is made of
(`staging.py`).
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

import duckdb

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.mapping.expressions import columns_used, fold
from bmyshop_profiles.ingestion.mapping.functions import install_functions
from bmyshop_profiles.ingestion.reading import contents, files
from bmyshop_profiles.ingestion.reading.again import alike, read_again
from bmyshop_profiles.ingestion.reading.duplicates import drop_duplicate_keys, drop_duplicate_receipts
from bmyshop_profiles.ingestion.reading.files import RawFile
from bmyshop_profiles.ingestion.reading.outcome import PACKED, Entry, Reading
from bmyshop_profiles.ingestion.reading.relations import (
    Context,
    articles_count,
    canonical,
    csv_rows,
    json_documents,
    json_rows,
    no_rows,
    parquet_rows,
    raw_rows,
    refusal_of,
    rows_of,
)
from bmyshop_profiles.ingestion.reading.running import computed_once, run, without_values


def read(session: Session, context: Context, found: Sequence[RawFile], target: Path) -> Reading:
    """Read files of one kind into `target`.

    Raises:
        BmyshopError: a file cannot be opened, lacks a column that the mapping names, or changed meanwhile.
    """
    install_functions(session.connection, context.table.dialect)
    asked = found
    if context.table.dialect.format != "parquet":
        found, context = contents.as_lines(session, context, found), contents.in_utf8(context)
    entries = {file.number: Entry(file) for file in found}
    first_of: dict[tuple[str, ...], RawFile] = {}
    copies: list[tuple[RawFile, RawFile]] = []
    for file in found:
        original = first_of.setdefault((file.fingerprint, *sorted(file.told.values())), file)
        if original is not file:
            copies.append((file, original))
    columns = {file.number: _checked_columns(context, file) for file in first_of.values()}
    distinct = [file for file in first_of.values() if columns[file.number]]  # an empty file has no columns, and no lines

    unread = _write_fast(session, context, distinct, columns, target)
    for number, lines in session.execute(f"select file_number, count(*) from {rows_of(target)} group by 1").fetchall():
        entries[number].lines_count = lines
    expected = {file.number: _rows_in(session, context, file) for file in distinct if file.number not in unread}
    reading = Reading(target, list(entries.values()))
    damaged = [file for file in distinct if expected.get(file.number) != entries[file.number].lines_count]
    if damaged:
        read_again(session, context, damaged, columns, expected, reading)
    if context.kind != "receipts":
        drop_duplicate_keys(session, context, reading)
    elif len(distinct) > 1:
        drop_duplicate_receipts(session, reading)
    for copy, original in copies:
        entries[copy.number].lines_count = entries[copy.number].duplicate_count = entries[original.number].lines_count
        entries[copy.number].same_content_as = original.name
    for entry in reading.entries:
        entry.accepted_count = entry.lines_count - entry.duplicate_count - entry.rejected_count
    files.check_unchanged(asked)
    return reading


def _header_in_words(context: Context, columns: Sequence[str]) -> str:
    """The columns of a file, but for a first line that looks like data: it may be about a person."""
    if {fold(name) for name in columns} & {fold(name) for name in context.table.raw_columns}:
        return f"its columns are {', '.join(columns)}"
    return f"none of the {len(columns)} fields of its first line is a column that the mapping reads: has the file a header?"


def _checked_columns(context: Context, file: RawFile) -> tuple[str, ...]:
    columns = files.raw_columns(file, context.table)
    known = {fold(name) for name in columns} | {f"file_{name}" for name in context.table.placeholders}
    for column, expression in [*context.table.columns.items(), ("voided", context.table.voided or "null")]:
        for name in sorted(columns_used(expression)) if columns else ():
            if fold(name) not in known:
                raise BmyshopError(
                    f"source {context.source.name}, {context.kind}, column {column}: the expression {expression!r} reads {name}, "
                    f"which {file.name} does not have; {_header_in_words(context, columns)}"
                )
    return columns


def _write_fast(
    session: Session, context: Context, distinct: Sequence[RawFile], columns: dict[int, tuple[str, ...]], target: Path
) -> set[int]:
    """Write the good rows of every readable file; return the numbers of the files DuckDB's reader refuses as a whole."""
    readable = {file.number: _as_utf8(context, file) for file in distinct}
    refused = {number for number, path in readable.items() if path is None}
    is_parquet = context.table.dialect.format == "parquet"
    for attempt in itertools.count():
        read_by = [(file, path) for file in distinct if (path := readable[file.number]) and file.number not in refused]
        groups = alike(context, read_by, columns)
        rows = [canonical(context, raw_rows(context, *group)) for group in groups]
        selects = [f"select * from ({each}) where {refusal_of(context)} is null" for each in rows]
        select = "\nunion all\n".join(selects) if selects else no_rows(context)
        tried = target.with_name(f"{target.name}.{attempt}")  # a path of its own: a copy that failed may still take its file away
        try:
            with computed_once(session):
                session.connection.execute(f"copy ({select}) to {literal(tried)} (format parquet, {PACKED})")
            tried.replace(target)
            return refused
        except duckdb.Error as error:
            tried.unlink(missing_ok=True)
            found = [file for file, path in read_by if len(read_by) == 1 or not _parses(session, context, columns[file.number], path)]
            if not found or is_parquet or not isinstance(error, duckdb.InvalidInputException):
                where = f", {found[0].name}" if found else ""
                raise BmyshopError(f"source {context.source.name}, {context.kind}{where}: {without_values(error)}") from None
            refused |= {file.number for file in found}
    raise AssertionError


def _rows_in(session: Session, context: Context, file: RawFile) -> int:
    """Rows that DuckDB's reader must have found, if it took each line for one record: what it took for line ends, and where it split the
    file among threads, is not taken on trust. Fewer where a line is empty or a record spans lines; -1 where lines of JSON do not add up."""
    dialect = context.table.dialect
    if dialect.format == "parquet":
        return files.parquet_layout(file)[1]
    lines = file.lines_count
    if lines is None:
        with files.opened(file.path) as stream:
            lines = files.count_lines(stream)
    lines = max(0, lines - dialect.skip_lines - (dialect.header and dialect.format == "csv"))
    if dialect.format == "csv":
        return lines
    counted = f"select count(*), coalesce(sum({articles_count(context)}), 0) from {json_documents(context, [file.path])}"
    [(documents, rows)] = run(session, context, counted).fetchall()
    return int(rows) if documents == lines else -1


def _parses(session: Session, context: Context, columns: tuple[str, ...], path: Path) -> bool:
    rows = {"json": json_rows, "csv": csv_rows, "parquet": parquet_rows}[context.table.dialect.format](context, columns, [path])
    try:
        session.connection.execute(f"select count(columns(*)) from {rows}")  # every field is looked at
    except duckdb.Error:
        return False
    return True


def _as_utf8(context: Context, file: RawFile) -> Path | None:
    """A path DuckDB can read: the file, or its transcoded copy; None when its bytes are not text in the declared encoding."""
    dialect = context.table.dialect
    if dialect.format != "csv" or dialect.encoding == "utf-8":
        return file.path
    target = context.spill / f"utf8-{file.number}.csv"
    try:
        with files.opened(file.path) as stream, target.open("wb") as out:
            while block := stream.read(1 << 20):
                out.write(block.decode(dialect.encoding).encode())
    except UnicodeDecodeError:
        return None
    return target
