"""The sensor of raw files: new or changed files are read by a run of just their month. What it decides is `late.py`'s."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.ingestion.arrivals.late import Memory, Seen, Wanted, described, tick
from bmyshop_profiles.ingestion.arrivals.seen import seen_files
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.orchestration.automation import sensor_status
from bmyshop_profiles.orchestration.freshness import downstream
from bmyshop_profiles.orchestration.steps import House
from bmyshop_profiles.settings import SETTINGS_FILE

LATE, STALE = "bmyshop/late_files", "bmyshop/stale_after"


def sensors(house: House, jobs: Sequence[Any]) -> list[dg.SensorDefinition]:
    """All sensors of the room."""
    settings = house.settings
    return [raw_file_sensor(house, jobs, lambda: seen_files(load_mapping(settings.sources_file), settings.raw_root))]


def raw_file_sensor(house: House, jobs: Sequence[Any], look: Callable[[], list[Seen]]) -> dg.SensorDefinition:
    """A sensor over what `look` sees.

    It asks for the job `facts` of one month, or for `references` when the files tell no month. What reads the month through a window is not
    made again by it: the log and the run's tags say which months of which tables are stale afterwards.
    """

    loaded = _settings_text(house)

    @dg.sensor(
        name="raw_files",
        jobs=[job for job in jobs if job.name in ("facts", "references")],
        minimum_interval_seconds=60,
        default_status=sensor_status(house.settings),
        description="Reads new and changed raw files, once they lie still: the facts of just their month. "
        "Tables with a window are stale afterwards; the log and the run's tags name them, and the sensor stale_windows makes them again. "
        "A failed run is not asked for again until the files change.",
    )
    def raw_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        lake, memory = Lake(house.settings.lake_dir), Memory.of(context.cursor)
        try:
            seen = look()
        except BmyshopError as error:
            return dg.SensorResult(skip_reason=str(error), cursor=memory.cursor())
        found = tick(lake, seen, house.settings.months(), memory)
        for reason in found.held:
            context.log.info(reason)
        if _settings_text(house) != loaded:
            found.held.append(
                f"{SETTINGS_FILE} has changed since it was loaded: Deployment, Reload all; runs have the new settings already"
            )
        if not found.wanted:
            reason = "; ".join(found.held) or f"nothing new: {len(seen)} raw files are as they were read"
            return dg.SensorResult(skip_reason=reason, cursor=found.memory.cursor())
        requests = []
        for wanted in found.wanted:
            stale = stale_after(house, lake, wanted)
            context.log.info(f"{wanted.month or 'files of all months'}: {described(wanted.late)}. {stale}")
            requests.append(
                dg.RunRequest(
                    run_key=f"{wanted.month or 'references'}-{wanted.files_digest}",
                    job_name="facts" if wanted.month else "references",
                    partition_key=wanted.month or None,
                    tags={LATE: described(wanted.late), STALE: stale},
                )
            )
        return dg.SensorResult(run_requests=requests, cursor=found.memory.cursor())

    return raw_files


def _settings_text(house: House) -> bytes:
    path = house.settings.data_dir / SETTINGS_FILE
    return path.read_bytes() if path.exists() else b""


def stale_after(house: House, lake: Lake, wanted: Wanted) -> str:
    """Which months of which tables must be made again once the wanted files are read, in words."""
    months: dict[str, list[str]] = {}
    for table, found in downstream(house.catalogue, lake, house.settings, wanted.month or None).items():
        for month in found:
            months.setdefault(month, []).append(table)
    if not months:
        return "Nothing made so far becomes stale."
    span = f"{min(months)}..{max(months)}" if len(months) > 1 else min(months)
    most = max(len(tables) for tables in months.values())
    return f"Stale afterwards: {span}, {most} tables; the sensor stale_windows makes them again where it is on, else backfill them."
