"""Making one version of one table: write, measure, check, and only then publish.

Here: the order of these steps and what a failed check means. Not here: Dagster, partitions to read, what the rows mean.
"""

import contextlib
import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from bmyshop_profiles.engine.catalogue import PERSON_KEYS, Catalogue, Check, Table
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Draft, Lake, TableName, Version
from bmyshop_profiles.engine.session import Session, SqlError, Written, relation_of_files

Writer = Callable[[Session, Path], None]
SHOWN = 5


@dataclass(frozen=True)
class CheckResult:
    """How many rows broke a check, and the first few of them (column → value), without the keys of persons: they outlast an erasure."""

    check: Check
    failing: int
    examples: list[dict[str, Any]]

    @property
    def passed(self) -> bool:
        """No row broke it."""
        return self.failing == 0


@dataclass
class Build:
    """A table to make: who writes its rows, for which partition, and what is recorded about it."""

    table: Table
    partition: str
    write: Writer
    code_hash: str
    inputs: Mapping[str, str]
    note: str | None = None
    checks: list[CheckResult] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    version: Version | None = None

    @property
    def refused(self) -> list[CheckResult]:
        """Blocking checks that failed."""
        return [result for result in self.checks if result.check.blocking and not result.passed]


def select_writer(table: Table, parameters: Mapping[str, Any]) -> Writer:
    """The writer of a table that SQL makes; `parameters` must hold every declared one, in its declared type."""
    assert table.sql is not None
    sql, bound = table.sql, typed_parameters(table, parameters)

    def write(session: Session, directory: Path) -> None:
        session.write(sql, directory, bound, path=table.path)

    return write


def typed_parameters(table: Table, values: Mapping[str, Any], names: Sequence[str] | None = None) -> dict[str, Any]:
    """The declared parameters of a table, or some of them.

    Raises:
        BmyshopError: one is missing or has another type than declared.
    """
    expected = {"date": datetime.date, "integer": int, "double": (int, float), "varchar": str}
    bound = {}
    for name in names or table.file.parameters:
        kind = table.file.parameters[name]
        if name not in values:
            raise BmyshopError(f"{table.path}: parameter {name} has no value; it must be a setting or one of the run's own")
        if isinstance(values[name], bool) or not isinstance(values[name], expected[kind]):  # type: ignore[arg-type]
            raise BmyshopError(f"{table.path}: parameter {name} is declared {kind}, but its value is {values[name]!r}")
        bound[name] = values[name]
    return bound


class Frames(Mapping[str, pd.DataFrame]):
    """What a table that Python makes is handed: what its frames select, and its inputs whole, sorted by key. Each is read when asked for.

    The inputs are views in the session."""

    def __init__(self, session: Session, table: Table, catalogue: Catalogue, parameters: Mapping[str, Any]):
        self._session, self._table, self._parameters = session, table, parameters
        self._selects = {frame.name: frame for frame in table.frames}
        self._keys = {name: [*catalogue[name].file.key, *["month"] * catalogue[name].file.by_month] for name in table.inputs}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name in self._selects:
            return self.given(name)
        return self._session.frame(f"from {name} order by {', '.join(self._keys[name]) or 'all'}", path=self._table.path)

    def given(self, name: str, **values: Any) -> pd.DataFrame:
        """What a frame selects for values that only the function knows: a part of a table that is too large to be read whole."""
        frame = self._selects[name]
        bound = typed_parameters(self._table, {**self._parameters, **values}, frame.parameters) if frame.parameters else None
        return self._session.frame(frame.sql, bound, path=frame.path)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._selects, **self._keys})

    def __len__(self) -> int:
        return len({**self._selects, **self._keys})


def build(lake: Lake, session: Session, builds: Sequence[Build]) -> None:
    """Write and check all versions, then publish all of them, or none when a blocking check failed (see `Build.refused`).

    Views in the session named like the tables built here are replaced by what was written, so that checks may compare them.

    Raises:
        BmyshopError: a statement failed, the columns are not the documented ones, or another writer is at work.
    """
    with contextlib.ExitStack() as stack:
        drafts: list[tuple[Build, Draft, Written]] = []
        for item in builds:
            draft = stack.enter_context(lake.write(TableName(item.table.room, item.table.name), item.partition))
            item.write(session, draft.directory)
            written = session.measure(draft.files())
            documented = {name: column.type for name, column in item.table.file.columns.items()}
            if list(written.columns.items()) != list(documented.items()):
                raise BmyshopError(_difference(item.table, documented, written.columns))
            drafts.append((item, draft, _lasting(session, draft, written)))
        for item, draft, _ in drafts:
            session.execute(f"create or replace temp view {item.table.name} as {relation_of_files(draft.files())}")
        for item, draft, _ in drafts:
            item.checks = list(run_checks(session, item.table, draft.files()))
            item.figures = figures_of(session, item.table)
        if any(item.refused for item in builds):
            return
        for item, draft, written in drafts:
            item.version = draft.publish(
                rows=written.rows,
                content_hash=written.content_hash,
                hashed_by=written.hashed_by,
                code_hash=item.code_hash,
                inputs=dict(item.inputs),
                note=item.note,
            )


def _lasting(session: Session, draft: Draft, written: Written) -> Written:
    """What was measured, under the hash that equal rows have already: the version in place may be of a DuckDB that hashed otherwise.

    Such a version is measured anew; so an upgrade makes nothing look changed that is not.
    """
    before = draft.lake.current(draft.table, draft.partition)
    if before is None or before.content_hash == written.content_hash or before.hashed_by == written.hashed_by:
        return written
    home = draft.lake.directory(draft.table, draft.partition) / before.version
    try:
        same = session.measure([home / name for name in before.files])
    except SqlError:  # it cannot be read any more: nothing to compare with
        return written
    return replace(written, content_hash=before.content_hash, hashed_by=before.hashed_by) if same == written else written


def run_checks(session: Session, table: Table, files: Sequence[Path]) -> Iterator[CheckResult]:
    """Run a table's checks on files that hold its rows."""
    session.execute(f"create or replace temp view this as {relation_of_files(files)}")
    for check in table.checks:
        sql = check.sql.strip().rstrip(";")
        cursor = session.execute(f"select *, count(*) over () from ({sql}) limit {SHOWN}", path=f"{table.path}: check {check.name}")
        names = [column[0] for column in cursor.description or []][:-1]
        rows = cursor.fetchall()
        shown = [(place, name) for place, name in enumerate(names) if name not in PERSON_KEYS]
        yield CheckResult(check, rows[0][-1] if rows else 0, [{name: row[place] for place, name in shown} for row in rows if shown])


def figures_of(session: Session, table: Table) -> dict[str, float]:
    """The figures of a table, of which `this` is the version at hand; those without a value are left out."""
    if table.file.figures is None:
        return {}
    rows = session.execute(table.file.figures, path=f"{table.path}: figures").fetchall()
    return {str(name): float(value) for name, value in sorted(rows) if value is not None}


def _difference(table: Table, documented: dict[str, str], written: dict[str, str]) -> str:
    lines = [f"{table.path}: the columns written are not those documented in {table.path.with_suffix('.yml').name}"]
    for name in sorted({*documented, *written}, key=[*written, *documented].index):
        if documented.get(name) != written.get(name):
            lines.append(f"  {name}: documented {documented.get(name, 'not at all')}, written {written.get(name, 'not at all')}")
    if len(lines) == 1:
        lines.append(f"  same columns, other order: documented {', '.join(documented)}; written {', '.join(written)}")
    return "\n".join(lines)
