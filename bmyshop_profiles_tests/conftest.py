"""A house in a temporary directory, and rows in and out of its lake."""

import contextlib
import datetime
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest

for name in [name for name in os.environ if name.startswith("BMYSHOP_") and name != "BMYSHOP_REAL_DATA"]:
    del os.environ[name]  # a developer's own settings are not the tests'
os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK):  # Dagster's database waits for the disk after each event; here it does not
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # processes share the cores; matrices are small

from bmyshop_profiles.engine.build import Build, CheckResult, build, run_checks, select_writer
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.engine.session import Session, open_session, spill_directory
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.settings import Settings

Rows = Sequence[Mapping[str, Any]]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In several processes files with slow tests go first, so that none is left alone with one at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def run_command(
    *arguments: str | Path, data_dir: Path, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command in this process: its exit code and what it wrote. An error that `main` does not turn into a paragraph is raised."""
    from bmyshop_profiles.cli import main

    words = ["bmyshop-profiles", "--data-dir", str(data_dir), *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    code: str | int | None = 0
    with (
        mock.patch.dict(os.environ, environment or {}),
        mock.patch.object(sys, "argv", words),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(words, int(code or 0), out.getvalue(), err.getvalue())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", first_month="2025-01", last_month="2025-04", threads=1)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with open_session(threads=1, spill=tmp_path_factory.mktemp("spill")) as opened:
        yield opened


@pytest.fixture
def session(database: Session, tmp_path: Path) -> Iterator[Session]:
    """A connection of the test's own: temporary tables, views, macros and variables are its own, other things it may not make.

    To one database, which takes twenty times as long to open. What tests set of that (a limit of memory) needs `open_session`.
    """
    with spill_directory(tmp_path / "spill") as spill, contextlib.closing(database.connection.cursor()) as connection:
        yield Session(connection, spill)


@pytest.fixture
def make(session: Session, settings: Settings, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Run a table's SQL on a few rows of its inputs: `make("receipts", {"receipt_lines": [...]}, month="2025-01")` → its rows.

    A column that a row leaves out is NULL. Every column must be a documented one (or month). All checks must pass,
    unless `checks=False`.
    """

    def made(name: str, inputs: Mapping[str, Rows], *, month: str | None = "2025-01", checks: bool = True) -> list[dict[str, Any]]:
        catalogue = load_catalogue()
        table = catalogue[name]
        assert set(inputs) <= set(table.inputs), "an input that the table does not read"
        for upstream in table.inputs:
            attach_rows(session, upstream, inputs.get(upstream, []), month)
        lake = Lake(tmp_path / "lake")
        item = Build(table, partition_of(month), select_writer(table, parameters(settings, month)), code_hash="", inputs={})
        build(lake, session, [item])
        if checks:
            assert [result.check.name for result in item.checks if not result.passed] == []
        files = [
            lake.directory(TableName(table.room, table.name), item.partition) / item.version.version / each
            for each in (item.version.files if item.version else [])
        ]
        return read_rows(session, files)

    return made


@pytest.fixture
def checked(session: Session, tmp_path: Path) -> Callable[..., dict[str, CheckResult]]:
    """Run a table's checks on given rows (and given rows of other tables): name of the check → its result."""

    def run(name: str, rows: Rows, others: Mapping[str, Rows] | None = None) -> dict[str, CheckResult]:
        table = load_catalogue()[name]
        for other, other_rows in (others or {}).items():
            attach_rows(session, other, other_rows, None)
        directory = tmp_path / f"checked-{name}"
        directory.mkdir(exist_ok=True)
        write_rows(session, name, rows, directory)
        return {result.check.name: result for result in run_checks(session, table, [directory / "part-0.parquet"])}

    return run


def attach_rows(session: Session, name: str, rows: Rows, month: str | None) -> None:
    table = load_catalogue()[name]
    columns = {key: column.type for key, column in table.file.columns.items()}
    if table.file.by_month:
        columns["month"] = "varchar"
    unknown = {key for row in rows for key in row} - set(columns)
    assert not unknown, f"{name} has no column {unknown}"
    session.execute(f"create or replace temp table rows_of_{name} ({', '.join(f'{key} {kind}' for key, kind in columns.items())})")
    given = [{"month": month, **row} if table.file.by_month else dict(row) for row in rows]
    if given:
        named = list(dict.fromkeys(key for row in given for key in row))
        session.connection.register("rows_given", pa.table({key: pa.array([row.get(key) for row in given]) for key in named}))
        session.execute(f"insert into rows_of_{name} ({', '.join(named)}) select {', '.join(named)} from rows_given")
        session.connection.unregister("rows_given")
    session.execute(f"create or replace temp view {name} as from rows_of_{name}")


def write_rows(session: Session, name: str, rows: Rows, directory: Path) -> None:
    table = load_catalogue()[name]
    session.write_records(table, [{key: row.get(key) for key in table.file.columns} for row in rows], directory)


def read_rows(session: Session, files: Sequence[Path]) -> list[dict[str, Any]]:
    cursor = session.execute(
        f"select * from read_parquet([{', '.join(repr(str(path)) for path in files)}], hive_partitioning = false) order by all"
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def at(text: str) -> datetime.datetime:
    """2025-01-03 08:41 → a timestamp."""
    return datetime.datetime.fromisoformat(text)


def day(text: str) -> datetime.date:
    """2025-01-03 → a date."""
    return datetime.date.fromisoformat(text)
