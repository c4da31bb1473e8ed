"""A data directory with a few receipts of its own, and runs through Dagster in this process.

Runs are kept in memory, unless a test is about what is kept: Dagster's database on disk takes longer than the tables.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake, TableName, Version, partition_of
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS, write_mapping


@dataclass
class Running:
    """A data directory, its definitions and its instance."""

    settings: Settings
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def write_month(self, month: str, lines: list[str]) -> None:
        (self.settings.raw_root / f"lines-{month}.csv").write_text(HEADER + "".join(lines), encoding="utf-8")

    def run(self, job: str, month: str | None = None, tables: list[str] | None = None) -> runs.RunResult:
        return runs.run_job(self.definitions, self.instance, job, month=month, tables=tables)

    def version(self, name: str, month: str | None) -> Version | None:
        table = load_catalogue()[name]
        return Lake(self.settings.lake_dir).current(TableName(table.room, table.name), partition_of(month))

    def hashes(self, months: list[str]) -> dict[tuple[str, str], str | None]:
        found = {}
        for table in load_catalogue().values():
            for month in months if table.file.by_month else [None]:
                version = self.version(table.name, month)
                found[table.name, month or "all"] = version.content_hash if version else None
        return found


def lines_of(month: str, receipts: int = 6) -> list[str]:
    """Small but lively: two shops, two members, some anonymous."""
    return [
        f"{month}-T{number},{month}-{number + 1:02} {8 + number}:15,S{number % 2},P{number % 3},Label {number % 3},1,{number + 1}.50,"
        f"{['A', 'B', ''][number % 3]}\n"
        for number in range(receipts)
    ]


@contextlib.contextmanager
def opened(settings: Settings, *, is_kept: bool = False) -> Iterator[Running]:
    """A data directory that is there. is_kept: runs go to Dagster's database in it."""
    with runs.instance(settings) if is_kept else dg.DagsterInstance.ephemeral() as instance:
        yield Running(settings, build_definitions(settings), instance)


def write_raw_files(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    write_mapping(settings.data_dir, RECEIPTS)
    for month in settings.months():
        (settings.raw_root / f"lines-{month}.csv").write_text(HEADER + "".join(lines_of(month)), encoding="utf-8")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


@pytest.fixture
def running(settings: Settings, instance: dg.DagsterInstance) -> Running:
    """Raw files, and no table yet."""
    write_raw_files(settings)
    return Running(settings, build_definitions(settings), instance)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which every table was made for January and February. Tests get copies: `later`."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("made") / "data", first_month="2025-01", last_month="2025-04", threads=1)
    write_raw_files(settings)
    with opened(settings) as found:
        for job, month in (("references", None), ("month", "2025-01"), ("month", "2025-02")):
            result = found.run(job, month)
            assert result.success, result.failure
    return settings.data_dir


@pytest.fixture
def later(settings: Settings, instance: dg.DagsterInstance, made: Path) -> Running:
    """January and February are made, by runs that this instance does not know."""
    shutil.copytree(made, settings.data_dir)
    return Running(settings, build_definitions(settings), instance)


@pytest.fixture
def rebuilt(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, str], Running]:
    """The same data directory after the SQL of a table changed: `rebuilt(table, old, new)`."""
    from bmyshop_profiles import definitions
    from bmyshop_profiles.engine.catalogue import sql_directory

    def change(name: str, old: str, new: str) -> Running:
        directory = tmp_path / "changed-sql"
        shutil.copytree(sql_directory(), directory, dirs_exist_ok=True)
        path = next(directory.glob(f"*/{name}.sql"))
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        load_catalogue.cache_clear()
        monkeypatch.setattr(definitions, "load_catalogue", lambda: load_catalogue(directory))
        return Running(settings, build_definitions(settings), instance)

    return change
