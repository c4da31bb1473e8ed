"""Late files: what the sensor asks for, what it waits for, what it says is stale."""

import os
from pathlib import Path

import dagster as dg
import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.ingestion.arrivals.late import Late, Memory, Seen, described, late_files, tick
from bmyshop_profiles.ingestion.arrivals.seen import seen_files
from bmyshop_profiles.ingestion.arrivals.sensors import LATE, STALE
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.orchestration import steps
from bmyshop_profiles.orchestration.code import Code
from bmyshop_profiles.orchestration.freshness import downstream, to_make_again
from bmyshop_profiles.orchestration.jobs import fact_tables
from bmyshop_profiles.orchestration.partitions import partitions_read
from bmyshop_profiles.questions.queries import readable
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.orchestration.conftest import Running, lines_of

LINES = "{name},2025-02-27 09:00,S1,P1,Label 1,1,1.00,{member}\n"
LEDGER = ["receipt_lines", "file_ledger", "rejected_lines"]
JANUARY, FEBRUARY, MARCH, APRIL = "2025-01", "2025-02", "2025-03", "2025-04"


def evaluate(running: Running, cursor: str | None) -> dg.SensorResult:
    sensor = running.definitions.resolve_sensor_def("raw_files")
    context = dg.build_sensor_context(instance=running.instance, cursor=cursor, sensor_name="raw_files")
    result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def requests(result: dg.SensorResult) -> list[tuple[str | None, str | None]]:
    return [(request.job_name, request.partition_key) for request in result.run_requests or []]


def late(running: Running) -> list[Late]:
    seen = seen_files(load_mapping(running.settings.sources_file), running.settings.raw_root)
    return late_files(Lake(running.settings.lake_dir), seen)


def age(path: Path, seconds: int) -> None:
    """Set a file's time so many seconds after now, as if it were written then."""
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + seconds * 10**9))


@pytest.mark.slow
def test_a_first_history_is_asked_for_once_and_lists_come_first(running: Running) -> None:
    (running.settings.raw_root / "lines-2025-06.csv").write_text("not yet", encoding="utf-8")
    first = evaluate(running, None)
    assert requests(first) == []
    assert "2025-01: waiting until the files lie still (1 new: lines-2025-01.csv)" in str(first.skip_reason)
    assert "2025-06 is not in the history, which is 2025-01..2025-04" in str(first.skip_reason)
    second = evaluate(running, first.cursor)
    assert requests(second) == []  # nothing that is read once exists, not even as an empty table
    assert "2025-01: the files that are read once come first" in str(second.skip_reason)
    assert running.run("references").success
    third = evaluate(running, second.cursor)
    assert requests(third) == [("facts", month) for month in (JANUARY, FEBRUARY, MARCH, APRIL)]
    fourth = evaluate(running, third.cursor)
    assert requests(fourth) == []
    assert len({request.run_key for request in third.run_requests or []}) == 4


@pytest.mark.slow
def test_late_files_of_a_closed_month_from_file_to_features(later: Running) -> None:
    """A file comes after its month was made: the sensor asks for that month alone and names what is stale; then all is made again."""
    settled = evaluate(later, None)
    assert late(later) == []
    assert (later.settings.raw_root / "lines-2025-01-late.csv").write_text(
        "ticket,sold,shop,code,label,qty,total,member\nlate,2025-01-30 09:00,S9,P1,Label 1,1,1.00,\n", encoding="utf-8"
    )
    assert late(later) == [Late("lines-2025-01-late.csv", JANUARY, "new")]
    waited = evaluate(later, settled.cursor)
    assert requests(waited) == [("facts", MARCH), ("facts", APRIL)]  # seen at the tick before; January's file must lie still first
    asked = evaluate(later, waited.cursor)
    assert requests(asked) == [("facts", JANUARY)]
    (request,) = asked.run_requests or []
    assert request.tags[LATE] == "1 new: lines-2025-01-late.csv"
    assert request.tags[STALE].startswith("Stale afterwards: 2025-01..2025-02, ")

    assert later.run("facts", JANUARY).success
    assert late(later) == []
    _, rows = readable(later.settings, "select count(*) from receipt_lines where month = '2025-01' and store_key = 'S9'")
    assert rows == [(1,)]
    for month in (JANUARY, FEBRUARY):
        assert later.run("month", month, ["store_features"]).success
    _, rows = readable(later.settings, "select receipts_count from store_features where month = '2025-02' and store_key = 'S9'")
    assert rows == [(1,)]
    assert requests(evaluate(later, asked.cursor)) == []


