"""The lake's promises: old or new, never a mix; one writer; killed writers leave nothing that counts."""

import json
import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bmyshop_profiles.engine.lake import Lake, LakeBusyError, TableName

TABLE = TableName("room", "things")
MONTH = "month=2025-01"


def publish(lake: Lake, value: int, *, files: int = 2, partition: str = MONTH) -> None:
    """A version of `files` files, each holding the same value twice."""
    with lake.write(TABLE, partition) as draft:
        for number in range(files):
            target = draft.directory / f"part-{number}.parquet"
            pq.write_table(pa.table({"value": [value, value]}), target)
        draft.publish(rows=2 * files, content_hash=str(value), code_hash="code", inputs={})


def values(lake: Lake) -> list[int]:
    with lake.snapshot([(TABLE, MONTH)]) as snapshot:
        return [value for path in snapshot.files(TABLE, MONTH) for value in pq.ParquetFile(path).read()["value"].to_pylist()]


def test_a_published_version_is_read_and_replaced(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert lake.current(TABLE, MONTH) is None
    publish(lake, 1)
    publish(lake, 2)
    assert values(lake) == [2, 2, 2, 2]
    version = lake.current(TABLE, MONTH)
    assert version is not None
    assert (version.rows, version.content_hash, version.files) == (4, "2", ["part-0.parquet", "part-1.parquet"])
    assert lake.partitions(TABLE) == [MONTH]


def test_what_is_not_published_leaves_no_trace(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish(lake, 1)
    with pytest.raises(ZeroDivisionError), lake.write(TABLE, MONTH) as draft:
        (draft.directory / "part-0.parquet").write_text("half a file")
        raise ZeroDivisionError
    assert values(lake) == [1, 1, 1, 1]
    assert len([path for path in lake.directory(TABLE, MONTH).iterdir() if path.is_dir()]) == 1


def test_a_purge_leaves_the_current_version_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish(lake, 1)
    publish(lake, 2)
    with lake.snapshot([(TABLE, MONTH)]) as reading:
        publish(lake, 3)
        lake.purge(TABLE, MONTH)
        assert all(path.exists() for path in reading.files(TABLE, MONTH))  # held by a reader: the next vacuum takes it
    lake.vacuum()
    assert values(lake) == [3, 3, 3, 3]
    assert len([path for path in lake.directory(TABLE, MONTH).iterdir() if path.is_dir()]) == 1
    version = lake.current(TABLE, MONTH)
    assert version is not None
    assert version.previous is None


def test_a_dropped_partition_is_as_if_it_had_never_been(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish(lake, 1)
    publish(lake, 2, partition="month=2025-02")
    lake.drop(TABLE, MONTH)
    assert lake.partitions(TABLE) == ["month=2025-02"]
    assert lake.current(TABLE, MONTH) is None
    assert not list(lake.directory(TABLE, MONTH).rglob("*.parquet"))
    publish(lake, 3)
    assert values(lake) == [3, 3, 3, 3]


def _write_forever(root: Path, started: str) -> None:
    lake, value = Lake(root), 2
    Path(started).touch()
    while True:
        publish(lake, value)
        value += 1


@pytest.mark.slow
def test_a_writer_killed_at_ten_random_points_leaves_a_whole_month(tmp_path: Path) -> None:
    lake, draw = Lake(tmp_path / "lake"), random.Random(0)
    publish(lake, 1)
    context = multiprocessing.get_context("spawn")
    for attempt in range(10):
        started = tmp_path / f"started-{attempt}"
        writer = context.Process(target=_write_forever, args=(tmp_path / "lake", str(started)))
        writer.start()
        while not started.exists():
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.05))
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        seen = values(lake)
        assert len(seen) == 4
        assert len(set(seen)) == 1
        publish(lake, 1)  # its lock died with it
    lake.vacuum()
    kept = {path.name for path in lake.directory(TABLE, MONTH).iterdir() if path.is_dir()}
    pointer = json.loads((lake.directory(TABLE, MONTH) / "current.json").read_text())
    assert kept <= {pointer["version"], pointer["previous"]}


@pytest.mark.slow
def test_a_reader_never_sees_a_mix_during_100_replacements(tmp_path: Path) -> None:
    lake, done, seen = Lake(tmp_path), threading.Event(), set()
    publish(lake, 0)

    def read() -> None:
        while not done.is_set():
            found = values(Lake(tmp_path))
            assert len(found) == 4
            assert len(set(found)) == 1
            seen.add(found[0])

    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            read()
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=guarded) for _ in range(2)]
    for reader in readers:
        reader.start()
    for value in range(1, 101):
        publish(lake, value)
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(seen) > 1


def test_an_open_snapshot_keeps_its_version_on_disk(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish(lake, 1)
    with lake.snapshot([(TABLE, MONTH)]) as snapshot:
        for value in (2, 3, 4):
            publish(lake, value)
        lake.vacuum()
        files = [str(path) for path in snapshot.files(TABLE, MONTH)]
        assert duckdb.read_parquet(files).fetchall() == [(1,)] * 4
    assert len(lake.vacuum()) == 1


def test_the_previous_version_stays(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for value in range(5):
        publish(lake, value)
    assert lake.vacuum() == []
    assert len([path for path in lake.directory(TABLE, MONTH).iterdir() if path.is_dir()]) == 2


def test_vacuum_removes_the_debris_of_a_killed_writer_only(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    publish(lake, 1)
    debris = lake.directory(TABLE, MONTH) / "0-dead"
    debris.mkdir()
    with lake.write(TABLE, MONTH):
        assert lake.vacuum() == []  # somebody is writing here: not now
    assert lake.vacuum() == [debris]
    assert values(lake) == [1, 1, 1, 1]


def test_a_second_writer_waits_and_is_then_refused(tmp_path: Path) -> None:
    assert Lake(tmp_path).lock_seconds == 60
    patient, hasty = Lake(tmp_path, lock_seconds=30), Lake(tmp_path, lock_seconds=0.2)
    release, entered = threading.Event(), threading.Event()

    def hold() -> None:
        with patient.write(TABLE, MONTH):
            entered.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(10)
    with pytest.raises(LakeBusyError, match=r"things, month=2025-01.*over 0.2 s"), hasty.write(TABLE, MONTH):
        pass
    threading.Timer(0.1, release.set).start()
    publish(patient, 5)  # waits for the holder, then writes
    holder.join()
    assert values(patient) == [5, 5, 5, 5]


def test_writers_of_two_months_do_not_meet(tmp_path: Path) -> None:
    lake = Lake(tmp_path, lock_seconds=0.1)
    with lake.write(TABLE, MONTH):
        publish(lake, 7, partition="month=2025-02")
    assert lake.partitions(TABLE) == ["month=2025-02"]
