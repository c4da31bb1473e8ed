"""SQL that reads raw files and makes canonical rows of them: text generated from a mapping, which no `.sql` file can know.

Here: DuckDB's readers with every choice spelled out, canonical columns, and the condition under which a row is refused. Not here:
running any of it (`reading.py`), keys of persons (`keys.py`), what needs all lines of a receipt (`receipts.py`), what of a refused
line may be told (`masks.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.session import identifier, listed, literal
from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL, REQUIRED, RawTable, Source
from bmyshop_profiles.ingestion.reading.blocks import NO_DELIMITER, quote_of
from bmyshop_profiles.ingestion.reading.files import RawFile
from bmyshop_profiles.ingestion.reading.keys import careful_objection, key_of, marked
from bmyshop_profiles.months import month_plus, month_start

EARLIEST = "2000-01-01"  # a till whose clock was reset says 1970 or 1980
SCOPED = {"store_key": "stores", "product_key": "products", "shopper_id": "shoppers"}  # whose codes: `Codes` of the mapping
EVERY_STORE, NO_STORE = "all", "shop_all"  # what the tables of audiences call the network, and what a shop is called in its place
# columns beside the raw ones, under names that no export bears
FILE, NUMBER, LINE, ELEMENT, REFUSAL = (f"__bmyshop_{name}" for name in ("file", "number", "line", "element", "refusal"))


@dataclass(frozen=True)
class Context:
    """What reading needs to know beside the files: whose they are, which month is read (None: all), where copies may lie meanwhile."""

    source: Source
    kind: str
    table: RawTable
    month: str | None
    timezone: str
    spill: Path
    keeps_out: bool = False  # some members' receipts count as anonymous: those of the view kept_out


def raw_rows(context: Context, columns: Sequence[str], group: Sequence[tuple[RawFile, Path]]) -> str:
    """Rows of files that have the same columns, each with its file's number and what its name tells. group: (file, path to read)."""
    readers = {"parquet": parquet_rows, "json": json_rows, "csv": csv_rows}
    return _named(context, readers[context.table.dialect.format](context, columns, [path for _, path in group]), group)


def careful_rows(context: Context, columns: Sequence[str], group: Sequence[tuple[RawFile, Path]]) -> str:
    """The same with LINE, ELEMENT and REFUSAL. group: (file, what `careful.rewrite` kept of it), of Parquet the file itself."""
    dialect, paths = context.table.dialect, [path for _, path in group]
    if dialect.format == "json":
        documents = _own([LINE, "line"], paths, delim=NO_DELIMITER, quote="", escape="")
        return _named(context, json_fields(context, columns, documents), group)
    rows = parquet_rows(context, columns, paths)
    if dialect.format == "csv":
        quote = quote_of(dialect) or ""
        rows = _own([LINE, *columns], paths, delim=dialect.delimiter, quote=quote, escape=quote, nullstr=["", *dialect.nulls])
    return _named(context, f"(select *, 0 as {ELEMENT}, null::varchar as {REFUSAL} from {rows})", group)


def _named(context: Context, rows: str, group: Sequence[tuple[RawFile, Path]]) -> str:
    told = [f"file_{name}" for name in context.table.placeholders]
    names = [NUMBER, *told]
    values = [[f"{file.number}::integer", *(literal(file.told[name]) for name in told)] for file, _ in group]
    if len(group) == 1:  # a join would cost a tenth more time
        return f"select *, {', '.join(f'{value} as {name}' for name, value in zip(names, values[0], strict=True))} from {rows}"
    lines = [f"({', '.join([literal(path), *own])})" for (_, path), own in zip(group, values, strict=True)]
    return f"select * from {rows} join (values {', '.join(lines)}) as named ({', '.join([FILE, *names])}) using ({FILE})"


def csv_rows(context: Context, columns: Sequence[str], paths: Sequence[Path]) -> str:
    """DuckDB's reader with nothing left to guess; all columns text, empty text NULL."""
    dialect = context.table.dialect
    reader = _csv(
        columns,
        paths,
        nullstr=["", *dialect.nulls],
        delim=dialect.delimiter,
        quote=dialect.quote or "",
        escape=(dialect.escape or dialect.quote or "") if dialect.quote else "",
        header=dialect.header,
        skip=dialect.skip_lines,
    )
    last = identifier(columns[-1])  # where lines end in \r\r\n, one of the returns is left to the last field
    return f"(select * replace (nullif(rtrim({last}, chr(13)), '') as {last}) from {reader})"


def _csv(columns: Sequence[str], paths: Sequence[Path], **options: Any) -> str:
    types = ", ".join(f"{literal(name)}: 'varchar'" for name in columns)
    given = {"delim": ",", "quote": '"', "escape": '"', "header": False, "skip": 0, "nullstr": ""} | options
    written = ", ".join(f"{name} = {_option(value)}" for name, value in given.items())
    return (
        f"read_csv({listed(paths)}, columns = {{{types}}}, {written}, auto_detect = false, strict_mode = true, "
        f"null_padding = false, ignore_errors = false, comment = '', hive_partitioning = false, filename = '{FILE}')"
    )


