"""Raw files of one kind → canonical rows in Parquet, with the ledger of every line.

The fast path hands whole files to DuckDB. Only a file in which something failed is read again, line by line (`careful.py`),
to name its bad lines; good lines of all files come through. Not here: which files (`files.py`), the SQL itself
(`relations.py`), what a month is made of (`staging.py`).
"""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.mapping.expressions import columns_used, fold
from bmyshop_profiles.ingestion.mapping.functions import install_functions
from bmyshop_profiles.ingestion.reading import careful, contents, files, masks
from bmyshop_profiles.ingestion.reading.duplicates import drop_duplicate_keys, drop_duplicate_receipts
from bmyshop_profiles.ingestion.reading.files import RawFile
from bmyshop_profiles.ingestion.reading.outcome import PACKED, Entry, Reading, rewrite
from bmyshop_profiles.ingestion.reading.receipts import kept_across_midnight
from bmyshop_profiles.ingestion.reading.relations import (
    Context,
    canonical,
    careful_rows,
    csv_rows,
    json_documents,
    json_rows,
    no_rows,
    parquet_rows,
    raw_rows,
    refusal_of,
    refused_records,
    rows_of,
)


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

    damaged = _write_fast(session, context, distinct, columns, target)
    counted = session.execute(
        f"select file_number, count(*), count(*) filter (where {refusal_of(context)} is not null) from {rows_of(target)} group by 1"
    ).fetchall()
    for number, lines, refused in counted:
        entries[number].lines_count = lines
        if refused:
            damaged.add(number)
    damaged |= {
        file.number for file in distinct if file.number not in damaged and not _is_whole(session, context, file, entries[file.number])
    }
    reading = Reading(target, list(entries.values()))
    if damaged:
        _read_carefully(session, context, [file for file in distinct if file.number in damaged], columns, reading)
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
    """Write every readable file's rows, good and bad; return the numbers of the files DuckDB's reader refuses as a whole."""
    readable = {file.number: _as_utf8(context, file) for file in distinct}
    refused = {number for number, path in readable.items() if path is None}
    is_parquet = context.table.dialect.format == "parquet"
    for attempt in itertools.count():
        groups: dict[tuple[tuple[str, ...], str], list[tuple[RawFile, Path]]] = {}
        for file in distinct:
            path = readable[file.number]
            if file.number not in refused and path is not None:
                # of Parquet files read together, DuckDB takes the types of the first for all
                layout = (columns[file.number], files.parquet_layout(file)[0] if is_parquet else "")
                groups.setdefault(layout, []).append((file, path))
        selects = [canonical(context, raw_rows(context, names, group)) for (names, _), group in groups.items()]
        select = "\nunion all\n".join(selects) if selects else no_rows(context)
        tried = target.with_name(f"{target.name}.{attempt}")  # a path of its own: a copy that failed may still take its file away
        try:
            session.connection.execute(f"copy ({select}) to {literal(tried)} (format parquet, {PACKED})")
            tried.replace(target)
            return refused
        except duckdb.Error as error:
            tried.unlink(missing_ok=True)
            read_by = [(file, path, names) for (names, _), group in groups.items() for file, path in group]
            found = [file for file, path, names in read_by if not _parses(session, context, names, path)]
            if not found or is_parquet or not isinstance(error, duckdb.InvalidInputException):
                where = f", {found[0].name}" if found else ""
                raise BmyshopError(f"source {context.source.name}, {context.kind}{where}: {_without_values(error)}") from None
            refused |= {file.number for file in found}
    raise AssertionError


def _is_whole(session: Session, context: Context, file: RawFile, entry: Entry) -> bool:
    """As many lines came out of DuckDB's reader as the file has, counted apart: what it took for line ends, and where it split
    the file among threads, is not taken on trust. False as well where a line is empty or a record spans lines: read carefully."""
    dialect = context.table.dialect
    if dialect.format == "parquet":
        return entry.lines_count == files.parquet_layout(file)[1]
    lines = file.lines_count
    if lines is None:
        with files.opened(file.path) as stream:
            lines = files.count_lines(stream)
    expected = max(0, lines - dialect.skip_lines - (dialect.header and dialect.format == "csv"))
    if dialect.format == "csv":
        return entry.lines_count == expected
    [(documents,)] = _run(session, context, f"select count(*) from {json_documents(context, [file.path])}").fetchall()
    return bool(documents == expected)


