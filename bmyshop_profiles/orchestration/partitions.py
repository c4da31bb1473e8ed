"""Months as Dagster partitions, and which partitions of an input a month reads."""

import dagster as dg

from bmyshop_profiles.engine.catalogue import Catalogue, Table
from bmyshop_profiles.engine.lake import ALL, partition_of
from bmyshop_profiles.months import month_plus, months_between
from bmyshop_profiles.settings import Settings


def monthly(settings: Settings) -> dg.MonthlyPartitionsDefinition:
    """Partitions keyed 2025-01, from the first month of the settings to the last (or to the last complete month)."""
    end = month_plus(settings.last_month, 1) if settings.last_month else None
    return dg.MonthlyPartitionsDefinition(start_date=settings.first_month, end_date=end, fmt="%Y-%m", timezone=settings.timezone)


def dependency(table: Table, upstream: str, catalogue: Catalogue) -> dg.AssetDep:
    """The dependency on an input, with its window where it has one."""
    months = table.window_of(upstream)
    if months > 1 and catalogue[upstream].file.by_month:
        return dg.AssetDep(upstream, partition_mapping=dg.TimeWindowPartitionMapping(start_offset=1 - months, end_offset=0))
    return dg.AssetDep(upstream)


def window_months(table: Table, upstream: str, month: str, first_month: str) -> list[str]:
    """Months of an input that a month of a table reads: never before the first month of the history."""
    return months_between(max(first_month, month_plus(month, 1 - table.window_of(upstream))), month)


def partitions_read(table: Table, upstream: Table, month: str | None, settings: Settings) -> list[str]:
    """Names in the lake of the partitions of an input that a run reads."""
    if not upstream.file.by_month:
        return [ALL]
    assert month is not None, f"{table.name} is not kept by month, so it cannot read {upstream.name}, which is"
    return [partition_of(each) for each in window_months(table, upstream.name, month, settings.first_month)]
