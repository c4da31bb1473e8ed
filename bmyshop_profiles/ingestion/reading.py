"""Raw files of one kind → canonical rows in Parquet, with the ledger of every line.

The fast path hands whole files to DuckDB. Only a file in which something failed is read again, line by line (`careful.py`),
to name its bad lines; good lines of all files come through. Not here: which files (`files.py`), the SQL itself
(`relations.py`), what a month is made of (`staging.py`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion import careful, files
from bmyshop_profiles.ingestion.files import RawFile
from bmyshop_profiles.ingestion.mapping import CANONICAL, REQUIRED, columns_used
from bmyshop_profiles.ingestion.relations import (
    Context,
    canonical,
    csv_rows,
    no_rows,
    parquet_rows,
    raw_rows,
    refusal_of,
    rows_of,
)


@dataclass
class Entry:
    """One file of the ledger: lines_count = accepted_count + duplicate_count + rejected_count."""

    file: RawFile
    lines_count: int = 0
    accepted_count: int = 0
    duplicate_count: int = 0
    rejected_count: int = 0
    same_content_as: str | None = None


@dataclass(frozen=True)
class Rejected:
    """A line that was refused: where it is, why, and the canonical column concerned, if any."""

    file: RawFile
    line_number: int
    code: str
    column: str | None


@dataclass
class Reading:
    """What came of reading some files: rows in `path` (canonical columns and file_number), entries, refused lines."""

    path: Path
    entries: list[Entry] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def read(session: Session, context: Context, found: Sequence[RawFile], target: Path) -> Reading:
    """Read files of one kind into `target`.

    Raises:
        BmyshopError: a file cannot be opened, or lacks a column that the mapping names.
    """
    entries = {file.number: Entry(file) for file in found}
    first_of: dict[str, RawFile] = {}
    copies: list[tuple[RawFile, RawFile]] = []
    for file in found:
        original = first_of.setdefault(file.fingerprint, file)
        if original is not file:
            copies.append((file, original))
    distinct = list(first_of.values())
    columns = {file.number: _checked_columns(context, file) for file in distinct}

    damaged = _write_fast(session, context, distinct, columns, target)
    counted = session.execute(
        f"select file_number, count(*), count(*) filter (where {refusal_of(context)} is not null) from {rows_of(target)} group by 1"
    ).fetchall()
    for number, lines, refused in counted:
        entries[number].lines_count = lines
        if refused:
            damaged.add(number)
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
    return reading


def _checked_columns(context: Context, file: RawFile) -> tuple[str, ...]:
    columns = files.raw_columns(file, context.table.dialect)
    known = {name.lower() for name in columns}
    for column, expression in context.table.columns.items():
        for name in sorted(columns_used(expression)):
            if name.lower() not in known:
                raise BmyshopError(
                    f"source {context.source.name}, {context.kind}, column {column}: the expression {expression!r} reads {name}, "
                    f"which {file.name} does not have; its columns are {', '.join(columns)}"
                )
    return columns


def _write_fast(
    session: Session, context: Context, distinct: Sequence[RawFile], columns: dict[int, tuple[str, ...]], target: Path
) -> set[int]:
    """Write every readable file's rows, good and bad; return the numbers of the files DuckDB's reader refuses as a whole."""
    readable = {file.number: _as_utf8(context, file) for file in distinct}
    refused = {number for number, path in readable.items() if path is None}
    while True:
        groups: dict[tuple[str, ...], list[tuple[int, Path]]] = {}
        for number, path in readable.items():
            if number not in refused and path is not None:
                groups.setdefault(columns[number], []).append((number, path))
        selects = [canonical(context, raw_rows(context, names, group)) for names, group in groups.items()]
        select = "\nunion all\n".join(selects) if selects else no_rows(context)
        try:
            session.connection.execute(f"copy ({select}) to {literal(target)} (format parquet, compression zstd)")
            return refused
        except duckdb.InvalidInputException as error:
            if context.table.dialect.format != "csv":
                raise BmyshopError(f"source {context.source.name}, {context.kind}: {_without_lines(error)}") from None
            found = {number for group in groups.items() for number, path in group[1] if not _parses(session, context, group[0], path)}
            if not found:
                raise BmyshopError(f"source {context.source.name}, {context.kind}: {_without_lines(error)}") from None
            refused |= found
        except duckdb.Error as error:
            raise BmyshopError(f"source {context.source.name}, {context.kind}: {_without_lines(error)}") from None


def _without_lines(error: duckdb.Error) -> str:
    """The first line of DuckDB's message: the following ones quote raw lines, which may hold names."""
    return str(error).splitlines()[0]