def _run(session: Session, context: Context, sql: str) -> duckdb.DuckDBPyConnection:
    """Run SQL over raw lines, none of which may be in an error."""
    try:
        return session.connection.execute(sql)
    except duckdb.Error as error:
        raise BmyshopError(f"source {context.source.name}, {context.kind}: {_without_values(error)}") from None


def _without_values(error: duckdb.Error) -> str:
    """The first line of DuckDB's message, without what it quotes unless that is SQL: values of raw lines may be names."""
    first = str(error).splitlines()[0]
    if isinstance(error, (duckdb.BinderException, duckdb.ParserException)):
        return first
    return re.sub(r"""(['"]).*\1""", "…", first)


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
            while block := stream.read(1 << 22):
                out.write(block.decode(dialect.encoding).encode())
    except UnicodeDecodeError:
        return None
    return target


def _read_carefully(
    session: Session, context: Context, damaged: Sequence[RawFile], columns: dict[int, tuple[str, ...]], reading: Reading
) -> None:
    """Replace the rows of damaged files by their good lines, and name the bad ones."""
    selects, refusals = [], []
    for file in damaged:
        names, good = columns[file.number], None
        if context.table.dialect.format != "parquet":
            good, bad = (context.spill / f"{part}-{context.source.name}-{file.number}.csv" for part in ("good", "bad"))
            tell = str if masks.tells_lines(context.kind, context.table, names) else careful.shape_of
            careful.rewrite(file.path, context.table.dialect, len(names), good, bad, tell)
            refusals.append(refused_records(bad, file))
        rows = canonical(context, careful_rows(context, names, file, good), keep=names)
        judged = f"select *, {refusal_of(context, named=True)} as refusal from ({rows})"
        told = f"case when refusal is not null then {masks.told(context.kind, context.table, names)} end"
        selects.append(f"select * exclude (raw_fields), {told} as raw_text from ({judged})")
    checked = context.spill / f"checked-{context.source.name}-{context.kind}.rows"
    rejected = session.spill / f"rejected-{context.source.name}-{context.kind}.rows"
    _run(session, context, f"copy ({' union all '.join(selects)}) to {literal(checked)} (format parquet)")
    outside = f"select 1 from {rows_of(checked)} where refusal like 'outside_month:%' limit 1"
    if session.execute(outside).fetchall():
        rewrite(session, checked, kept_across_midnight(checked))
    refusals.append(
        "select file_number, line_number, element_number, split_part(refusal, ':', 1) as code, "
        f"nullif(split_part(refusal, ':', 2), '') as column_name, raw_text from {rows_of(checked)} where refusal is not null"
    )
    _run(session, context, f"copy ({' union all '.join(refusals)}) to {literal(rejected)} (format parquet)")
    reading.rejected = rejected
    refused = dict(session.execute(f"select file_number, count(*) from {rows_of(rejected)} group by 1").fetchall())
    accepted = dict(session.execute(f"select file_number, count(*) from {rows_of(checked)} where refusal is null group by 1").fetchall())
    numbers = {file.number for file in damaged}
    for entry in reading.entries:
        if entry.file.number in numbers:
            entry.rejected_count = refused.get(entry.file.number, 0)
            entry.lines_count = accepted.get(entry.file.number, 0) + entry.rejected_count
    listed = ", ".join(str(number) for number in numbers)
    rewrite(
        session,
        reading.path,
        f"select * from {rows_of(reading.path)} where file_number not in ({listed}) union all by name "
        f"select * exclude (line_number, element_number, raw_refusal, raw_text, refusal) from {rows_of(checked)} where refusal is null",
    )