def _option(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(literal(each) for each in value)}]"
    return literal(value) if isinstance(value, str) else str(value).lower()


def _or_null(context: Context, value: str) -> str:
    """A text, or null where it is one of the words that stand for nothing."""
    words = context.table.dialect.nulls
    return f"case when {value} not in ({', '.join(literal(word) for word in words)}) then {value} end" if words else value


def json_rows(context: Context, columns: Sequence[str], paths: Sequence[Path]) -> str:
    """Rows of newline-delimited JSON: one for each element of the dialect's `lines`, all fields text."""
    return json_fields(context, columns, f"(select line, {FILE}, 0 as {LINE} from {json_documents(context, paths)})")


def json_documents(context: Context, paths: Sequence[Path]) -> str:
    """The lines of JSON files that are not empty, as text."""
    reader = _csv(["line"], paths, delim=NO_DELIMITER, quote="", escape="", skip=context.table.dialect.skip_lines)
    return f"(select line, {FILE} from {reader} where line is not null)"


def json_fields(context: Context, columns: Sequence[str], documents: str) -> str:
    """Fields of JSON texts (column `line`, FILE, LINE), with ELEMENT and REFUSAL: not_json, no_articles or NULL."""
    lines = context.table.dialect.lines
    shape: dict[str, Any] = {}
    for path in [*columns, *([lines] if lines else [])]:
        place = shape
        for part in path.split("."):
            place = place.setdefault(part, {})
    record = f"try(from_json(line, {literal(_json_shape(shape, lines, ''))}))"
    parsed = f"select *, {record} as record from {documents}"
    if lines is None:
        fields = ", ".join(f"{_or_null(context, _field('record', name))} as {identifier(name)}" for name in columns)
        refusal = f"case when record is null then 'not_json' end as {REFUSAL}"
        return f"(select {fields}, {FILE}, {LINE}, 0 as {ELEMENT}, {refusal} from ({parsed}))"
    elements = _field("record", lines)
    listed = f"case when coalesce(len({elements}), 0) = 0 then [null] else {elements} end"
    numbers = f"range(1, 1 + greatest(1, coalesce(len({elements}), 1)))"
    unnested = f"select *, unnest({listed}) as element, unnest({numbers}) as element_number from ({parsed})"
    prefix = f"{lines}."
    fields = ", ".join(
        f"{_or_null(context, field)} as {identifier(name)}"
        for name in columns
        for field in [_field("element", name.removeprefix(prefix)) if name.startswith(prefix) else _field("record", name)]
    )
    refusal = f"case when record is null then 'not_json' when element is null then 'no_articles' end as {REFUSAL}"
    return f"(select {fields}, {FILE}, {LINE}, element_number::integer as {ELEMENT}, {refusal} from ({unnested}))"


def articles_count(context: Context) -> str:
    """How many rows `json_fields` makes of a text (column `line`), told without making them."""
    if context.table.dialect.lines is None:
        return "1"
    path = "".join(f'."{part}"' for part in context.table.dialect.lines.split("."))
    return f"greatest(1, coalesce(try(json_array_length(line, {literal('$' + path)})), 1))"


def _json_shape(shape: dict[str, Any], lines: str | None, path: str) -> str:
    fields = []
    for name, inner in shape.items():
        whole = f"{path}.{name}".lstrip(".")
        kind = _json_shape(inner, lines, whole) if inner else '"VARCHAR"'
        fields.append('"' + name.replace('"', '\\"') + '":' + (f"[{kind}]" if whole == lines else kind))
    return "{" + ",".join(fields) + "}"


def _field(record: str, path: str) -> str:
    return ".".join([record, *(identifier(part) for part in path.split("."))])


def parquet_rows(context: Context, columns: Sequence[str], paths: Sequence[Path]) -> str:
    """Rows of Parquet files, all columns text; line_number from 1."""
    fields = {name: f"nullif({identifier(name)}::varchar, '')" for name in columns}
    texts = ", ".join(f"{_or_null(context, field)} as {identifier(name)}" for name, field in fields.items())
    reader = f"read_parquet({listed(paths)}, filename = '{FILE}', file_row_number = true, hive_partitioning = false)"
    return f"(select {texts}, {FILE}, file_row_number + 1 as {LINE} from {reader})"


def refused_records(bad: Path, file: RawFile) -> str:
    """What `careful.rewrite` refused of a file, as rows of refusals."""
    return (
        f"select {file.number}::integer as file_number, line_number::bigint as line_number, 0 as element_number, code, "
        f"null::varchar as column_name, raw_text from {_own(['line_number', 'code', 'raw_text'], [bad])}"
    )


