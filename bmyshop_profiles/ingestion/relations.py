"""SQL that reads raw files and makes canonical rows of them: text generated from a mapping, which no `.sql` file can know.

Here: DuckDB's readers with every choice spelled out, canonical columns, and the condition under which a row is refused. Not here:
running any of it (`reading.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bmyshop_profiles.engine.session import literal
from bmyshop_profiles.ingestion.mapping import CANONICAL, REQUIRED, RawTable, Source, columns_used
from bmyshop_profiles.months import month_plus, month_start


@dataclass(frozen=True)
class Context:
    """What reading needs to know beside the files: whose they are, which month is read (None: all), where copies may lie meanwhile."""

    source: Source
    kind: str
    table: RawTable
    month: str | None
    timezone: str
    spill: Path


def raw_rows(context: Context, columns: tuple[str, ...], group: Sequence[tuple[int, Path]]) -> str:
    """Rows of files that have the same columns, each with its file's number. group: (number, path) of each file."""
    paths = [path for _, path in group]
    source = parquet_rows(columns, paths) if context.table.dialect.format == "parquet" else csv_rows(context, columns, paths)
    if len(group) == 1:
        return f"select *, {group[0][0]}::integer as file_number from {source}"
    numbers = ", ".join(f"({literal(path)}, {number}::integer)" for number, path in group)
    return f"select * from {source} join (values {numbers}) as numbered (raw_file, file_number) using (raw_file)"


def csv_rows(context: Context, columns: Sequence[str], paths: Sequence[Path], *, plain: bool = False) -> str:
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


def parquet_rows(columns: Sequence[str], paths: Sequence[Path], *, numbered: bool = False) -> str:
    """Rows of Parquet files, all columns text; `numbered` adds line_number, from 1."""
    listed = ", ".join(literal(path) for path in paths)
    texts = ", ".join(f"nullif({_quoted(name)}::varchar, '') as {_quoted(name)}" for name in columns)
    number = ", file_row_number + 1 as line_number" if numbered else ""
    reader = f"read_parquet([{listed}], filename = 'raw_file', file_row_number = {str(numbered).lower()}, hive_partitioning = false)"
    return f"(select {texts}, raw_file{number} from {reader})"


def canonical(context: Context, raw_rows: str, *, numbered: bool = False) -> str:
    """Canonical columns of raw rows; what cannot be computed is NULL. Raw ids of receipts become pseudonyms at once."""
    values = []
    for name, kind in CANONICAL[context.kind].items():
        expression = context.table.columns.get(name)
        value = f"try(cast(({expression}) as {kind}))" if expression else f"null::{kind}"
        if name == "quantity" and not expression:
            value = f"1::{kind}"
        if name == "sold_at":
            value = _local(value, context)
        if name == "objects_to_profiling" and expression:
            value = _careful_objection(value, expression)
        if context.kind == "receipts":
            if name == "receipt_key":
                value = f"{literal(context.source.name + '/')} || {value}"
            if name in ("member_id", "shopper_id"):
                value, name = _pseudonym(context, name, value), name.replace("_id", "_key")
        values.append(f"{value} as {name}")
    line = ", line_number::bigint as line_number" if numbered else ""
    source = f", {literal(context.source.name)} as source" if context.kind == "receipts" else ""
    rows = f"select {', '.join(values)}, file_number{source}{line} from ({raw_rows})"
    return without_objectors(rows) if context.kind == "receipts" else rows


def without_objectors(rows: str) -> str:
    """Receipts of members in `kept_out` (who object to profiling, or were erased) keep no key: neither member_key nor shopper_key."""
    keys = ", ".join(f"case when is_kept_out then null else {name} end as {name}" for name in ("member_key", "shopper_key"))
    known = f"select *, coalesce(member_key in (select member_key from kept_out), false) as is_kept_out from ({rows})"
    return f"select * exclude (is_kept_out) replace ({keys}) from ({known})"


def _careful_objection(value: str, expression: str) -> str:
    """What is written but cannot be read as true or false counts as an objection."""
    empty = " and ".join(f"{_quoted(name)} is null" for name in sorted(columns_used(expression))) or "true"
    return f"coalesce({value}, not ({empty}))"


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


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _local(value: str, context: Context) -> str:
    written = context.source.timezone or context.timezone
    local = context.source.store_timezone or written
    return value if local == written else f"timezone({literal(local)}, timezone({literal(written)}, {value}))"


def no_rows(context: Context) -> str:
    """The canonical columns without a row, for when every file must be read carefully."""
    used = sorted({name for expression in context.table.columns.values() for name in columns_used(expression)})
    nothing = ", ".join([*(f"null::varchar as {_quoted(name)}" for name in used), "0::integer as file_number"])
    return canonical(context, f"select {nothing} where false")


def refusal_of(context: Context) -> str:
    """SQL over canonical columns: `code:column` of a row that must be refused, else NULL."""
    required = list(REQUIRED[context.kind])
    if "quantity" in context.table.columns:
        required.append("quantity")
    cases = [f"when {name} is null then 'no_value:{name}'" for name in required]
    if context.kind == "receipts" and context.month:
        first, end = month_start(context.month), month_start(month_plus(context.month, 1))
        cases.append(f"when sold_at < timestamp '{first}' or sold_at >= timestamp '{end}' then 'outside_month:sold_at'")
    return f"case {' '.join(cases)} end"


def rows_of(path: Path) -> str:
    """Rows of one Parquet file of ours."""
    return f"read_parquet([{literal(path)}], hive_partitioning = false)"
