"""One in-memory DuckDB: limited, spilling into its own directory, with the lake's versions as views.

Here: opening, views of a snapshot, running a select to Parquet, measuring what was written, errors that quote the SQL.
Not here: which table, which month, whether to publish (`build.py`).
"""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from bmyshop_profiles.engine.catalogue import Catalogue, Table
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Snapshot, TableName


class SqlError(BmyshopError):
    """A statement failed. The message names the file and quotes the SQL."""


# Of a row. DuckDB's own hash takes a tenth of the time of MD5, but may change between its versions: PROBE shows when it has
HASH = "hash({})"
PROBE = (
    "1, 2::bigint, 0.5::double, -1.250::decimal(12, 3), true, date '2025-01-03', timestamp '2025-01-03 08:15:00', 'short', "
    "'longer than the twelve bytes that are kept in place', null::varchar"
)


@dataclass(frozen=True)
class Written:
    """What is in a version: its rows, their order-free hash, what that was made by, and the type of each column."""

    rows: int
    content_hash: str
    hashed_by: str
    columns: dict[str, str]


@contextlib.contextmanager
def spill_directory(parent: Path) -> Iterator[Path]:
    """A directory of one run's own, removed at its end."""
    parent.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def configuration(*, memory_limit: str, threads: int, spill: Path) -> dict[str, Any]:
    """Options of a connection: bounded, and with nothing fetched from elsewhere."""
    return {
        "memory_limit": memory_limit,
        "threads": threads,
        "temp_directory": str(spill),
        "preserve_insertion_order": False,  # tables are sets of rows; order would cost memory
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }


@contextlib.contextmanager
def open_session(*, memory_limit: str = "2GB", threads: int = 2, spill: Path | None = None) -> Iterator["Session"]:
    """A session of its own, for the command line and tests; runs open theirs through dagster-duckdb's resource."""
    with spill_directory(spill or Path(tempfile.gettempdir())) as directory:
        connection = duckdb.connect(":memory:", config=configuration(memory_limit=memory_limit, threads=threads, spill=directory))
        try:
            yield Session(connection, directory)
        finally:
            connection.close()


class Session:
    """A connection and the SQL that is run on it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, spill: Path):
        connection.execute("set enable_progress_bar = false")
        connection.execute("set timezone = 'UTC'")  # rows do not depend on the machine's zone
        self.connection = connection
        self.spill = spill

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None, *, path: Path | str = "SQL") -> duckdb.DuckDBPyConnection:
        """Run one statement.

        Raises:
            SqlError: it failed; the message names `path` and quotes the statement.
        """
        try:
            return self.connection.execute(sql, dict(parameters)) if parameters else self.connection.execute(sql)
        except duckdb.Error as error:
            raise SqlError(f"{path}: {error}\n--- the SQL ---\n{sql.strip()}") from None

    def attach(self, catalogue: Catalogue, snapshot: Snapshot, tables: Sequence[str]) -> None:
        """A view per table over the snapshot's files. A table kept by month gains `month` (varchar, 2025-01)."""
        for name in tables:
            self.execute(f"create or replace temp view {name} as {relation(catalogue[name], snapshot)}")

    def write(self, select: str, directory: Path, parameters: Mapping[str, Any] | None = None, *, path: Path | str = "SQL") -> None:
        """The rows of a select, as one Parquet file in a directory."""
        target = literal(directory / "part-0.parquet")
        self.execute(f"copy (\n{select.strip().rstrip(';')}\n) to {target} (format parquet, compression zstd)", parameters, path=path)

    def write_records(self, table: Table, records: Sequence[Mapping[str, Any]], directory: Path) -> None:
        """Rows that Python holds, as one Parquet file of a table's documented columns and types."""
        self._write_arrow(table, pa.table({name: pa.array([record[name] for record in records]) for name in table.file.columns}), directory)

    def write_frame(self, table: Table, frame: pd.DataFrame, directory: Path) -> None:
        """A frame as one Parquet file of a table's documented columns and types; NaN is written as NULL."""
        if frame.empty:
            self.write_records(table, [], directory)
        else:
            self._write_arrow(table, pa.Table.from_pandas(frame[list(table.file.columns)], preserve_index=False), directory)

    def _write_arrow(self, table: Table, rows: pa.Table, directory: Path) -> None:
        self.connection.register("rows_in_hand", rows)
        casts = ", ".join(f'cast("{name}" as {column.type}) as "{name}"' for name, column in table.file.columns.items())
        try:
            self.write(f"select {casts} from rows_in_hand", directory, path=table.path)
        finally:
            self.connection.unregister("rows_in_hand")

    def frame(self, sql: str, parameters: Mapping[str, Any] | None = None, *, path: Path | str = "SQL") -> pd.DataFrame:
        """Rows of a select, for what Python computes: members, aggregates, samples."""
        return self.execute(sql, parameters, path=path).df()

    def whole(self, name: str) -> pd.DataFrame:
        """All rows of a table, sorted."""
        return self.frame(f"from {identifier(name)} order by all")

    def columns_of(self, select: str) -> dict[str, str]:
        """Names and types of a select's columns, in order."""
        return {row[0]: str(row[1]).lower() for row in self.execute(f"describe {select}").fetchall()}

    def measure(self, files: Sequence[Path]) -> Written:
        """Count, type and hash what was written. Equal rows in any order and any files give the same hash, if by the same DuckDB."""
        source = relation_of_files(files)
        columns = self.columns_of(source)
        names = ", ".join(f'"{name}"' for name in columns)
        totals = f"select count(*), coalesce(sum({HASH.format(names)}), 0), {HASH.format(PROBE)} from ({source})"
        rows, total, probe = self.execute(totals).fetchall()[0]
        return Written(rows, f"{rows}-{int(total) % 2**96:024x}", f"{probe:016x}", columns)


def relation(table: Table, snapshot: Snapshot) -> str:
    """The select that reads a table's versions in a snapshot; without any, an empty relation of the same columns."""
    name = TableName(table.room, table.name)
    parts = []
    for partition in snapshot.partitions(name):
        month = partition.removeprefix("month=") if table.file.by_month else None
        parts.append(relation_of_files(snapshot.files(name, partition), month=month))
    if parts:
        return "\nunion all by name\n".join(parts)
    columns = ", ".join(f'null::{column.type} as "{key}"' for key, column in table.file.columns.items())
    return f"select {columns}{', null::varchar as month' if table.file.by_month else ''} where false"


def relation_of_files(files: Sequence[Path], *, month: str | None = None) -> str:
    """The select that reads explicit Parquet files, with their month as a column where given."""
    return f"select *{f', {literal(month)} as month' if month else ''} from read_parquet({listed(files)}, hive_partitioning = false)"


def listed(paths: Iterable[Path]) -> str:
    """Paths as the SQL list that DuckDB's readers take. They take patterns: here each path stands for itself alone.

    Raises:
        BmyshopError: a path cannot be said that way.
    """
    return f"[{', '.join(literal(as_pattern(path)) for path in paths)}]"


def as_pattern(path: Path) -> str:
    """The pattern of file names that fits one path and no other."""
    text, escaped = str(path), re.sub(r"[\[*?]", r"[\g<0>]", str(path))
    if escaped != text and "\\" in text:  # in a pattern, a backslash parts directories
        raise BmyshopError(f"{text}: a path with a backslash and one of [, * or ? cannot be read; rename what has the backslash")
    return escaped


def literal(value: Path | str) -> str:
    """A text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name of a column as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