def _own(columns: Sequence[str], paths: Sequence[Path], **options: Any) -> str:
    """Rows of files that `careful.rewrite` wrote. Its line ends are told: DuckDB guesses them, by a carriage return in a field too."""
    return _csv(columns, paths, new_line="\\n", **options)


def canonical(context: Context, raw_rows: str, *, keep: Sequence[str] | None = None) -> str:
    """Canonical columns of raw rows; what cannot be computed is NULL. Raw ids of receipts become pseudonyms at once.

    A row that must be refused whatever its columns hold has no key. keep: raw columns kept as raw_fields, to tell of a refused
    line; with it rows have their key all the same, line_number, element_number and raw_refusal.
    """
    values = []
    for name, kind in CANONICAL[context.kind].items():
        expression = context.table.columns.get(name)
        value = f"try(cast(({expression}) as {kind}))" if expression else f"null::{kind}"
        if kind == "varchar" and expression:
            value = f"nullif({value}, '')"
        if name in SCOPED and expression:
            value = _scoped(value, name, context.source)
        if name == "quantity" and not expression:
            value = f"1::{kind}"
        if name == "sold_at":
            value = _local(value, context)
        if name == "objects_to_profiling" and expression:
            value = careful_objection(value, expression)
        if context.kind == "receipts":
            if name == "receipt_key":
                value = f"{literal(context.source.name + '/')} || {value}"
            if name in ("member_id", "shopper_id"):
                value, name = key_of(context, name, value), name.replace("_id", "_key")
        if name == REQUIRED[context.kind][0] and keep is None and (reasons := _reasons(context)):
            value = f"case when {' and '.join(f'not ({reason})' for reason in reasons)} then {value} end"
        values.append(f"{value} as {name}")
    values.append(f"{NUMBER} as file_number")
    if context.kind == "receipts":
        values.append(f"{literal(context.source.name)} as source")
    if keep is not None:
        first = [f"when {reason} then {code}" for reason, code in _reasons(context).items()]
        refusal = f"case {' '.join(first)} end" if first else "null::varchar"
        values += [
            f"{LINE}::bigint as line_number",
            f"{ELEMENT} as element_number",
            f"{refusal} as raw_refusal",
            f"{_packed(keep)} as raw_fields",
        ]
    rows = f"select {', '.join(values)} from ({raw_rows})"
    return marked(rows) if context.kind == "receipts" and context.keeps_out else rows


def _scoped(value: str, name: str, source: Source) -> str:
    """A code that means something in its source alone starts with the source's name."""
    if getattr(source.codes, SCOPED[name]) == "source":
        return f"{literal(source.name + '/')} || {value}"
    return f"case {value} when {literal(EVERY_STORE)} then {literal(NO_STORE)} else {value} end" if name == "store_key" else value


def _packed(columns: Sequence[str]) -> str:
    return "struct_pack(" + ", ".join(f"{identifier(name)} := {identifier(name)}" for name in columns) + ")"


def _reasons(context: Context) -> dict[str, str]:
    """Conditions over raw rows that refuse a row before its columns are looked at, and the code of each."""
    reasons = {}
    if context.table.dialect.format == "json":
        reasons[f"{REFUSAL} is not null"] = REFUSAL
    if context.table.voided:
        reasons[f"coalesce(try(cast(({context.table.voided}) as boolean)), false)"] = "'voided'"
    return reasons


def _local(value: str, context: Context) -> str:
    written = context.source.timezone or context.timezone
    local = context.source.store_timezone or written
    return value if local == written else f"try(timezone({literal(local)}, timezone({literal(written)}, {value})))"


def no_rows(context: Context) -> str:
    """The canonical columns without a row, for when every file must be read carefully."""
    told = [f"file_{name}" for name in context.table.placeholders]
    texts = [f"null::varchar as {identifier(name)}" for name in [*sorted(context.table.raw_columns), *told, REFUSAL]]
    return canonical(context, f"select {', '.join([*texts, f'0::integer as {NUMBER}'])} where false")


def refusal_of(context: Context, *, named: bool = False) -> str:
    """SQL over canonical columns: `code:column` of a row that must be refused, else NULL. named: rows made with `keep`."""
    required = list(REQUIRED[context.kind])
    if "quantity" in context.table.columns:
        required.append("quantity")
    cases = ["when raw_refusal is not null then raw_refusal"] if named else []
    cases += [f"when {name} is null then 'no_value:{name}'" for name in required]
    if context.kind == "receipts":
        cases.append(f"when sold_at < timestamp '{EARLIEST}' or sold_at > now()::timestamp + interval 1 day then 'implausible:sold_at'")
        if context.month:
            first, end = month_start(context.month), month_start(month_plus(context.month, 1))
            cases.append(f"when sold_at < timestamp '{first}' or sold_at >= timestamp '{end}' then 'outside_month:sold_at'")
    return f"case {' '.join(cases)} end"


def rows_of(path: Path) -> str:
    """Rows of one Parquet file of ours."""
    return f"read_parquet({listed([path])}, hive_partitioning = false)"