@pytest.mark.slow
def test_what_a_late_file_makes_stale_is_asked_for_and_nothing_else(running: Running) -> None:
    """Evaluated as the sensor `stale_windows` does: months made before whose inputs changed, table after table, and no month never made."""
    assert running.run("references").success
    rooms = ("ingestion", "features")
    tables = [table.name for table in load_catalogue().ordered if table.file.by_month and table.room in rooms]
    for month in (JANUARY, FEBRUARY, MARCH):
        assert running.run("month", month, tables).success
    conditions = dg.evaluate_automation_conditions(running.definitions, running.instance)
    assert conditions.total_requested == 0  # the history lies there as it was made
    late = (LINES.format(name="late", member="A"), LINES.format(name="later", member=""))
    asked = []
    for line in late:
        with (running.settings.raw_root / "lines-2025-02.csv").open("a", encoding="utf-8") as stream:
            stream.write(line)
        assert running.run("facts", FEBRUARY).success
        conditions = dg.evaluate_automation_conditions(running.definitions, running.instance, cursor=conditions.cursor)
        windowed = [table for table in tables if table not in fact_tables(load_catalogue())]
        found = {name: conditions.get_requested_partitions(dg.AssetKey(name)) for name in windowed}
        asked.append({name for name, months in found.items() if months == {FEBRUARY, MARCH}})
        assert all(months in (set(), {FEBRUARY, MARCH}) for months in found.values())
        for month in (FEBRUARY, MARCH):
            assert running.run("month", month, sorted(asked[-1])).success
        conditions = dg.evaluate_automation_conditions(running.definitions, running.instance, cursor=conditions.cursor)
    assert {"store_features", "member_window", "member_features", "store_item_window"} <= asked[0]
    assert "store_features" in asked[1]
    assert not asked[1] & {"member_window", "member_features", "store_item_window"}  # nobody's receipt changes no member's window
    conditions = dg.evaluate_automation_conditions(running.definitions, running.instance, cursor=conditions.cursor)
    assert conditions.total_requested == 0


@pytest.mark.slow
def test_a_change_after_a_table_was_made_is_not_forgotten_between_two_ticks(running: Running) -> None:
    """A table is made and then, before the next tick, a month that it reads is read again: both are new at that tick."""
    assert running.run("references").success
    tables = [table.name for table in load_catalogue().ordered if table.file.by_month and table.room in ("ingestion", "features")]
    assert all(running.run("month", month, tables).success for month in (JANUARY, FEBRUARY))
    conditions = dg.evaluate_automation_conditions(running.definitions, running.instance)
    for name in ("first", "second"):
        if name == "second":
            assert running.run("month", FEBRUARY, ["store_features"]).success
        with (running.settings.raw_root / "lines-2025-02.csv").open("a", encoding="utf-8") as stream:
            stream.write(LINES.format(name=name, member=""))
        assert running.run("facts", FEBRUARY).success
        if name == "first":
            conditions = dg.evaluate_automation_conditions(running.definitions, running.instance, cursor=conditions.cursor)
            assert conditions.get_requested_partitions(dg.AssetKey("store_features")) == {FEBRUARY}
    conditions = dg.evaluate_automation_conditions(running.definitions, running.instance, cursor=conditions.cursor)
    assert conditions.get_requested_partitions(dg.AssetKey("store_features")) == {FEBRUARY}


