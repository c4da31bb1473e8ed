"""Raw files of one kind → canonical rows in Parquet, with the ledger of every line.

The fast path hands whole files to DuckDB. Only a file in which something failed is read again, line by line (`careful.py`),
to name its bad lines; good lines of all files come through. Not here: which files (`files.py`), what a month is made of (`staging.py`).
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
from bmyshop_profiles.ingestion.mapping import CANONICAL, REQUIRED, RawTable, Source, columns_used
from bmyshop_profiles.months import month_plus, month_start


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


@dataclass(frozen=True)
class Context:
    """What reading needs to know beside the files: whose they are, which month is read (None: all), where copies may lie meanwhile."""

    source: Source
    kind: str
    table: RawTable
    month: str | None
    timezone: str
    spill: Path


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
        f"select file_number, count(*), count(*) filter (where {_refusal(context)} is not null) from {_parquet(target)} group by 1"
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
    for canonical, expression in context.table.columns.items():
        for name in sorted(columns_used(expression)):
            if name.lower() not in known:
                raise BmyshopError(
                    f"source {context.source.name}, {context.kind}, column {canonical}: the expression {expression!r} reads {name}, "
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
        selects = [_canonical(context, _raw_rows(context, names, group)) for names, group in groups.items()]
        select = "\nunion all\n".join(selects) if selects else _no_rows(context)
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
        session.connection.execute(f"select count(columns(*)) from {_read_csv(context, columns, [path])}")  # every field is looked at
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


def _raw_rows(context: Context, columns: tuple[str, ...], group: Sequence[tuple[int, Path]]) -> str:
    paths = [path for _, path in group]
    source = _read_parquet(columns, paths) if context.table.dialect.format == "parquet" else _read_csv(context, columns, paths)
    if len(group) == 1:
        return f"select *, {group[0][0]}::integer as file_number from {source}"
    numbers = ", ".join(f"({literal(path)}, {number}::integer)" for number, path in group)
    return f"select * from {source} join (values {numbers}) as numbered (raw_file, file_number) using (raw_file)"


def _read_csv(context: Context, columns: Sequence[str], paths: Sequence[Path], *, plain: bool = False) -> str:
    """DuckDB's reader with nothing left to guess; all columns text, empty text NULL."""
    dialect = context.table.dialect
    types = ", ".join(f"{literal(name)}: 'varchar'" for name in columns)
    quote = '"' if plain else dialect.quote or ""
    options = {
        "columns": f"{{{types}}}",
        "delim": literal("," if plain else dialect.delimiter),
        "quote": literal(quote),
        "escape": literal(quote if plain or not quote else dialect.escape or quote),
        "header": str(dialect.header and not plain).lower(),
    }
    listed = ", ".join(literal(path) for path in paths)
    given = ", ".join(f"{name} = {value}" for name, value in options.items())
    return (
        f"read_csv([{listed}], {given}, auto_detect = false, nullstr = '', strict_mode = true, null_padding = false, "
        "ignore_errors = false, comment = '', filename = 'raw_file')"
    )


def _read_parquet(columns: Sequence[str], paths: Sequence[Path], *, numbered: bool = False) -> str:
    listed = ", ".join(literal(path) for path in paths)
    texts = ", ".join(f"""nullif("{name}"::varchar, '') as "{name}\"""" for name in columns)
    number = ", file_row_number + 1 as line_number" if numbered else ""
    reader = f"read_parquet([{listed}], filename = 'raw_file', file_row_number = {str(numbered).lower()}, hive_partitioning = false)"
    return f"(select {texts}, raw_file{number} from {reader})"


def _canonical(context: Context, raw_rows: str, *, numbered: bool = False) -> str:
    """Canonical columns of raw rows; what cannot be computed is NULL. Raw ids of receipts become pseudonyms at once."""
    values = []
    for name, kind in CANONICAL[context.kind].items():
        expression = context.table.columns.get(name)
        value = f"try(cast(({expression}) as {kind}))" if expression else f"null::{kind}"
        if name == "quantity" and not expression:
            value = f"1::{kind}"
        if name == "sold_at":
            value = _local(value, context)
        if context.kind == "receipts":
            if name == "receipt_key":
                value = f"{literal(context.source.name + '/')} || {value}"
            if name in ("member_id", "shopper_id"):
                value, name = _pseudonym(context, name, value), name.replace("_id", "_key")
        values.append(f"{value} as {name}")
    line = ", line_number::bigint as line_number" if numbered else ""
    source = f", {literal(context.source.name)} as source" if context.kind == "receipts" else ""
    return f"select {', '.join(values)}, file_number{source}{line} from ({raw_rows})"


