"""A mapping against its files, without ingesting: samples of some files go through the very reader that ingestion uses.

Here: what was found, and whether it is wrong. Not here: how a table of it looks (the command line).
"""

import difflib
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, identifier
from bmyshop_profiles.ingestion.drafts import across
from bmyshop_profiles.ingestion.drafts.samples import parquet_sample, sample_of
from bmyshop_profiles.ingestion.mapping.expressions import columns_used
from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL, REQUIRED, RawTable, SourceMapping
from bmyshop_profiles.ingestion.reading.codes import sample_codes, shared_codes, start_sampling
from bmyshop_profiles.ingestion.reading.contents import in_utf8
from bmyshop_profiles.ingestion.reading.files import RawFile, matching, raw_columns
from bmyshop_profiles.ingestion.reading.reading import read
from bmyshop_profiles.ingestion.reading.relations import Context, careful_rows, raw_rows, rows_of
from bmyshop_profiles.months import months_between
from bmyshop_profiles.privacy.pseudonyms import install

FILES = 6  # sampled of each kind, spread over all
BYTES = 24 << 20  # of text sampled of each kind
REFUSED_SHARE = 0.01  # above it, something is wrong with the mapping rather than with a line
LOOKED_AT = 20_000  # files below the raw directory


@dataclass
class Found:
    """What was found of one kind of file of one source."""

    source: str
    kind: str
    pattern: str
    files: int = 0
    sampled_files: int = 0
    lines: int = 0
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    empty: dict[str, int] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    of_several_members: int = 0
    months: list[str] = field(default_factory=list)
    months_told: bool = False
    whole: bool = True  # all its files were read from beginning to end
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def refused_count(self) -> int:
        """Sampled lines that would be refused."""
        return sum(self.refused.values())


def check(
    mapping: SourceMapping, root: Path, session: Session, *, timezone: str, own: Sequence[Path] = ()
) -> tuple[list[Found], list[str]]:
    """What the mapping finds in its files, and files that no pattern matches. own: files and directories that are no raw files.

    A column that is missing, a pattern without files and the like are among `Found.errors`.
    """
    install(session.connection, secrets.token_bytes(32))
    session.execute("create or replace temp view staged_members as select null::varchar as member_key where false")
    start_sampling(session)
    across.start(session)
    found: list[Found] = []
    matched: set[Path] = set()
    of_receipts: dict[str, list[Path]] = {}
    everything = list(_below(root, own))
    for source in mapping.sources:
        tables = source.raw_tables()
        for kind in sorted(tables, key=lambda kind: kind != "members"):  # receipts may ask which members are listed
            entry = Found(source.name, kind, tables[kind].files)
            found.append(entry)
            try:
                files = matching(root, tables[kind])
                matched |= {path for path, _ in files}
                if kind == "receipts":
                    of_receipts[source.name] = [path for path, _ in files]
                context = Context(source, kind, tables[kind], None, timezone, session.spill)
                _check_kind(entry, context, files, root, session, everything)
            except BmyshopError as error:
                entry.errors.append(str(error))
    receipts = {entry.source: entry for entry in found if entry.kind == "receipts"}
    for name, is_wrong, text in shared_codes(session, mapping):
        (receipts[name].errors if is_wrong else receipts[name].notes).append(text)
    for name, text in across.matched_twice(of_receipts, root):
        receipts[name].errors.append(text)
    if all(entry.whole for entry in found if entry.kind == "members"):
        for name, is_wrong, text in across.unlisted(session, mapping):
            (receipts[name].errors if is_wrong else receipts[name].notes).append(text)
    return found, [path.relative_to(root).as_posix() for path in everything if path not in matched]


def _below(root: Path, own: Sequence[Path]) -> Iterator[Path]:
    """Visible files below the raw directory, at most LOOKED_AT."""
    seen = 0
    for directory, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith(".") and Path(directory, name) not in own)
        for name in sorted(files):
            seen += 1
            if seen > LOOKED_AT:
                return
            if not name.startswith(".") and Path(directory, name) not in own:
                yield Path(directory, name)


