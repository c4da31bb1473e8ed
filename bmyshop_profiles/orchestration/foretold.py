"""What a run would make, and what it would take: read from pointers and from the runs that Dagster recorded. Nothing is made.

Belongs here: sums over steps and months. Does not belong here: why a table is stale (freshness.py).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import dagster as dg

from bmyshop_profiles.engine.catalogue import Catalogue
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.orchestration.freshness import freshness
from bmyshop_profiles.orchestration.runs import steps_of
from bmyshop_profiles.settings import Settings

PAST_RUNS = 50  # the latest that are looked at


@dataclass(frozen=True)
class Foretold:
    """A run to be. month: None for the lists. missing, stale: of its tables, today. minutes: sum of what each step took on average in past
    runs; unknown_steps: steps that no past run had. gigabytes: of the tables, as they are or, of months not made, as other months are."""

    month: str | None
    tables: int
    missing: int
    stale: int
    minutes: float
    unknown_steps: int
    gigabytes: float


def foretell(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    catalogue: Catalogue,
    settings: Settings,
    wanted: Sequence[tuple[str, str | None, list[str]]],
) -> list[Foretold]:
    """One row for each run: job, month and tables."""
    taken = _seconds_of_steps(instance)
    lake = Lake(settings.lake_dir)
    is_stale = {(each.table.name, each.partition): each.stale is not None for each in freshness(catalogue, lake, settings)}
    sizes = _bytes(lake, catalogue)
    found = []
    for job, month, tables in wanted:
        partition = partition_of(month)
        known = [is_stale.get((name, partition)) for name in tables]
        steps = steps_of(definitions, job, tables)
        size = sum(sizes[name].get(partition) or mean(sizes[name].values()) for name in tables if sizes[name])
        found.append(
            Foretold(
                month,
                len(tables),
                sum(each is None for each in known),
                sum(each is True for each in known),
                sum(mean(taken[step]) for step in steps if step in taken) / 60,
                sum(step not in taken for step in steps),
                size / 1e9,
            )
        )
    return found


def _seconds_of_steps(instance: dg.DagsterInstance) -> dict[str, list[float]]:
    """What each step took, in the latest runs that ended well."""
    found: dict[str, list[float]] = defaultdict(list)
    wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS])
    for record in instance.get_run_records(filters=wanted, limit=PAST_RUNS):
        for step in instance.get_run_step_stats(record.dagster_run.run_id):
            if step.start_time is not None and step.end_time is not None:
                found[step.step_key].append(step.end_time - step.start_time)
    return found


def _bytes(lake: Lake, catalogue: Catalogue) -> dict[str, dict[str, int]]:
    """Of what is published, by table and partition."""
    names = [TableName(table.room, table.name) for table in catalogue.ordered]
    return {name.name: {partition: lake.size(name, partition) for partition in lake.partitions(name)} for name in names}