def _parses(session: Session, context: Context, columns: tuple[str, ...], path: Path) -> bool:
    try:
        session.connection.execute(f"select count(columns(*)) from {csv_rows(context, columns, [path])}")  # every field is looked at
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
    selects = []
    for file in damaged:
        if context.table.dialect.format == "parquet":
            source = parquet_rows(columns[file.number], [file.path], numbered=True)
        else:
            plain = context.spill / f"plain-{file.number}.csv"
            bad = careful.rewrite(file.path, context.table.dialect, len(columns[file.number]), plain)
            reading.rejected += [Rejected(file, line.line_number, line.code, None) for line in bad]
            source = csv_rows(context, ("line_number", *columns[file.number]), [plain], plain=True)
        selects.append(canonical(context, f"select *, {file.number}::integer as file_number from {source}", numbered=True))
    checked = context.spill / f"checked-{context.source.name}-{context.kind}.rows"
    rows = "\nunion all\n".join(selects)
    session.execute(f"copy (select *, {refusal_of(context)} as refusal from ({rows})) to {literal(checked)} (format parquet)")
    by_number = {file.number: file for file in damaged}
    refused = session.execute(
        f"select file_number, line_number, refusal from {rows_of(checked)} where refusal is not null order by all"
    ).fetchall()
    for number, line_number, refusal in refused:
        code, _, column = refusal.partition(":")
        reading.rejected.append(Rejected(by_number[number], line_number, code, column))
    reading.rejected.sort(key=lambda line: (line.file.number, line.line_number))
    good = session.execute(f"select file_number, count(*) from {rows_of(checked)} where refusal is null group by 1").fetchall()
    accepted = dict(good)
    for entry in reading.entries:
        if entry.file.number in by_number:
            entry.rejected_count = sum(line.file.number == entry.file.number for line in reading.rejected)
            entry.lines_count = accepted.get(entry.file.number, 0) + entry.rejected_count
    numbers = ", ".join(str(number) for number in by_number)
    _rewrite(
        session,
        reading.path,
        f"select * from {rows_of(reading.path)} where file_number not in ({numbers}) union all by name "
        f"select * exclude (line_number, refusal) from {rows_of(checked)} where refusal is null",
    )


def _drop_duplicate_receipts(session: Session, reading: Reading) -> None:
    """A receipt found in several files counts once, from the first of them; its lines in the others are duplicates."""
    rows = rows_of(reading.path)
    session.execute(
        f"create or replace temp table repeated as select receipt_key, min(file_number) as first_file from {rows} "
        "group by receipt_key having min(file_number) <> max(file_number)"
    )
    _drop(
        session,
        reading,
        f"select *, file_number > coalesce(first_file, file_number) as is_duplicate from {rows} left join repeated using (receipt_key)",
        "first_file",
    )


def _drop_duplicate_keys(session: Session, context: Context, reading: Reading) -> None:
    """A list says each key once: its first line counts (by file, then by content, since lines of a list have no order)."""
    key, others = REQUIRED[context.kind][0], ", ".join(name for name in CANONICAL[context.kind])
    window = f"partition by {key} order by file_number, {others}"
    _drop(session, reading, f"select *, row_number() over ({window}) > 1 as is_duplicate from {rows_of(reading.path)}")


def _drop(session: Session, reading: Reading, marked: str, *helpers: str) -> None:
    """Take out and count the rows marked is_duplicate; the rows are rewritten only if there are any."""
    counted = dict(session.execute(f"select file_number, count(*) from ({marked}) where is_duplicate group by 1").fetchall())
    if not counted:
        return
    for entry in reading.entries:
        entry.duplicate_count = counted.get(entry.file.number, 0)
    _rewrite(session, reading.path, f"select * exclude ({', '.join(('is_duplicate', *helpers))}) from ({marked}) where not is_duplicate")


def _rewrite(session: Session, path: Path, select: str) -> None:
    other = path.with_suffix(".rewritten")
    session.execute(f"copy ({select}) to {literal(other)} (format parquet, compression zstd)")
    shutil.move(other, path)