@pytest.mark.slow
def test_what_failed_is_not_tried_again_until_rows_change(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert running.run("references").success
    tables = [table.name for table in load_catalogue().ordered if table.file.by_month and table.room in ("ingestion", "features")]
    assert all(running.run("month", month, tables).success for month in (JANUARY, FEBRUARY))
    conditions, asked = dg.evaluate_automation_conditions(running.definitions, running.instance), []
    for name in ("first", "", "second"):
        if name:
            with (running.settings.raw_root / "lines-2025-02.csv").open("a", encoding="utf-8") as stream:
                stream.write(LINES.format(name=name, member=""))
            assert running.run("facts", FEBRUARY).success
        conditions = dg.evaluate_automation_conditions(running.definitions, running.instance, cursor=conditions.cursor)
        asked.append(conditions.get_requested_partitions(dg.AssetKey("store_features")))
        with monkeypatch.context() as broken:
            broken.setattr(steps, "build", refuse)
            assert not running.run("month", FEBRUARY, ["store_features"]).success
    assert asked == [{FEBRUARY}, set(), {FEBRUARY}]


def refuse(*_: object) -> None:
    raise BmyshopError("not today")


@pytest.mark.slow
def test_dagster_takes_the_requests(running: Running) -> None:
    """Evaluated as the daemon does, which resolves job, partition and tags."""
    running.run("references")
    repository = running.definitions.get_repository_def()
    sensor = running.definitions.resolve_sensor_def("raw_files")
    cursor = None
    for _ in range(2):
        context = dg.build_sensor_context(instance=running.instance, cursor=cursor, repository_def=repository, sensor_name="raw_files")
        found = sensor.evaluate_tick(context)
        cursor = found.cursor
    assert found.run_requests is not None
    assert [(request.job_name, request.tags["dagster/partition"]) for request in found.run_requests] == [
        ("facts", month) for month in (JANUARY, FEBRUARY, MARCH, APRIL)
    ]


@pytest.mark.slow
def test_a_growing_file_is_waited_for(later: Running) -> None:
    memory = evaluate(later, None).cursor
    path = later.settings.raw_root / "lines-2025-01.csv"
    for number in range(3):
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"more{number},2025-01-20 10:0{number},S1,P1,Label 1,1,1.00,\n")
        result = evaluate(later, memory)
        assert JANUARY not in {partition for _, partition in requests(result)}
        assert late(later) == [Late("lines-2025-01.csv", JANUARY, "changed")]
        memory = result.cursor
    still = evaluate(later, memory)
    assert ("facts", JANUARY) in requests(still)


@pytest.mark.slow
def test_a_touched_a_changed_and_a_removed_file(later: Running) -> None:
    later.run("facts", MARCH, LEDGER)
    assert late(later) == []
    age(later.settings.raw_root / "lines-2025-01.csv", 60)  # same size, written later
    later.write_month(FEBRUARY, lines_of(FEBRUARY, receipts=7))
    (later.settings.raw_root / "lines-2025-03.csv").unlink()
    assert late(later) == [
        Late("lines-2025-01.csv", JANUARY, "changed"),
        Late("lines-2025-02.csv", FEBRUARY, "changed"),
        Late("lines-2025-03.csv", MARCH, "gone"),
    ]


@pytest.mark.slow
def test_a_removed_file_makes_its_month_again(later: Running) -> None:
    before = evaluate(later, None)
    (later.settings.raw_root / "lines-2025-02.csv").unlink()
    seen = evaluate(later, before.cursor)
    assert ("facts", FEBRUARY) in requests(evaluate(later, seen.cursor))


