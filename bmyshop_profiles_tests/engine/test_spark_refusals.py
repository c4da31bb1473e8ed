"""What is wrong with a Spark, told in one sentence before anything is written. Needs neither Spark nor Java."""

import socket
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.spark import Spark, _as_pattern, _mebibytes, _sentence, reads_receipts
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.orchestration.conftest import Running, instance, running  # noqa: F401 - fixtures


def refused(address: str) -> str:
    with pytest.raises(BmyshopError) as told:
        Spark(address, "1GB", Path("nowhere")).connection()
    assert "\n" not in str(told.value)
    return str(told.value)


def fake_java(home: Path, prints: str) -> None:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text(f"#!/bin/sh\necho '{prints}' >&2\n")
    (home / "bin" / "java").chmod(0o755)


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    assert "PySpark, which is not installed: pip install" in refused("local[3]")


def test_without_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark.sql")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refused("local[3]").startswith("Spark needs Java 17 or later, and there is no java: install one")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    assert f"there is no {tmp_path}/gone/bin/java" in refused("local[3]")


@pytest.mark.parametrize(
    ("prints", "found"),
    [('openjdk version "11.0.22" 2024-01-16', "Java 11"), ('java version "1.8.0_401"', "Java 8"), ("what?", "none that tells its version")],
)
def test_with_another_java(prints: str, found: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark.sql")
    fake_java(tmp_path, prints)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert f"{tmp_path}/bin/java is {found}: install another" in refused("local[3]")


@pytest.mark.parametrize("scheme", ["sc", "spark"])
def test_where_no_spark_is(scheme: str) -> None:
    pytest.importorskip("pyspark.sql")
    with socket.socket() as taken:  # a port that nobody listens at
        taken.bind(("127.0.0.1", 0))
        address = f"{scheme}://127.0.0.1:{taken.getsockname()[1]}"
        assert refused(address).startswith(f"no Spark answers at {address} (")
    assert "no Spark answers at sc://127.0.0.1:99999" in refused("sc://127.0.0.1:99999")


@pytest.mark.parametrize("address", ["localhost:15002", "local[two]", "sc://host", "http://host:1", "local[2] "])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValidationError, match=r"is no address of Spark; write it as local\[2\], sc://host:15002 or spark://host:7077"):
        Settings(spark=address)


@pytest.mark.parametrize("address", ["local[*]", "local[2]", "sc://spark.example:15002", "sc://h:1/;token=a", "spark://h:7077"])
def test_what_is_one(address: str) -> None:
    assert Settings(spark=address).spark == address


def test_what_java_says_is_put_in_one_sentence() -> None:
    out_of_memory = (  # as Spark 4.3 says it
        "An error occurred while calling o45.parquet.\n: org.apache.spark.SparkException: Job aborted: Task 0 in "
        "stage 0.0 failed 4 times, most recent failure: Lost task 0.4 in stage 0.0: java.lang.OutOfMemoryError: Java heap space"
    )
    killed = "ExecutorLostFailure (executor 1 exited): Command exited with code 137"
    for told in (out_of_memory, killed, "[Errno 111] Connection refused"):  # the last when Spark itself has died
        assert _sentence(told).startswith("it lost a worker, mostly for want of memory")
    assert _sentence("An error occurred while calling o1.sql.\n: java.lang.Odd: why\n\tat x") == "java.lang.Odd: why"
    assert _sentence("[DIVIDE_BY_ZERO] Division by zero.\n== SQL ==") == "[DIVIDE_BY_ZERO] Division by zero."
    unseen = "[PATH_NOT_FOUND] Path does not exist: file:/lake/part-0.parquet. SQLSTATE: 42K03"
    assert _sentence(unseen).startswith("its workers do not reach /lake/part-0.parquet: every one must have the lake")


def test_a_step_that_finds_no_spark_leaves_the_lake_as_it_was(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    assert running.run("references").success
    made = ["receipt_lines", "file_ledger", "rejected_lines", "stores"]
    assert running.run("month", "2025-01", made).success
    before = running.version("stores", "2025-01")
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    settings = running.settings.model_copy(update={"engine": "spark"})
    from bmyshop_profiles.definitions import build_definitions

    result = Running(settings, build_definitions(settings), running.instance).run("month", "2025-01", ["stores"])
    assert result.failure == str(result.failure).partition("\n")[0]
    assert "needs PySpark, which is not installed" in str(result.failure)
    assert before is not None and running.version("stores", "2025-01") == before
    home = settings.lake_dir / "ingestion" / "stores" / "month=2025-01"
    assert {path.name for path in home.iterdir()} == {before.version, "current.json", ".lock"}


def test_tables_of_receipts_go_to_spark_and_sums_do_not() -> None:
    catalogue = load_catalogue()
    chosen = {table.name for table in catalogue.values() if reads_receipts(table, catalogue)}
    assert {"receipts", "baskets", "member_counts", "store_missions", "store_evidence"} <= chosen
    assert not {"member_features", "member_window", "store_features", "seen_audience", "receipt_lines", "mission_profiles"} & chosen


def test_paths_and_sizes_as_spark_takes_them() -> None:
    assert _as_pattern(Path("/a [b]/{c}*")) == r"/a \[b\]/\{c\}\*"
    assert [_mebibytes(size) for size in ("2GB", "1.5 GiB", "600MB", "10KB", "1TB")] == [2048, 1536, 600, 512, 1024**2]
