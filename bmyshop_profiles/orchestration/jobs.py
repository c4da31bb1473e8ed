"""Jobs and the schedule. Full history is backfilled from the asset graph, which honours windows; a backfill of a job does not."""

from typing import Any

import dagster as dg

from bmyshop_profiles.engine.catalogue import Catalogue
from bmyshop_profiles.orchestration.automation import schedule_status
from bmyshop_profiles.settings import Settings


def fact_tables(catalogue: Catalogue) -> list[str]:
    """Tables kept by month that depend on no window, however indirectly: any of their months may be made in any order."""
    facts: list[str] = []
    for table in catalogue.ordered:
        by_month = [name for name in table.inputs if catalogue[name].file.by_month]
        if table.file.by_month and not table.file.window and all(name in facts for name in by_month):
            facts.append(table.name)
    return facts


def jobs(catalogue: Catalogue) -> list[Any]:
    """`references`, `facts` and `month`."""
    by_month = [table.name for table in catalogue.ordered if table.file.by_month]
    undated = [table.name for table in catalogue.ordered if not table.file.by_month]
    return [
        dg.define_asset_job(
            "references",
            selection=dg.AssetSelection.assets(*undated),
            description="Everything that is read once, not by month: lists, files that span months.",
        ),
        dg.define_asset_job(
            "facts",
            selection=dg.AssetSelection.assets(*fact_tables(catalogue)),
            description="Raw files to monthly facts. No window: months may be backfilled in any order, two at once.",
        ),
        dg.define_asset_job(
            "month",
            selection=dg.AssetSelection.assets(*by_month),
            description="Everything of one month, for the schedule. To make several months, backfill from the asset graph: "
            "it does them in the right order.",
        ),
    ]


def schedules(made: list[Any], settings: Settings) -> list[Any]:
    """The month that has ended, early on the third day of the next one, when late files have come."""
    month = next(job for job in made if job.name == "month")
    return [
        dg.build_schedule_from_partitioned_job(
            month,
            name="monthly",
            description="Makes the month that has just ended.",
            day_of_month=3,
            hour_of_day=4,
            minute_of_hour=0,
            default_status=schedule_status(settings),
        )
    ]