def test_lists_and_files_of_all_months_ask_for_references(tmp_path: Path) -> None:
    lake, list_file = Lake(tmp_path), Seen("members.csv", "", 10, 1)
    first = tick(lake, [list_file, Seen("r-2025-01.csv", JANUARY, 10, 1)], [JANUARY], Memory())
    assert first.wanted == []
    second = tick(lake, [list_file, Seen("r-2025-01.csv", JANUARY, 10, 1)], [JANUARY], first.memory)
    assert [(wanted.month, described(wanted.late)) for wanted in second.wanted] == [("", "1 new: members.csv")]
    assert second.held == ["2025-01: the files that are read once come first"]


def test_what_a_month_makes_stale(settings: Settings) -> None:
    catalogue, lake = load_catalogue(), Lake(settings.lake_dir)
    for table in catalogue.values():
        for month in (JANUARY, FEBRUARY, MARCH) if table.file.by_month else (None,):
            with lake.write(TableName(table.room, table.name), partition_of(month)) as draft:
                draft.publish(rows=0, content_hash="", code_hash="", inputs={})
    found = downstream(catalogue, lake, settings, FEBRUARY)
    assert found["store_features"] == found["member_clusters"] == found["monthly_report"] == [FEBRUARY, MARCH]
    assert not set(found) & set(fact_tables(catalogue))
    all_months = downstream(catalogue, lake, settings, None)
    assert all_months["receipt_lines"] == all_months["store_features"] == [JANUARY, FEBRUARY, MARCH]
    assert downstream(catalogue, lake, settings, APRIL) == {}


def test_what_is_made_again_waits_for_its_inputs(settings: Settings) -> None:
    catalogue, lake = load_catalogue(), Lake(settings.lake_dir)
    code = Code(catalogue, settings)

    def publish(name: str, month: str, content: str) -> None:
        table, read = catalogue[name], {}
        for each in table.inputs:
            for partition in partitions_read(table, catalogue[each], month if table.file.by_month else None, settings):
                found = lake.current(TableName(catalogue[each].room, each), partition)
                read[f"{each}/{partition}"] = found.content_hash if found else ""
        with lake.write(TableName(table.room, name), partition_of(month if table.file.by_month else None)) as draft:
            draft.publish(rows=0, content_hash=content, code_hash=code.whole(name), inputs=read)

    for table in catalogue.ordered:
        for month in (JANUARY, FEBRUARY, MARCH):
            publish(table.name, month, table.name)
    assert to_make_again(catalogue, lake, settings) == {}

    publish("member_months", FEBRUARY, "other rows")
    found = to_make_again(catalogue, lake, settings)
    both = {partition_of(FEBRUARY), partition_of(MARCH)}
    assert found["member_window"] == found["member_features"] == both
    assert "profile_changes" not in found  # reads member_months, but also member_clusters, which come after member_window
    publish("member_window", FEBRUARY, "other rows")
    found = to_make_again(catalogue, lake, settings)
    assert found["member_clusters"] == {partition_of(FEBRUARY)}
    assert found["member_window"] == {partition_of(MARCH)}

    store = catalogue["store_months"]
    publish("store_months", FEBRUARY, "other rows")
    assert to_make_again(catalogue, lake, settings)["store_features"] == both
    lake.drop(TableName(store.room, store.name), partition_of(JANUARY))
    assert "store_features" not in to_make_again(catalogue, lake, settings)  # it could not be made


def test_a_wrong_mapping_is_the_reason_for_skipping(running: Running) -> None:
    running.settings.sources_file.write_text("version: [1", encoding="utf-8")
    assert "not valid YAML" in str(evaluate(running, None).skip_reason)


@pytest.mark.parametrize("cursor", [None, "", "no json", "[]", '{"waiting": 3}'])
def test_an_unreadable_cursor_is_a_fresh_start(cursor: str | None) -> None:
    assert Memory.of(cursor) == Memory()


def test_long_lists_of_files_are_cut() -> None:
    text = described([Late(f"receipts-{number:04}.csv", JANUARY, "new") for number in range(500)])
    assert text.startswith("500 new: receipts-0000.csv")
    assert len(text) < 256
