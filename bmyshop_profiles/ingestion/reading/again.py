"""Files in which something failed, read again: bad lines are named, good ones kept.

Where DuckDB's reader took every record and only values are wrong, the rows that the first reading wrote stand. Not here: the first
reading (`reading.py`), telling good lines from bad ones (`careful.py`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.reading import careful, files, masks
from bmyshop_profiles.ingestion.reading.files import RawFile
from bmyshop_profiles.ingestion.reading.outcome import PACKED, Reading, rewrite
from bmyshop_profiles.ingestion.reading.receipts import kept_across_midnight
from bmyshop_profiles.ingestion.reading.relations import Context, canonical, careful_rows, refusal_of, refused_records, rows_of
from bmyshop_profiles.ingestion.reading.running import computed_once, run

Columns = Mapping[int, tuple[str, ...]]  # names of each file's columns, by its number
Group = tuple[tuple[str, ...], list[tuple[RawFile, Path]]]


def alike(context: Context, found: Sequence[tuple[RawFile, Path]], columns: Columns) -> list[Group]:
    """Files, each with the path to read, by the names of their columns: those of one group are read together."""
    groups: dict[tuple[tuple[str, ...], str], list[tuple[RawFile, Path]]] = {}
    is_parquet = context.table.dialect.format == "parquet"
    for file, path in found:
        # of Parquet files read together, DuckDB takes the types of the first for all
        layout = (columns[file.number], files.parquet_layout(file)[0] if is_parquet else "")
        groups.setdefault(layout, []).append((file, path))
    return [(names, group) for (names, _), group in groups.items()]


def read_again(
    session: Session, context: Context, damaged: Sequence[RawFile], columns: Columns, rows: Mapping[int, int], reading: Reading
) -> None:
    """Name the bad lines of damaged files; where what the first reading wrote of one is not to be relied on, write its good lines.

    rows: how many rows, good and bad, the first reading saw in each file that it could read.
    """
    found, refusals, ill_formed = [], [], []
    lines = dict(rows)  # that must come out of each file, accepted or refused for what they hold; of ill-formed JSON nobody knows
    for file in damaged:
        path, number = file.path, file.number
        if context.table.dialect.format != "parquet":
            path, bad = (context.spill / f"{part}-{context.source.name}-{number}.csv" for part in ("good", "bad"))
            tell = str if masks.tells_lines(context.kind, context.table, columns[number]) else careful.shape_of
            good_count, bad_count = careful.rewrite(file.path, context.table.dialect, len(columns[number]), path, bad, tell)
            refusals.append(refused_records(bad, file))
            if bad_count or number not in rows:
                ill_formed.append(number)
            lines[number] = good_count if context.table.dialect.format == "csv" else -1 if bad_count else rows.get(number, -1)
        found.append((file, path))
    groups = alike(context, found, columns)
    if ill_formed:
        _write_good(session, context, groups, ill_formed, reading.path)
    accepted = _counts(session, reading.path)
    short = [file.number for file in damaged if accepted.get(file.number, 0) != lines[file.number]]
    refused = _refused_values(session, context, _of(groups, short))
    counts = _counts(session, refused)
    doubtful = [number for number in short if number not in ill_formed and accepted.get(number, 0) + counts.get(number, 0) != lines[number]]
    if doubtful:
        _write_good(session, context, groups, doubtful, reading.path)
    _mend_midnight(session, context, groups, refused, reading.path)
    refusals.append(
        "select file_number, line_number, element_number, split_part(refusal, ':', 1) as code, "
        f"nullif(split_part(refusal, ':', 2), '') as column_name, raw_text from {rows_of(refused)}"
    )
    reading.rejected = session.spill / f"rejected-{context.source.name}-{context.kind}.rows"
    run(session, context, f"copy ({' union all '.join(refusals)}) to {literal(reading.rejected)} (format parquet)")
    counts, accepted = _counts(session, reading.rejected), _counts(session, reading.path)
    numbers = {file.number for file in damaged}
    for entry in reading.entries:
        if (number := entry.file.number) in numbers:
            entry.rejected_count = counts.get(number, 0)
            entry.lines_count = accepted.get(number, 0) + entry.rejected_count


def _of(groups: Sequence[Group], numbers: Sequence[int]) -> list[Group]:
    """Some of the files."""
    owns = [(names, [(file, path) for file, path in group if file.number in numbers]) for names, group in groups]
    return [own for own in owns if own[1]]


def _counts(session: Session, rows: Path) -> dict[int, int]:
    return dict(session.execute(f"select file_number, count(*) from {rows_of(rows)} group by 1").fetchall())


def _refused_values(session: Session, context: Context, groups: Sequence[Group]) -> Path:
    """Well-formed lines that are refused for what they hold."""
    target = context.spill / f"refused-{context.source.name}-{context.kind}.rows"
    nothing = "null::integer as file_number, null::bigint as line_number, 0 as element_number, null::varchar as refusal, '' as raw_text"
    selects = [f"select {nothing} where false"]
    for names, group in groups:
        told = masks.told(context.kind, context.table, names)
        judged = f"({_judged(context, names, group)}) where refusal is not null"
        selects.append(f"select file_number, line_number, element_number, refusal, {told} as raw_text from {judged}")
    with computed_once(session):
        run(session, context, f"copy ({' union all '.join(selects)}) to {literal(target)} (format parquet)")
    return target


def _judged(context: Context, names: Sequence[str], group: Sequence[tuple[RawFile, Path]]) -> str:
    """Canonical rows of files, good and bad, with line_number, element_number, raw_fields, raw_refusal and refusal."""
    rows = canonical(context, careful_rows(context, names, group), keep=names)
    return f"select *, {refusal_of(context, named=True)} as refusal from ({rows})"


def _write_good(session: Session, context: Context, groups: Sequence[Group], numbers: Sequence[int], path: Path) -> None:
    """Put the good lines of some files in the place of what is written of them."""
    selects = [f"select * from {rows_of(path)} where file_number not in ({', '.join(map(str, numbers))})"]
    for names, group in _of(groups, numbers):
        selects.append(f"select * from ({canonical(context, careful_rows(context, names, group))}) where {refusal_of(context)} is null")
    other = path.with_suffix(".again")
    with computed_once(session):
        run(session, context, f"copy ({' union all by name '.join(selects)}) to {literal(other)} (format parquet, {PACKED})")
    other.replace(path)


def _mend_midnight(session: Session, context: Context, groups: Sequence[Group], refused: Path, path: Path) -> None:
    """Move lines of receipts that cross the month's midnight from the refused ones to the others."""
    outside, mended = (context.spill / f"{what}-{context.source.name}-{context.kind}.rows" for what in ("outside", "mended"))
    is_outside = "refusal like 'outside_month:%'"
    found = session.execute(f"select distinct file_number from {rows_of(refused)} where {is_outside}").fetchall()
    owns = _of(groups, [number for (number,) in found])
    selects = [f"select * exclude (raw_fields) from ({_judged(context, *own)}) where {is_outside}" for own in owns]
    if not selects:
        return
    with computed_once(session):
        run(session, context, f"copy ({' union all by name '.join(selects)}) to {literal(outside)} (format parquet)")
    session.execute(f"copy ({kept_across_midnight(outside, path)}) to {literal(mended)} (format parquet)")
    aside = "line_number, element_number, raw_refusal, refusal"
    rewrite(session, path, f"select * from {rows_of(path)} union all by name select * exclude ({aside}) from {rows_of(mended)}")
    line = "file_number, line_number, element_number"
    rewrite(session, refused, f"select * from {rows_of(refused)} where ({line}) not in (select ({line}) from {rows_of(mended)})")