def _check_kind(
    entry: Found, context: Context, files: list[tuple[Path, dict[str, str]]], root: Path, session: Session, everything: Sequence[Path]
) -> None:
    table = context.table
    entry.files = len(files)
    if not files:
        entry.errors.append(_no_file(table, root, everything))
        return
    files = sorted(files, key=lambda match: match[0])
    places = {round(number * (len(files) - 1) / max(1, FILES - 1)) for number in range(FILES)}
    sampled = [files[place] for place in sorted(places) if place < len(files)]
    by_month: dict[str | None, list[RawFile]] = {}
    for number, (path, told) in enumerate(sampled):
        month = f"{told['file_year']}-{told['file_month']}" if table.by_month else None
        raw = _sample(path, told, root, table, session.spill, number, BYTES // len(sampled), f"{entry.source}-{entry.kind}")
        by_month.setdefault(month, []).append(raw)
    entry.sampled_files = len(sampled)
    budget = BYTES // len(sampled) if table.dialect.format != "parquet" else 0
    entry.whole = len(sampled) == len(files) and all(path.stat().st_size <= budget for path, _ in files)
    if table.by_month:
        entry.months_told = True
        entry.months = sorted({f"{told['file_year']}-{told['file_month']}" for _, told in files})
        if wrong := [month for month in entry.months if not "01" <= month[5:] <= "12"]:
            entry.errors.append(f"the pattern reads {', '.join(wrong)} as months; is {{month}} in the right place?")
            entry.months = [month for month in entry.months if month not in wrong]
        if entry.months and (gaps := sorted(set(months_between(entry.months[0], entry.months[-1])) - set(entry.months))):
            entry.notes.append(f"no file for {', '.join(gaps)}")
    table = in_utf8(context).table  # as samples are
    months: set[str] = set()
    for month, raw_files in by_month.items():
        of_month = Context(context.source, context.kind, table, month, context.timezone, context.spill)
        months |= _read_sample(entry, of_month, raw_files, session)
    if not table.by_month:
        entry.months = sorted(months)
    _judge(entry, context)


def _no_file(table: RawTable, root: Path, everything: Sequence[Path]) -> str:
    names = [path.relative_to(root).as_posix() for path in everything]
    near = difflib.get_close_matches(table.files, names, n=2, cutoff=0.4) or names[:2]
    there = f"; there are, for example, {', '.join(near)}" if near else "; there are no files at all"
    return f"no file matches {table.files} below {root}{there}"


def _sample(path: Path, told: dict[str, str], root: Path, table: RawTable, spill: Path, number: int, size: int, name: str) -> RawFile:
    """A sample of a file as a raw file of its own."""
    if table.dialect.format == "parquet":
        target = spill / f"sample-{name}-{number}.parquet"
        pq.write_table(parquet_sample(path)[0], target)
    else:
        target = spill / f"sample-{name}-{number}.text"
        sample = sample_of(path, head=size // 2, pieces=16, piece=size // 32)
        if (sample.encoding == "utf-16") != (table.dialect.encoding == "utf-16"):
            is_it = "is" if sample.encoding else "is not"
            raise BmyshopError(f"{path.relative_to(root).as_posix()}: {is_it} UTF-16; correct the encoding in the mapping")
        target.write_bytes(sample.content)
    state, known_as = target.stat(), path.relative_to(root).as_posix()
    return RawFile(number, target, known_as, state.st_size, known_as, state.st_mtime_ns, told)


def _read_sample(entry: Found, context: Context, files: list[RawFile], session: Session) -> set[str]:
    """Read samples as ingestion would; count. Returns the months of accepted receipts."""
    target = session.spill / f"checked-{context.source.name}-{context.kind}-{files[0].number}.parquet"
    reading = read(session, context, files, target)
    entry.lines += sum(each.lines_count for each in reading.entries)
    if reading.rejected:
        refused = f"select code, coalesce(column_name, ''), count(*) from {rows_of(reading.rejected)} group by all"
        for code, column, count in session.execute(refused).fetchall():
            entry.refused[code, column] += count
    _count_empty(entry, context, files, session)
    sample_codes(session, context, target)
    if context.kind == "members":
        across.add_ids(session, "listed_ids", context.source.name, f"select member_id from {rows_of(target)}")
        keys = f"select pseudonym('member', member_id) as member_key from {rows_of(target)}"
        session.execute(f"create or replace temp table listed_members as {keys}")
        session.execute("create or replace temp view staged_members as from listed_members")
    if context.kind != "receipts":
        return set()
    several = f"select 1 from {rows_of(target)} where member_key is not null group by receipt_key having min(member_key) <> max(member_key)"
    entry.of_several_members += len(session.execute(several).fetchall())
    entry.notes += [text for text in across.everybody_s(session, rows_of(target), entry.source) if text not in entry.notes]
    for is_wrong, text in across.rounded(session, rows_of(target), ("receipt_key", "product_key")):
        (entry.errors if is_wrong else entry.notes).append(text)
    return {row[0] for row in session.execute(f"select distinct strftime(sold_at, '%Y-%m') from {rows_of(target)}").fetchall()}


def _count_empty(entry: Found, context: Context, files: list[RawFile], session: Session) -> None:
    """Lines for which an expression gives nothing, and those among them whose raw columns hold something."""
    selects = []
    for name, expression in context.table.columns.items():
        used = [identifier(column) for column in sorted(columns_used(expression))]
        value = f"try(cast(({expression}) as {CANONICAL[context.kind][name]})) is null"
        held = f"coalesce({', '.join(used)}) is not null" if used else "true"
        selects += [f"count(*) filter (where {value})", f"count(*) filter (where {value} and {held})"]
    for file in files:
        names = raw_columns(file, context.table)
        if not names:
            continue
        good = context.spill / f"good-{context.source.name}-{file.number}.csv"
        # where a line is not well formed, the reader left the others there
        rows = careful_rows(context, names, [(file, good)]) if good.exists() else raw_rows(context, names, [(file, _text(context, file))])
        try:
            row = session.connection.execute(f"select {', '.join(selects)} from ({rows})").fetchall()[0]
            if context.kind == "receipts" and (member := context.table.columns.get("member_id")):
                ids = f"select distinct nullif(try(cast(({member}) as varchar)), '') from ({rows})"
                across.add_ids(session, "sampled_ids", context.source.name, ids)
        except duckdb.Error:  # its message would quote lines
            continue
        for number, name in enumerate(context.table.columns):
            entry.empty[name] = entry.empty.get(name, 0) + row[2 * number]
            entry.failing[name] = entry.failing.get(name, 0) + row[2 * number + 1]


def _text(context: Context, file: RawFile) -> Path:
    """The sample in UTF-8."""
    if context.table.dialect.format != "csv" or context.table.dialect.encoding == "utf-8":
        return file.path
    target = context.spill / f"{file.path.stem}.utf8"
    target.write_bytes(file.path.read_bytes().decode(context.table.dialect.encoding, errors="replace").encode())
    return target


def _judge(entry: Found, context: Context) -> None:
    """What is wrong, and what a person should know."""
    if not entry.lines:
        entry.notes.append("the sampled files hold no lines")
        return
    for (code, column), count in entry.refused.most_common():
        share = count / entry.lines
        text = f"{_percent(share)} of the sampled lines would be refused: {code}{f' of {column}' if column else ''}"
        if code == "no_value" and column in context.table.columns:
            text += f", which is {context.table.columns[column]}"
        (entry.errors if share > REFUSED_SHARE and code != "voided" else entry.notes).append(text)
    if entry.of_several_members:
        entry.notes.append(
            f"{entry.of_several_members} sampled receipts bear the ids of several members, and will count as anonymous; "
            "does receipt_key join several receipts?"
        )
    for name, expression in context.table.columns.items():
        if name in REQUIRED[context.kind] or not entry.failing.get(name):
            continue
        share = entry.failing[name] / entry.lines
        if share > REFUSED_SHARE:
            text = f"{name}: {expression} gives nothing for {_percent(share)} of the sampled lines, though what it reads is there"
            (entry.errors if share > 0.5 else entry.notes).append(text)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
