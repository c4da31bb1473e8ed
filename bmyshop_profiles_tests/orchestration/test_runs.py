"""Months run through Dagster: what is published, what is refused, what the instance keeps."""

import re
from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.orchestration.freshness import freshness
from bmyshop_profiles.questions.queries import readable
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.orchestration.conftest import Running, lines_of, opened, write_raw_files

pytestmark = pytest.mark.slow
JANUARY, FEBRUARY, MARCH, APRIL = "2025-01", "2025-02", "2025-03", "2025-04"
LEDGER = ["receipt_lines", "file_ledger", "rejected_lines"]
FEATURES = [table.name for table in load_catalogue().values() if table.file.by_month and table.room in ("ingestion", "features")]


def test_two_months_from_raw_files_to_features(later: Running) -> None:
    _, rows = readable(
        later.settings, "select receipts_count, active_months_count from store_features where month = '2025-02' order by store_key"
    )
    assert rows == [(6, 2), (6, 2)]
    for query in (
        "select sum(receipts_count)::bigint from member_features where month = '2025-02'",
        "select sum(things_count)::bigint from member_window where month = '2025-02' and kind = 'store'",
        "select sum(receipts_count)::bigint from member_months",
    ):
        assert readable(later.settings, query)[1] == [(8,)]
    version = later.version("store_features", FEBRUARY)
    assert version is not None
    assert [key for key in version.inputs if key.startswith("store_months/")] == [
        "store_months/month=2025-01",
        "store_months/month=2025-02",
    ]


def test_a_month_run_twice_changes_nothing(later: Running) -> None:
    before = later.hashes([JANUARY])
    assert None not in before.values()
    assert later.run("references").success
    assert later.run("month", JANUARY).success
    assert later.hashes([JANUARY]) == before


def test_a_windowed_table_names_the_months_it_lacks(later: Running) -> None:
    result = later.run("month", APRIL)
    assert not result.success
    assert result.failure is not None
    named = re.search(r"(\w+) of 2025-04 cannot be made", result.failure)
    assert named is not None
    assert load_catalogue()[named[1]].file.window
    assert "is missing for 2025-03" in result.failure
    assert "backfill from the asset graph" in result.failure
    assert later.version("store_features", APRIL) is None
    assert later.version("receipts", APRIL) is not None  # what needs no window is there


def test_months_made_by_other_code_are_not_mixed_in(later: Running, rebuilt: Callable[[str, str, str], Running]) -> None:
    before = later.version("member_features", FEBRUARY)
    other = rebuilt("receipts", "between 5 and 8 then", "between 4 and 8 then")
    result = other.run("month", FEBRUARY)
    assert not result.success
    assert result.failure is not None
    assert "was made by other code or settings for 2025-01" in result.failure
    assert other.version("member_features", FEBRUARY) == before
    for month in (JANUARY, FEBRUARY):
        assert other.run("month", month, FEATURES).success


def test_a_table_is_not_made_from_an_input_of_other_code(later: Running, rebuilt: Callable[[str, str, str], Running]) -> None:
    """Else it would bear today's code, and the guard would mix its months with others."""
    before = later.version("member_item_months", JANUARY)
    other = rebuilt("products", "sold.lines_count,", "sold.lines_count + 0 as lines_count,")
    result = other.run("month", JANUARY, ["member_item_months"])
    assert not result.success
    assert "products was made by other code or settings for 2025-01" in str(result.failure)
    assert other.version("member_item_months", JANUARY) == before
    assert other.run("month", JANUARY, ["products", "receipts", "member_item_months"]).success


def test_a_failed_check_publishes_nothing_and_is_kept(later: Running, rebuilt: Callable[[str, str, str], Running]) -> None:
    assert later.run("month", JANUARY, ["receipts"]).success
    before = later.version("receipts", JANUARY)
    other = rebuilt("receipts", "from totals", "from totals cross join (values (1), (2)) as twice (copy_number)")
    result = other.run("month", JANUARY)
    assert not result.success
    assert result.failure is not None
    assert "nothing was published: checks failed: receipts: key_is_unique" in result.failure
    assert other.version("receipts", JANUARY) == before
    key = dg.AssetCheckKey(dg.AssetKey("receipts"), "key_is_unique")
    history = later.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert history[0].status.value == "FAILED"
    materialized = later.instance.get_latest_materialization_event(dg.AssetKey("receipts"))
    assert materialized is not None
    assert materialized.run_id != later.instance.get_runs(limit=1)[0].run_id


def test_a_month_without_a_file_is_empty_present_and_warned_about(later: Running) -> None:
    (later.settings.raw_root / "lines-2025-03.csv").unlink()
    warned: list[runs.Warned] = []
    for month, tables in ((FEBRUARY, LEDGER), (MARCH, None), (APRIL, None)):
        result = later.run("month", month, tables)
        assert result.success, result.failure
        warned += result.warned
    assert [each for each in warned if each.table == "receipt_lines"] == [runs.Warned("receipt_lines", "month_has_lines", MARCH, 1, "")]
    told = "\n".join(runs.in_words(warned, load_catalogue()))
    assert "  receipt_lines, month_has_lines: 1 row in 2025-03\n    should hold: some line was sold in the month" in told
    version = later.version("receipt_lines", MARCH)
    assert version is not None
    assert version.rows == 0
    key = dg.AssetCheckKey(dg.AssetKey("receipt_lines"), "month_has_lines")
    history = later.instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
    assert [record.status.value for record in history if record.status.value != "PLANNED"] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    _, rows = readable(later.settings, "select active_months_count from store_features where month = '2025-04'")
    assert rows == [(3,), (3,)]


