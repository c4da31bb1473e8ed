"""A snapshot of what Dagster knows: keys, rooms, jobs, the schedule, checks, windows."""

import dagster as dg
import pytest

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.orchestration.jobs import fact_tables
from bmyshop_profiles.orchestration.partitions import monthly, window_months
from bmyshop_profiles.settings import Settings

FACTS = {
    *("receipt_lines", "file_ledger", "rejected_lines", "members", "stores", "products"),
    *("product_categories", "item_categories", "store_sales_months", "store_visits", "store_category_visits", "baskets"),
    *(
        "receipts",
        "member_months",
        "member_item_months",
        "member_counts",
        "member_visit_months",
        "shopper_counts",
        "store_months",
        "store_hour_months",
        "store_hours",
    ),
    *("member_receipt_items", "sampled_receipt_items", "store_item_months", "member_demographics", "store_zones"),
}
WINDOWED = {
    *("member_zones", "member_places"),
    *("member_window", "store_item_window", "member_features", "store_features", "store_sales", "store_traffic"),
    *("member_clusters", "cluster_profiles", "typology_numbers", "profiles", "typology_quality", "profile_quality"),
    *("profile_weights", "cluster_matches", "profile_changes", "frozen_clusters", "typology_drift", "profile_cards"),
    *("item_evidence", "place_evidence", "evidence_calibration", "member_posteriors", "projection_quality"),
    *("mission_profiles", "mission_weights", "mission_quality", "store_missions", "seen_audience", "group_grades"),
    *("store_evidence", "store_audience", "audience_quality", "monthly_report"),
    *("asked_members", "variable_value", "synthetic_variables"),
    *("visits_forecast", "visits_hours", "forecast_quality"),
}
STAGED = {"staged_members", "staged_stores", "staged_products", "staged_receipt_lines", "staged_file_ledger", "staged_rejected_lines"}
REFERENCES = {"product_taxonomy", "first_names", "survival", "zones", "zone_postcodes"}
RAW = {"raw_receipts", "raw_members", "raw_stores", "raw_products"}


@pytest.fixture
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(settings)


def keys_of(definitions: dg.Definitions, job: str) -> set[str]:
    return {key.to_user_string() for key in definitions.resolve_job_def(job).asset_layer.selected_asset_keys}


def test_assets_and_rooms(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == FACTS | WINDOWED | STAGED | REFERENCES | RAW
    for table in load_catalogue().values():
        node = graph.get(dg.AssetKey(table.name))
        assert node.group_name == table.room
        assert node.description
        assert node.code_version
        assert (node.partitions_def is not None) == table.file.by_month


def test_jobs(definitions: dg.Definitions) -> None:
    assert keys_of(definitions, "references") == STAGED | REFERENCES
    assert keys_of(definitions, "facts") == FACTS == set(fact_tables(load_catalogue()))
    assert keys_of(definitions, "month") == FACTS | WINDOWED


def test_the_schedule_makes_the_month_that_has_ended(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("monthly")
    assert (schedule.job_name, schedule.cron_schedule) == ("month", "0 4 3 * *")
    assert schedule.execution_timezone == "Europe/Paris"


def test_the_sensor_of_raw_files_asks_for_facts_and_references(definitions: dg.Definitions) -> None:
    sensor = definitions.resolve_sensor_def("raw_files")
    assert {job.name for job in sensor.jobs} == {"facts", "references"}
    assert sensor.minimum_interval_seconds == 60


def test_retention_is_kept_every_night(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly_retention")
    assert (schedule.job_name, schedule.cron_schedule) == ("retention", "0 3 * * *")
    with dg.DagsterInstance.ephemeral() as instance:
        assert definitions.resolve_job_def("retention").execute_in_process(instance=instance).success


def test_every_check_of_the_catalogue_is_an_asset_check(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    expected = {(table.name, check.name) for table in load_catalogue().values() for check in table.checks}
    assert {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys} == expected
    assert len(expected) >= 60


def test_dependencies_are_those_of_the_sql(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for table in load_catalogue().values():
        if table.sql is not None:
            assert {key.to_user_string() for key in graph.get(dg.AssetKey(table.name)).parent_keys} == set(table.inputs)
    assert {key.to_user_string() for key in graph.get(dg.AssetKey("receipt_lines")).parent_keys} == {
        *("raw_receipts", "staged_receipt_lines", "staged_members")
    }


def test_windows_are_partition_mappings(definitions: dg.Definitions) -> None:
    mapping = definitions.resolve_asset_graph().get(dg.AssetKey("store_features")).partition_mappings[dg.AssetKey("store_months")]
    assert isinstance(mapping, dg.TimeWindowPartitionMapping)
    assert (mapping.start_offset, mapping.end_offset) == (-11, 0)
    table = load_catalogue()["store_features"]
    assert window_months(table, "store_months", "2025-03", "2025-01") == ["2025-01", "2025-02", "2025-03"]
    assert window_months(table, "store_months", "2026-03", "2025-01")[0] == "2025-04"
    assert window_months(table, "stores", "2026-03", "2025-01") == ["2026-03"]


def test_months_are_the_partitions(settings: Settings) -> None:
    assert list(monthly(settings).get_partition_keys()) == ["2025-01", "2025-02", "2025-03", "2025-04"]


def test_tables_say_what_they_are(definitions: dg.Definitions, settings: Settings) -> None:
    graph = definitions.resolve_asset_graph()
    kinds = {name: graph.get(dg.AssetKey(name)).tags["bmyshop/kind"] for name in load_catalogue()}
    assert {name for name, kind in kinds.items() if kind == "fact"} == FACTS
    assert {name for name, kind in kinds.items() if kind == "windowed"} == WINDOWED
    assert {name for name, kind in kinds.items() if kind == "list"} == STAGED | REFERENCES
    personal = {name for name in kinds if "bmyshop/personal_data" in graph.get(dg.AssetKey(name)).tags}
    assert {"members", "receipts", "member_clusters", "member_demographics"} <= personal
    assert not personal & {"store_audience", "profiles", "profile_cards", "monthly_report", "item_evidence"}
    assert {name for name in kinds if graph.get(dg.AssetKey(name)).automation_condition} == WINDOWED
    owned = build_definitions(settings.model_copy(update={"owners": ("team:tills", "ada@example.org")})).resolve_asset_graph()
    assert owned.get(dg.AssetKey("receipts")).owners == owned.get(dg.AssetKey("raw_receipts")).owners == ["team:tills", "ada@example.org"]


def test_one_run_at_a_time_touches_windows(definitions: dg.Definitions) -> None:
    pools = {node.name: node.definition.pools for node in definitions.resolve_implicit_global_asset_job_def().graph.nodes}
    assert {name for name, found in pools.items() if found == {"windows"}} == {name for name in pools if name in WINDOWED}
    assert set(pools) <= FACTS | WINDOWED | REFERENCES | {"staged_files"}  # a step is called after its first table


def test_schedules_and_sensors_are_off_unless_nobody_attends(settings: Settings) -> None:
    for unattended, state in ((False, "STOPPED"), (True, "RUNNING")):
        found = build_definitions(settings.model_copy(update={"unattended": unattended}))
        instigators = [*(found.schedules or []), *(found.sensors or [])]
        assert {each.name for each in instigators} == {"monthly", "nightly_retention", "raw_files", "stale_windows"}
        assert {each.default_status.value for each in instigators} == {state}