def _pseudonym(context: Context, name: str, value: str) -> str:
    """A key instead of a raw id. Where the source says so, a member id that no list holds becomes a shopper's token."""
    key = f"pseudonym('{name[:-3]}', {value})"
    if context.source.unlisted_members == "member":
        return key
    member = f"try(cast(({context.table.columns.get('member_id', 'null')}) as varchar))"
    listed = f"pseudonym('member', {member}) in (select member_key from staged_members)"
    if name == "member_id":
        return f"case when {listed} then {key} end"
    return f"coalesce({key}, case when not {listed} then pseudonym('shopper', {member}) end)"


def _local(value: str, context: Context) -> str:
    written = context.source.timezone or context.timezone
    local = context.source.store_timezone or written
    return value if local == written else f"timezone({literal(local)}, timezone({literal(written)}, {value}))"


def _no_rows(context: Context) -> str:
    nothing = ", ".join(f'null::varchar as "{name}"' for names in context.table.columns.values() for name in sorted(columns_used(names)))
    unique = ", ".join(dict.fromkeys(nothing.split(", ")))
    return _canonical(context, f"select {unique + ', ' if unique else ''}0::integer as file_number where false")


def _refusal(context: Context) -> str:
    """SQL over canonical columns: `code:column` of a row that must be refused, else NULL."""
    required = list(REQUIRED[context.kind])
    if "quantity" in context.table.columns:
        required.append("quantity")
    cases = [f"when {name} is null then 'no_value:{name}'" for name in required]
    if context.kind == "receipts" and context.month:
        first, end = month_start(context.month), month_start(month_plus(context.month, 1))
        cases.append(f"when sold_at < timestamp '{first}' or sold_at >= timestamp '{end}' then 'outside_month:sold_at'")
    return f"case {' '.join(cases)} end"


def _read_carefully(
    session: Session, context: Context, damaged: Sequence[RawFile], columns: dict[int, tuple[str, ...]], reading: Reading
) -> None:
    """Replace the rows of damaged files by their good lines, and name the bad ones."""
    selects = []
    for file in damaged:
        if context.table.dialect.format == "parquet":
            source = _read_parquet(columns[file.number], [file.path], numbered=True)
        else:
            plain = context.spill / f"plain-{file.number}.csv"
            bad = careful.rewrite(file.path, context.table.dialect, len(columns[file.number]), plain)
            reading.rejected += [Rejected(file, line.line_number, line.code, None) for line in bad]
            source = _read_csv(context, ("line_number", *columns[file.number]), [plain], plain=True)
        selects.append(_canonical(context, f"select *, {file.number}::integer as file_number from {source}", numbered=True))
    checked = context.spill / f"checked-{context.source.name}-{context.kind}.rows"
    rows = "\nunion all\n".join(selects)
    session.execute(f"copy (select *, {_refusal(context)} as refusal from ({rows})) to {literal(checked)} (format parquet)")
    by_number = {file.number: file for file in damaged}
    refused = session.execute(
        f"select file_number, line_number, refusal from {_parquet(checked)} where refusal is not null order by all"
    ).fetchall()
    for number, line_number, refusal in refused:
        code, _, column = refusal.partition(":")
        reading.rejected.append(Rejected(by_number[number], line_number, code, column))
    reading.rejected.sort(key=lambda line: (line.file.number, line.line_number))
    good = session.execute(f"select file_number, count(*) from {_parquet(checked)} where refusal is null group by 1").fetchall()
    accepted = dict(good)
    for entry in reading.entries:
        if entry.file.number in by_number:
            entry.rejected_count = sum(line.file.number == entry.file.number for line in reading.rejected)
            entry.lines_count = accepted.get(entry.file.number, 0) + entry.rejected_count
    numbers = ", ".join(str(number) for number in by_number)
    _rewrite(
        session,
        reading.path,
        f"select * from {_parquet(reading.path)} where file_number not in ({numbers}) union all by name "
        f"select * exclude (line_number, refusal) from {_parquet(checked)} where refusal is null",
    )


def _drop_duplicate_receipts(session: Session, reading: Reading) -> None:
    """A receipt found in several files counts once, from the first of them; its lines in the others are duplicates."""
    rows = _parquet(reading.path)
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
    _drop(session, reading, f"select *, row_number() over ({window}) > 1 as is_duplicate from {_parquet(reading.path)}")


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


def _parquet(path: Path) -> str:
    return f"read_parquet([{literal(path)}], hive_partitioning = false)"
