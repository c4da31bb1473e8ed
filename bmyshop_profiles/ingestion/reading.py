"""Raw files of one kind → canonical rows in Parquet, with the ledger of every line.

The fast path hands whole files to DuckDB. Only a file in which something failed is read again, line by line (`careful.py`),
to name its bad lines; good lines of all files come through. Not here: which files (`files.py`), the SQL itself
(`relations.py`), what a month is made of (`staging.py`).
"""

import itertools
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion import careful, files, masks
from bmyshop_profiles.ingestion.expressions import columns_used, fold
from bmyshop_profiles.ingestion.files import RawFile
from bmyshop_profiles.ingestion.functions import install_functions
from bmyshop_profiles.ingestion.mapping import CANONICAL, REQUIRED
from bmyshop_profiles.ingestion.receipts import kept_across_midnight
from bmyshop_profiles.ingestion.relations import (
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

PACKED = "compression zstd, compression_level 1"  # a quarter less time than the default level, a tenth more bytes


@dataclass
class Entry:
    """One file of the ledger: lines_count = accepted_count + duplicate_count + rejected_count."""

    file: RawFile
    lines_count: int = 0
    accepted_count: int = 0
    duplicate_count: int = 0
    rejected_count: int = 0
    same_content_as: str | None = None


@dataclass
class Reading:
    """What came of reading some files.

    Rows are in `path` (canonical columns and file_number), refused lines, if any, in `rejected` (file_number, line_number,
    element_number, code, column_name, raw_text).
    """

    path: Path
    entries: list[Entry] = field(default_factory=list)
    rejected: Path | None = None


def read(session: Session, context: Context, found: Sequence[RawFile], target: Path) -> Reading:
    """Read files of one kind into `target`.

    Raises:
        BmyshopError: a file cannot be opened, lacks a column that the mapping names, or changed meanwhile.
    """
    install_functions(session.connection, context.table.dialect)
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
        _drop_duplicate_keys(session, context, reading)
    elif len(distinct) > 1:
        _drop_duplicate_receipts(session, reading)
    for copy, original in copies:
        entries[copy.number].lines_count = entries[copy.number].duplicate_count = entries[original.number].lines_count
        entries[copy.number].same_content_as = original.name
    for entry in reading.entries:
        entry.accepted_count = entry.lines_count - entry.duplicate_count - entry.rejected_count
    files.check_unchanged(found)
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


def _drop_duplicate_receipts(session: Session, reading: Reading) -> None:
    """A line of a receipt found in several files counts as often as in the file that has it most often: copies are left out, and
    what only one of the files has stays (a receipt cut in two by midnight, numbers that two tills share)."""
    rows = rows_of(reading.path)
    session.execute(
        # hashes first: eight bytes a receipt instead of its key, for the many that are in one file
        f"create or replace temp table suspects as select hash(receipt_key) as key_hash from {rows} "
        "group by 1 having min(file_number) <> max(file_number)"
    )
    if session.execute("select count(*) from suspects").fetchall()[0][0]:
        line = "receipt_key, sold_at, store_key, product_key, quantity, amount_cents"
        copy = f"row_number() over (partition by {line}, file_number) as copy_number"
        suspect = f"select *, {copy} from {rows} where hash(receipt_key) in (from suspects)"
        first = f"min(file_number) over (partition by {line}, copy_number)"
        marked = (
            f"select *, false as is_duplicate from {rows} where hash(receipt_key) not in (from suspects) union all by name "
            f"select * exclude (copy_number), file_number > {first} as is_duplicate from ({suspect})"
        )
        _drop(session, reading, marked)


def _drop_duplicate_keys(session: Session, context: Context, reading: Reading) -> None:
    """A list says each key once: its first line counts (by file, then by content, since lines of a list have no order). Of a member,
    any line that objects counts."""
    key, others = REQUIRED[context.kind][0], ", ".join(name for name in CANONICAL[context.kind])
    window = f"partition by {key} order by file_number, {others}"
    objects = ""
    if context.kind == "members":
        objects = f" replace (bool_or(objects_to_profiling) over (partition by {key}) as objects_to_profiling)"
    _drop(session, reading, f"select *{objects}, row_number() over ({window}) > 1 as is_duplicate from {rows_of(reading.path)}")


def _drop(session: Session, reading: Reading, marked: str) -> None:
    """Take out and count the rows marked is_duplicate; the rows are rewritten only if there are any."""
    counted = dict(session.execute(f"select file_number, count(*) from ({marked}) where is_duplicate group by 1").fetchall())
    if not counted:
        return
    for entry in reading.entries:
        entry.duplicate_count = counted.get(entry.file.number, 0)
    rewrite(session, reading.path, f"select * exclude (is_duplicate) from ({marked}) where not is_duplicate")


def rewrite(session: Session, path: Path, select: str) -> None:
    """Put the rows of a select, which may read the file itself, in a Parquet file's place."""
    other = path.with_suffix(".rewritten")
    session.execute(f"copy ({select}) to {literal(other)} (format parquet, {PACKED})")
    shutil.move(other, path)
