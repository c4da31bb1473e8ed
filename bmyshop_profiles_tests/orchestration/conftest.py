"""A data directory with a few receipts of its own, and runs through Dagster in this process."""

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


@pytest.fixture
def running(settings: Settings) -> Iterator[Running]:
    settings.data_dir.mkdir(parents=True)
    write_mapping(settings.data_dir, RECEIPTS)
    with runs.instance(settings) as instance:
        found = Running(settings, build_definitions(settings), instance)
        for month in settings.months():
            found.write_month(month, lines_of(month))
        yield found


@pytest.fixture
def rebuilt(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], Running]:
    """The same data directory after the SQL of a table changed: `rebuilt(table, old, new)`."""
    import shutil

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
        return Running(running.settings, build_definitions(running.settings), running.instance)

    return change