def test_a_bad_file_fails_its_month_alone(later: Running) -> None:
    (later.settings.raw_root / "lines-2025-03.csv").write_text("ticket,other\n1,2\n")
    result = later.run("month", MARCH)
    assert not result.success
    assert "lines-2025-03.csv does not have" in str(result.failure)
    assert later.version("receipts", MARCH) is None
    assert later.version("receipts", FEBRUARY) is not None


def test_without_the_lists_a_month_says_what_to_do(running: Running) -> None:
    result = running.run("month", JANUARY)
    assert not result.success
    assert "staged_members is missing for all" in str(result.failure)


def test_staleness_follows_inputs_and_code(later: Running) -> None:
    catalogue, lake = load_catalogue(), Lake(later.settings.lake_dir)

    def stale() -> dict[tuple[str, str], str]:
        return {(item.table.name, item.partition): item.stale for item in freshness(catalogue, lake, later.settings) if item.stale}

    assert stale() == {}
    later.write_month(JANUARY, lines_of(JANUARY, receipts=7))
    later.run("month", JANUARY, ["receipt_lines", "file_ledger", "rejected_lines", "receipts"])
    found = stale()
    assert found["store_months", "month=2025-01"] == "newer input: receipts/month=2025-01"
    assert ("receipts", "month=2025-01") not in found
    other = later.settings.model_copy(update={"regular_visits": 5})
    changed = {item.table.name for item in freshness(catalogue, lake, other) if item.stale == "made by other code or settings"}
    assert changed == {"member_features"}


def test_materializations_carry_rows_hash_and_column_lineage(later: Running) -> None:
    assert later.run("month", JANUARY, [*LEDGER, "store_features"]).success
    events = later.instance.fetch_materializations(dg.AssetKey("store_features"), limit=1).records
    materialization = events[0].asset_materialization
    assert materialization is not None
    metadata = materialization.metadata
    assert metadata["dagster/partition_row_count"].value == 2
    lineage = metadata["dagster/column_lineage"].value
    assert [(dep.asset_key.to_user_string(), dep.column_name) for dep in lineage.deps_by_column["coverage_share"]] == [
        ("store_months", "identified_receipts_count"),
        ("store_months", "receipts_count"),
    ]
    version = later.version("store_features", JANUARY)
    assert version is not None
    assert materialization.tags is not None
    assert materialization.tags["dagster/data_version"] == version.content_hash
    raw = later.instance.fetch_materializations(dg.AssetKey("receipt_lines"), limit=1).records[0].asset_materialization
    assert raw is not None
    deps = raw.metadata["dagster/column_lineage"].value.deps_by_column["amount_cents"]
    assert [(dep.asset_key.to_user_string(), dep.column_name) for dep in deps] == [("raw_receipts", "till: total")]


@pytest.fixture
def kept(settings: Settings) -> Iterator[Running]:
    """Raw files, and a Dagster database on disk."""
    write_raw_files(settings)
    with opened(settings, is_kept=True) as found:
        yield found


def test_no_raw_id_leaves_the_vault(kept: Running) -> None:
    """Members' raw ids are planted; after a good and a failed run they are in no table, event or message."""
    canary = "CANARY-4711"
    for month in (JANUARY, FEBRUARY):
        kept.write_month(month, [line.replace(",A\n", f",{canary}\n") for line in lines_of(month)])
    kept.write_month(MARCH, [*lines_of(MARCH), f"x,bad,S1,P1,l,1,1.00,{canary},too,many\n"])
    kept.run("references")
    failures = [kept.run("month", month, FEATURES).failure for month in (JANUARY, FEBRUARY, MARCH)]
    (kept.settings.raw_root / "lines-2025-04.csv").write_bytes(f"ticket,sold\n{canary},\xff".encode("latin-1"))
    failures.append(kept.run("month", APRIL).failure)
    assert failures[-1]
    assert canary not in " ".join(failure or "" for failure in failures)
    raw = {kept.settings.raw_root / f"lines-{month}.csv" for month in kept.settings.months()}
    written = [path for path in kept.settings.data_dir.rglob("*") if path.is_file() and path not in raw]
    assert len(written) > 50
    assert [path for path in written if canary.encode() in path.read_bytes()] == []
    _, rows = readable(kept.settings, "select * from receipt_lines")
    assert canary not in repr(rows)
    assert len(set(readable(kept.settings, "select distinct member_key from members")[1])) == 3


def test_warnings_in_words() -> None:
    zones = [runs.Warned("store_zones", "most_shops_have_a_zone", month, 1, "without_zone_share 0.58") for month in (FEBRUARY, JANUARY)]
    stable = [runs.Warned("profile_quality", "profiles_say_more_than_chance", f"2025-{month:02}", month, "") for month in range(1, 7)]
    lists = [runs.Warned("staged_file_ledger", "few_lines_are_rejected", None, 2, "")]
    told = runs.in_words([*stable, *zones, *lists], load_catalogue())
    assert told[0] == "3 checks warned. Their tables are published all the same:"
    assert told[1] == "  profile_quality, profiles_say_more_than_chance: 21 rows in 6 months, 2025-01 to 2025-06"
    assert told[2].startswith("    should hold: every profile says something about other receipts")
    assert told[3] == "  staged_file_ledger, few_lines_are_rejected: 2 rows in the lists"
    assert (
        told[5]
        == "  store_zones, most_shops_have_a_zone: 1 row in 2025-01 (without_zone_share 0.58), 1 row in 2025-02 (without_zone_share 0.58)"
    )
    assert runs.in_words([], load_catalogue()) == []
    assert runs.figures({"birth_year": 1900, "members_share": 0.58333}) == "birth_year 1900, members_share 0.583"
    assert runs.figures({"store_key": "S", "receipts_count": 3}) == runs.figures({}) == ""
