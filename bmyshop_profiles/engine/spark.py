"""Spark, for tables that touch every receipt line: it reads a snapshot's files, runs the translated select, writes Parquet.

Here: one connection per process, views, writing, and what went wrong in one sentence. Not here: the SQL (`translation.py`); counting,
hashing and checking what was written, which DuckDB does for both engines (`build.py`).
"""

import atexit
import contextlib
import functools
import os
import re
import shutil
import socket
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bmyshop_profiles.engine.build import Writer, typed_parameters
from bmyshop_profiles.engine.catalogue import Catalogue, Table
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Snapshot, TableName
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.engine.translation import spark_select, spark_type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

OLDEST_JAVA = 17
RECEIPT = "receipt_key"  # a table that has it has a row for each receipt, or more
SAME_ROWS = {  # as DuckDB has it
    "spark.sql.ansi.enabled": "true",  # what does not fit is an error, not another number
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # local times, as they stand: no zone moves them
    "spark.sql.session.timeZone": "UTC",
}
LOST = "OutOfMemoryError|ExecutorLostFailure|exit code 137|Py4JNetworkError|Connection refused|while sending or receiving"
UNSEEN = "PATH_NOT_FOUND|FILE_NOT_EXIST|FileNotFoundException|Permission denied"
WRITING = {"compression": "zstd", "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}


def reads_receipts(table: Table, catalogue: Catalogue) -> bool:
    """SQL makes it of rows that grow with receipts: such tables are what Spark is for. Others grow with members, shops and products."""
    return table.sql is not None and any(RECEIPT in catalogue[name].file.columns for name in table.inputs)


@dataclass(frozen=True)
class Spark:
    """Where Spark is: `local[2]` and the like start one on this machine, with so much memory; `sc://host:port` and `spark://…` find one."""

    address: str
    memory_limit: str
    spill: Path

    def writer(self, table: Table, catalogue: Catalogue, snapshot: Snapshot, parameters: Mapping[str, Any]) -> Writer:
        """What `select_writer` of `build.py` gives, run by Spark. Its workers see the lake under the same path as this machine."""
        sql, bound = spark_select(table), typed_parameters(table, parameters)

        def write(_session: Session, directory: Path) -> None:
            spark = self.connection()
            with _in_one_sentence(f"{table.path}: Spark ({self.address})"):
                for name in table.inputs:
                    _relation(spark, catalogue[name], snapshot).createOrReplaceTempView(name)
                spark.sql(sql, args=bound).write.options(**WRITING).mode("append").parquet(str(directory))
            _settle(directory, f"{table.path}: Spark ({self.address})")

        return write

    def connection(self) -> "SparkSession":
        """The session of this process, made when first asked for.

        Raises:
            BmyshopError: there is no PySpark, no Java, or no Spark at the address.
        """
        return _connected(self.address, _mebibytes(self.memory_limit), str(self.spill))


@functools.cache
def _connected(address: str, memory: int, spill: str) -> "SparkSession":
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise BmyshopError(
            'engine = "spark" needs PySpark, which is not installed: pip install "bmyshop-profiles[spark]", or set engine = "duckdb"'
        ) from None
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # no frame goes to Spark, and none comes
    is_local = address.startswith("local")  # started on this machine, for this process
    if not is_local:
        _refuse_silent(address)
    if not address.startswith("sc:"):
        _refuse_java()
    options = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "ERROR"}
    if is_local:
        options |= {"spark.driver.memory": f"{memory}m", "spark.local.dir": spill, "spark.sql.shuffle.partitions": "16"}
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # it listens to this machine alone
        Path(spill).mkdir(parents=True, exist_ok=True)
    with _in_one_sentence(f"Spark ({address}) does not start"):
        builder = SparkSession.builder.appName("bmyshop-profiles")
        if address.startswith("sc:"):
            spark = builder.remote(address).getOrCreate()
        else:
            spark = builder.master(address).config(map={**options}).getOrCreate()
        if is_local:
            atexit.register(spark.stop)  # else its workers end noisily
        for name, value in SAME_ROWS.items():
            spark.conf.set(name, value)
    return spark


def _relation(spark: "SparkSession", table: Table, snapshot: Snapshot) -> "DataFrame":
    """What `relation` of `session.py` is to DuckDB: a table's versions, with `month` where it is kept by month; empty without any."""
    name = TableName(table.room, table.name)
    columns = ", ".join(f"`{key}` {spark_type(column.type)}" for key, column in table.file.columns.items())
    parts = []
    for partition in snapshot.partitions(name):
        month = [f"'{partition.removeprefix('month=')}' as month"] if table.file.by_month else []
        files = [_as_pattern(path) for path in snapshot.files(name, partition)]
        parts.append(spark.read.schema(columns).parquet(*files).selectExpr("*", *month))
    if parts:
        return functools.reduce(lambda one, other: one.unionByName(other), parts)
    return spark.createDataFrame([], f"{columns}, month string" if table.file.by_month else columns)


def _as_pattern(path: Path) -> str:
    """Spark takes paths as patterns: the one that fits this path alone."""
    return re.sub(r"[\[\]{}*?\\]", r"\\\g<0>", str(path))


def _settle(directory: Path, what: str) -> None:
    """Leave the Parquet files alone in a version, and closed to others, as DuckDB's are."""
    for path in directory.iterdir():
        if path.suffix == ".parquet":
            path.chmod(0o600)
        elif path.is_file():
            path.unlink()
    if not any(directory.iterdir()):
        raise BmyshopError(f"{what} wrote nothing that this machine sees in {directory}: the lake must have the same path on every worker")


def _refuse_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else "java"
    if shutil.which(java) is None:
        raise BmyshopError(
            f"Spark needs Java {OLDEST_JAVA} or later, and there is no {java}: install one (apt-get install openjdk-17-jre-headless), "
            "or let JAVA_HOME say where it is"
        )
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    if found is None or int(found[1]) < OLDEST_JAVA:
        raise BmyshopError(
            f"Spark needs Java {OLDEST_JAVA} or later, and {java} is {f'Java {found[1]}' if found else 'none that tells its version'}: "
            "install another, and let JAVA_HOME say where it is"
        )


def _refuse_silent(address: str) -> None:
    host, port = re.findall(r"://([^/:]+):(\d+)", address)[0]
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise BmyshopError(f"no Spark answers at {address} ({error}): start it, or mend the setting spark") from None


@contextlib.contextmanager
def _in_one_sentence(what: str) -> Iterator[None]:
    """What Spark raises, of however many lines, as one sentence."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, OSError) as error:
        raise BmyshopError(f"{what}: {_sentence(str(error))}") from None


def _sentence(told: str) -> str:
    if re.search(LOST, told):
        return "it lost a worker, mostly for want of memory: give it more (memory_limit here, spark.executor.memory on a cluster)"
    if re.search(UNSEEN, told):
        missing = re.search(r"file:(/[^\s,]*[^\s,.])", told)
        return (
            f"its workers do not reach {missing[1] if missing else 'the lake'}: every one must have the lake under this path, and its owner"
        )
    java = re.search(r"(?m)^: (.+)", told)  # what stands before it says that Java was called
    return java[1] if java else told.strip().partition("\n")[0]


def _mebibytes(size: str) -> int:
    number, unit = re.findall(r"([\d.]+)\s?([KMGT])", size)[0]
    return max(512, int(float(number) * 1024 ** ("KMGT".index(unit) - 1)))
