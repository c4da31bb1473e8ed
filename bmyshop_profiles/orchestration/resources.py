"""What assets get from Dagster: a DuckDB of their own per step, and the lake."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource

from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.engine.session import Session, configuration, spill_directory
from bmyshop_profiles.settings import Settings


class DuckDBEngine(dg.ConfigurableResource):
    """A DuckDB in memory for each step: bounded, spilling in a directory of its own, and closed whatever happens."""

    memory_limit: str
    threads: int
    spill_dir: str

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        """A new in-memory database, shared with nobody."""
        with spill_directory(Path(self.spill_dir)) as directory:
            limits = configuration(memory_limit=self.memory_limit, threads=self.threads, spill=directory)
            with DuckDBResource(database=":memory:", connection_config=limits).get_connection() as connection:
                try:
                    yield Session(connection, directory)
                finally:
                    with contextlib.suppress(duckdb.Error):
                        connection.close()  # get_connection itself closes only after success


class LakeResource(dg.ConfigurableResource):
    """Where the tables are."""

    root: str
    lock_seconds: float

    def lake(self) -> Lake:
        """The lake."""
        return Lake(Path(self.root), lock_seconds=self.lock_seconds)


def resources(settings: Settings) -> dict[str, dg.ConfigurableResource]:
    """The resources of a data directory."""
    return {
        "duckdb": DuckDBEngine(memory_limit=settings.memory_limit, threads=settings.threads, spill_dir=str(settings.spill_dir)),
        "lake": LakeResource(root=str(settings.lake_dir), lock_seconds=settings.lock_seconds),
    }
