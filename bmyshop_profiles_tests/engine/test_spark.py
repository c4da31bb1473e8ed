"""The same SQL files on DuckDB and on Spark: equal rows, of tiny adversarial tables and of a month of a small lake.

One Spark for all tests: two workers of one core, each a process of its own, and Spark Connect in front of them.
"""

import dataclasses
import datetime
import os
import random
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlglot import exp

from benchmarks.helpers.report import apart
from benchmarks.helpers.simulated_members import run_network
from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine import translation
from bmyshop_profiles.engine.build import select_writer
from bmyshop_profiles.engine.catalogue import Table, load_catalogue, parse
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, Snapshot, TableName, partition_of
from bmyshop_profiles.engine.session import Session, SqlError, open_session, relation_of_files
from bmyshop_profiles.engine.spark import Spark, _connected, _settle, reads_receipts
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.orchestration.partitions import partitions_read
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters
from bmyshop_profiles_tests.conftest import Rows, attach_rows, write_rows

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None and "JAVA_HOME" not in os.environ, reason="Spark needs Java 17, and there is none"),
]
CATALOGUE = load_catalogue()
WITH_SQL = [table.name for table in CATALOGUE.ordered if table.sql is not None]
ON_SPARK = [name for name in WITH_SQL if reads_receipts(CATALOGUE[name], CATALOGUE)]
WORKERS = "local-cluster[2,1,1024]"
MONTH = "2025-03"
QUICK = {"spark.sql.shuffle.partitions": "1", "spark.sql.adaptive.enabled": "false"}  # the tables are small


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def spark(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    told = {"plugins": "org.apache.spark.sql.connect.SparkConnectPlugin", "connect.grpc.binding.port": port, "ui.enabled": "false"}
    told |= {f"{each}.extraJavaOptions": "-XX:TieredStopAtLevel=1" for each in ("driver", "executor")}  # compiled quickly, runs once
    found = Spark(WORKERS, "1GB", tmp_path_factory.mktemp("spill"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", " ".join(f"--conf spark.{name}={value}" for name, value in told.items()) + " pyspark-shell")
        session = found.connection()
    for name, value in QUICK.items():
        session.conf.set(name, value)
    yield found
    session.stop()
    _connected.cache_clear()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A database of its own: `tiny_lake` limits its memory."""
    with open_session(threads=1, spill=tmp_path / "spill") as opened:
        yield opened


# --- tables of a few rows


class Values:
    """What columns of tiny tables are filled with: what the SQL compares them with, and what is hard on an engine."""

    TEXTS = ("é", "É", "z", "Ärger ", "ß")
    BY_TYPE: Mapping[str, tuple[Any, ...]] = {
        "bigint": (1, 2, 3, 7, 1000),
        "integer": (0, 1, 2, 5),
        "double": (0.0, 0.25, 0.285, 0.5, 1.0),
        "decimal(12,3)": (-1, 0, 1, 2),
        "boolean": (True, False),
        "date": tuple(datetime.date.fromisoformat(text) for text in ("2024-02-29", "2025-03-30", "2025-03-31", "2025-10-26", "1900-01-01")),
        # nights in which clocks change, the last moment of a month
        "timestamp": tuple(
            datetime.datetime.fromisoformat(f"{text}")
            for text in ("2025-03-30T02:30", "2025-03-31T23:59:59.999999", "2025-03-01", "2025-10-26T02:30", "2025-03-02T13:59:59")
        ),
    }

    def __init__(self) -> None:
        self.compared: dict[str, list[Any]] = {}
        bound = parameters(Settings(last_month=MONTH), MONTH)
        for name in WITH_SQL:
            for node in parse(str(CATALOGUE[name].sql), CATALOGUE[name].path).walk():
                for column, value in _comparisons(node):
                    told = bound.get(value.name) if isinstance(value, exp.Placeholder) else value.to_py()
                    if told not in self.compared.setdefault(column, []):
                        self.compared[column].append(told)

    def draw(self, chance: random.Random, column: str, kind: str, *, in_key: bool) -> Any:
        if not in_key and chance.random() < 0.15:
            return None
        if column.endswith("amount_cents"):
            return chance.choice((-300, 0, 1, 199, 5000))
        if column in self.compared and kind in ("varchar", "integer", "boolean") and chance.random() < 0.8:
            return chance.choice(self.compared[column])
        return chance.choice(self.BY_TYPE.get(kind, self.TEXTS))

    def rows(self, chance: random.Random, name: str) -> Rows:
        """Up to six rows of a table, under different keys."""
        table = CATALOGUE[name].file
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for number in range(6):
            row = {column: self.draw(chance, column, spec.type, in_key=column in table.key) for column, spec in table.columns.items()}
            if row.get("kind") == "day" and "value_key" in row:
                row["value_key"] = "2025-03-30" if number % 2 else "2025-02-28"
            found[tuple(row[column] for column in table.key) or (number,)] = row
        return list(found.values())


def _comparisons(node: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """Columns, and the values of the text that they are compared with."""
    if isinstance(node, exp.EQ | exp.NEQ):
        pairs = [(node.left, node.right)]
    elif isinstance(node, exp.In):
        pairs = [(node.this, value) for value in node.expressions]
    elif isinstance(node, exp.Case):
        pairs = [(node.this, each.this) for each in node.args["ifs"]]
    else:
        return
    for column, value in pairs:
        if isinstance(column, exp.Column) and isinstance(value, exp.Literal | exp.Neg | exp.Placeholder):
            yield column.name, value


VALUES = Values()


def publish(lake: Lake, session: Session, name: str, partition: str, rows: Rows) -> None:
    with lake.write(TableName(CATALOGUE[name].room, name), partition) as draft:
        write_rows(session, name, rows, draft.directory)
        draft.publish(rows=len(rows), content_hash="", code_hash="", inputs={})


def read_by(table: Table, settings: Settings) -> list[tuple[TableName, str]]:
    return [
        (TableName(CATALOGUE[name].room, name), partition)
        for name in table.inputs
        for partition in partitions_read(table, CATALOGUE[name], settings.last_month, settings)
    ]


def tiny_lake(session: Session, lake: Lake, table: Table, settings: Settings) -> None:
    """The inputs of a table, of the first seed of which its SQL makes a few rows."""
    session.execute("set memory_limit = '200MB'")
    session.execute("set max_temp_directory_size = '0MB'")
    for seed in range(300):
        chance = random.Random(seed)
        drawn = {(name.name, partition): VALUES.rows(chance, name.name) for name, partition in read_by(table, settings)}
        for name in table.inputs:
            of_months = [(partition.removeprefix("month="), rows) for (each, partition), rows in drawn.items() if each == name]
            by_month = CATALOGUE[name].file.by_month
            attach_rows(
                session, name, [{**row, **({"month": month} if by_month else {})} for month, rows in of_months for row in rows], None
            )
        try:
            bound = {name: parameters(settings, settings.last_month)[name] for name in table.file.parameters}
            made = session.execute(f"select count(*) from ({str(table.sql).strip()}\n)", bound).fetchall()[0][0]
        except SqlError:  # what is drawn has no logarithm, say, or its joins outgrow memory
            continue
        if 1 < made < 500:
            for (name, partition), rows in drawn.items():
                publish(lake, session, name, partition, rows)
            return
    raise AssertionError(f"{table.name}: no rows of any seed")


def differences(session: Session, table: Table, one: Path, other: Path) -> list[str]:
    """Columns in which two versions differ: not at all in integers, texts, dates; by 1e-9 in floats."""
    first, second = (sorted(path.glob("*.parquet")) for path in (one, other))
    if session.measure(first) == session.measure(second):
        return []
    types = {name: column.type for name, column in table.file.columns.items()}
    if session.measure(second).columns != types:
        return [f"types {session.measure(second).columns}"]
    keys = " and ".join(f"one.{name} is not distinct from other.{name}" for name in table.file.key)
    same = [
        f"(one.{name} is not distinct from other.{name}"
        + (f" or abs(one.{name} - other.{name}) <= 1e-9 * greatest(1, abs(one.{name})))" if kind == "double" else ")")
        for name, kind in types.items()
    ]
    counts = ", ".join(f"sum(case when {each} then 0 else 1 end)" for each in same)
    found = session.execute(
        f"select {counts} from ({relation_of_files(first)}) as one full join ({relation_of_files(second)}) as other on {keys}"
    ).fetchall()[0]
    return [name for name, count in zip(types, found, strict=True) if count]


def compared(session: Session, spark: Spark, table: Table, snapshot: Snapshot, settings: Settings, tmp_path: Path) -> list[str]:
    """What the two engines make differently of a table."""
    session.attach(CATALOGUE, snapshot, table.inputs)
    for engine, write in (
        ("duckdb", select_writer(CATALOGUE.get(table.name, table), parameters(settings, settings.last_month))),
        ("spark", spark.writer(table, CATALOGUE, snapshot, parameters(settings, settings.last_month))),
    ):
        (tmp_path / engine).mkdir()
        write(session, tmp_path / engine)
    return differences(session, table, tmp_path / "duckdb", tmp_path / "spark")


@pytest.fixture
def of_march(settings: Settings) -> Settings:
    return settings.model_copy(update={"first_month": "2025-02", "last_month": MONTH, "receipts_to_publish": 1, "fine_receipts": 1})


@pytest.mark.parametrize("name", [name for name in WITH_SQL if name != "seen_audience"])  # its inputs must agree: below, in a lake
def test_tiny_tables_give_equal_rows(name: str, spark: Spark, session: Session, of_march: Settings, tmp_path: Path) -> None:
    table, lake = CATALOGUE[name], Lake(tmp_path / "a [lake]")
    tiny_lake(session, lake, table, of_march)
    with lake.snapshot(read_by(table, of_march)) as snapshot:
        assert compared(session, spark, table, snapshot, of_march, tmp_path) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "columns"),
    [
        ("receipts", "between 12 and 13", "between 12 and 14", {"daypart"}),
        ("store_months", "sum(amount_cents)::bigint as amount_cents", "(sum(amount_cents) + 1)::bigint as amount_cents", {"amount_cents"}),
    ],
)
def test_another_translation_is_seen(
    name: str, old: str, new: str, columns: set[str], spark: Spark, session: Session, of_march: Settings, tmp_path: Path
) -> None:
    table, lake = CATALOGUE[name], Lake(tmp_path / "lake")
    assert table.sql is not None and old in table.sql
    afternoon = {"sold_at": datetime.datetime(2025, 3, 2, 14), "store_key": "S", "receipt_key": "R", "product_key": "P", "quantity": 1}
    for each, partition in read_by(table, of_march):
        row = {**afternoon, "amount_cents": 100, "lines_count": 1, "item_key": "I"}
        publish(lake, session, each.name, partition, [{key: row.get(key) for key in CATALOGUE[each.name].file.columns}])
    wrong = dataclasses.replace(table, sql=table.sql.replace(old, new))
    with lake.snapshot(read_by(table, of_march)) as snapshot:
        assert set(compared(session, spark, wrong, snapshot, of_march, tmp_path)) == columns


TRAPS = {  # column: expression of x (double), n (bigint), s (varchar), d (date)
    "rounded": "round(x, 2)",
    "divided": "(n + 0.5) / 7.123456789012",
    "joined": "concat(s, n::varchar)",
    "piped": "s || n::varchar",
    "nulls": "row_number() over (order by s asc, n desc)",
    "days": "date_diff('day', d, date '2025-03-31')",
    "weekday": "date_diff('day', date '1900-01-01', d) % 7 + 1",
    "text": "d::varchar",
    "plain": "translate(lower(s), 'éä', 'ea')",
    "coded": "md5(s)",
    "most": "greatest(n, 2)",
    "correlation": "corr(x, n) over ()",
}
TYPES = {
    "rounded": "double",
    "divided": "double",
    "joined": "varchar",
    "piped": "varchar",
    "text": "varchar",
    "plain": "varchar",
    "coded": "varchar",
    "correlation": "double",
}


@pytest.fixture
def traps(tmp_path: Path) -> Table:
    """A table made of nothing but what engines are known to do differently."""
    rows = ", ".join(["(0.285, 1, 'É', '2024-02-29')", "(1.005, 2, null, '1899-12-31')", "(-2.5, null, 'Ä', '2025-03-30')"])
    columns = "".join(f"  {name}: {{type: {TYPES.get(name, 'bigint')}, description: d}}\n" for name in TRAPS)
    home = tmp_path / "sql" / "room"
    home.mkdir(parents=True)
    (home / "traps.yml").write_text(f"description: d\ngrain: g\nkey: [nulls]\ncolumns:\n{columns}")
    made = ", ".join(f"({sql})::{TYPES.get(name, 'bigint')} as {name}" for name, sql in TRAPS.items())
    given = f"select a::double as x, b::bigint as n, c as s, e::date as d from (values {rows}) as given (a, b, c, e)"
    (home / "traps.sql").write_text(f"with given as ({given}) select {made} from given")
    return load_catalogue(tmp_path / "sql")["traps"]


def test_shims_are_needed_and_suffice(
    traps: Table, spark: Spark, session: Session, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lake(tmp_path / "lake").snapshot([]) as snapshot:
        assert compared(session, spark, traps, snapshot, settings, tmp_path) == []
        shutil.rmtree(tmp_path / "spark")
        shutil.rmtree(tmp_path / "duckdb")
        monkeypatch.setattr(translation, "shimmed", lambda tree: tree)
        assert set(compared(session, spark, traps, snapshot, settings, tmp_path)) == {"rounded", "divided"}


# --- a month of a small lake


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A month of which DuckDB made every table."""
    few = {"gate_draws": 1, "natural_draws": 0, "asked_members": 50, "threads": 1}
    return run_network(
        tmp_path_factory.mktemp("network"),
        months=1,
        parameters=Parameters(),
        tables=tuple(WITH_SQL),
        members=80,
        lines=4000,
        stores=4,
        **few,
    )


def hashes(settings: Settings) -> dict[str, str]:
    found = {}
    for name in WITH_SQL:
        version = Lake(settings.lake_dir).current(TableName(CATALOGUE[name].room, name), partition_of(settings.last_month))
        found[name] = version.content_hash if version else ""
    return found


def run_month(settings: Settings, tables: list[str], on_step: Callable[[str], None] = lambda step: None) -> runs.RunResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return runs.run_job(build_definitions(settings), instance, "month", month=settings.last_month, tables=tables, on_step=on_step)


def test_a_month_by_spark_whose_worker_is_killed_is_the_month_of_duckdb(network: Settings, spark: Spark, tmp_path: Path) -> None:
    """Tables of receipts by Spark, those on top of them by DuckDB, all into one lake."""
    shutil.copytree(network.data_dir, tmp_path / "data")
    here = {"data_dir": tmp_path / "data", "memory_limit": spark.memory_limit}  # a process has one Spark
    again = network.model_copy(update={**here, "engine": "spark", "spark": spark.address})
    for name in ON_SPARK:
        Lake(again.lake_dir).drop(TableName(CATALOGUE[name].room, name), partition_of(again.last_month))
    killed: list[int] = []
    killer = threading.Thread(target=lambda: killed.append(_kill_a_worker(spark)))
    result = run_month(again, WITH_SQL, lambda step: killer.start() if step == "stores" else None)
    killer.join()
    assert result.success, result.failure
    assert killed[0] > 0
    assert hashes(again) == hashes(network)
    assert {path.name.count("zstd") for path in again.lake_dir.glob("features/receipts/*/*/*.parquet")} == {1}  # Spark's names of files
    assert {path.name for path in again.lake_dir.glob("features/store_features/*/*/*")} == {"part-0.parquet"}
    assert [path for path in again.lake_dir.rglob("*") if path.is_file() and path.stat().st_size and path.suffix == ".crc"] == []


def _kill_a_worker(spark: Spark) -> int:
    """Kill one of Spark's two worker processes while it has work; its process id."""
    context, deadline = spark.connection().sparkContext, time.monotonic() + 120
    while not context.statusTracker().getActiveStageIds():
        assert time.monotonic() < deadline
    children = Path(f"/proc/{context._gateway.proc.pid}/task").glob("*/children")
    workers = [int(pid) for path in children for pid in path.read_text().split()]
    os.kill(workers[0], signal.SIGKILL)
    return workers[0]


@pytest.mark.parametrize("name", [name for name in WITH_SQL if name not in ON_SPARK])
def test_tables_that_stay_on_duckdb_could_go_too(name: str, network: Settings, spark: Spark, session: Session, tmp_path: Path) -> None:
    table = CATALOGUE[name]
    with Lake(network.lake_dir).snapshot(read_by(table, network)) as snapshot:
        assert compared(session, spark, table, snapshot, network, tmp_path) == []


def test_spark_connect_makes_the_same_table(network: Settings, spark: Spark, port: int) -> None:
    remote = network.model_copy(update={"engine": "spark", "spark": f"sc://127.0.0.1:{port}"})
    before = hashes(network)
    assert spark.connection() is not None
    assert apart(run_month, remote, ["store_months"]).failure is None
    version = Lake(remote.lake_dir).current(TableName("features", "store_months"), partition_of(remote.last_month))
    assert version is not None and version.previous is not None and "zstd" in version.files[0]
    assert hashes(remote) == before


# --- what goes wrong


def test_a_lake_out_of_reach_is_one_sentence(network: Settings, spark: Spark, session: Session, tmp_path: Path) -> None:
    shutil.copytree(network.lake_dir, tmp_path / "lake")
    table, bound = CATALOGUE["store_months"], parameters(network, network.last_month)
    with Lake(tmp_path / "lake").snapshot(read_by(table, network)) as snapshot:
        shutil.move(tmp_path / "lake", tmp_path / "elsewhere")
        with pytest.raises(BmyshopError, match=r"workers do not reach \S*/features/receipts/\S*: every one must have the lake") as told:
            spark.writer(table, CATALOGUE, snapshot, bound)(session, tmp_path / "draft")
    assert "\n" not in str(told.value)


def test_nothing_written_where_this_machine_looks_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "_SUCCESS").touch()
    with pytest.raises(BmyshopError, match=r"wrote nothing that this machine sees in .*: the lake must have the same path on every worker"):
        _settle(tmp_path, "receipts")
    assert list(tmp_path.iterdir()) == []
