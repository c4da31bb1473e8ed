"""Gathers what the rooms offer. No logic."""

import dagster as dg

from bmyshop_profiles.audience import assets as audience
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.enrichment import assets as enrichment
from bmyshop_profiles.features import assets as features
from bmyshop_profiles.ingestion import assets as ingestion
from bmyshop_profiles.ingestion.arrivals import sensors as arrivals
from bmyshop_profiles.media import assets as media
from bmyshop_profiles.missions import assets as missions
from bmyshop_profiles.orchestration import automation, jobs, upkeep
from bmyshop_profiles.orchestration.resources import resources
from bmyshop_profiles.orchestration.runs import progress_logger
from bmyshop_profiles.orchestration.steps import House
from bmyshop_profiles.privacy.closed import close_to_others
from bmyshop_profiles.projection import assets as projection
from bmyshop_profiles.references import assets as references
from bmyshop_profiles.reports import assets as reports
from bmyshop_profiles.settings import Settings, load_settings
from bmyshop_profiles.typology import assets as typology

ROOMS = (ingestion, references, features, missions, typology, projection, audience, enrichment, media, reports)


def build_definitions(settings: Settings) -> dg.Definitions:
    """Everything Dagster knows, for the settings of a data directory."""
    house = House(load_catalogue(), settings)
    made, retention = jobs.jobs(house.catalogue), upkeep.retention_job(settings)
    return dg.Definitions(
        assets=[asset for room in ROOMS for asset in room.assets(house)],
        jobs=[*made, retention],
        schedules=[*jobs.schedules(made, settings), upkeep.retention_schedule(retention, settings)],
        sensors=[*arrivals.sensors(house, made), automation.windows_sensor(settings)],
        resources=resources(settings),
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger, "progress": progress_logger},
    )


settings = load_settings()
close_to_others(settings.data_dir)  # a code server and a run's worker begin here
defs = build_definitions(settings)
