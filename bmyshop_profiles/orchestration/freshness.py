"""What is in the lake and whether it is what today's code and inputs would make. Pure: reads pointers only."""

from dataclasses import dataclass

from bmyshop_profiles.engine.catalogue import Catalogue, Table
from bmyshop_profiles.engine.lake import ALL, Lake, TableName, Version, partition_of
from bmyshop_profiles.orchestration.code import Code
from bmyshop_profiles.orchestration.jobs import fact_tables
from bmyshop_profiles.orchestration.partitions import partitions_read
from bmyshop_profiles.settings import Settings


@dataclass(frozen=True)
class Freshness:
    """One partition of one table. is_other: made by other code or settings. newer: table/partition of inputs made again since."""

    table: Table
    partition: str
    version: Version
    is_other: bool
    newer: tuple[str, ...]

    @property
    def stale(self) -> str | None:
        """Why it should be made again; None: it is as it would be made now."""
        if self.is_other:
            return "made by other code or settings"
        return f"newer input: {', '.join(self.newer)}" if self.newer else None

    @property
    def briefly(self) -> str | None:
        """The same, without the months of inputs."""
        return f"newer {', '.join(dict.fromkeys(each.partition('/')[0] for each in self.newer))}" if self.newer else self.stale


def freshness(catalogue: Catalogue, lake: Lake, settings: Settings) -> list[Freshness]:
    """Every published partition of every table, tables in the order in which they are made."""
    code = Code(catalogue, settings)
    current = {
        (table.name, partition): lake.current(TableName(table.room, table.name), partition)
        for table in catalogue.ordered
        for partition in lake.partitions(TableName(table.room, table.name))
    }
    found = []
    for (name, partition), version in current.items():
        if version is not None:
            is_other = version.code_hash != code.whole(name)
            newer = () if is_other else _newer(catalogue, settings, current, name, partition, version)
            found.append(Freshness(catalogue[name], partition, version, is_other, newer))
    return found


def _newer(
    catalogue: Catalogue,
    settings: Settings,
    current: dict[tuple[str, str], Version | None],
    name: str,
    partition: str,
    version: Version,
) -> tuple[str, ...]:
    month = None if partition == ALL else partition.removeprefix("month=")
    expected = {}
    for upstream in catalogue[name].inputs:
        for each in partitions_read(catalogue[name], catalogue[upstream], month, settings):
            found = current.get((upstream, each))
            expected[f"{upstream}/{each}"] = found.content_hash if found else None
    return tuple(sorted(key for key in expected if version.inputs.get(key) != expected[key]))


def to_make_again(catalogue: Catalogue, lake: Lake, settings: Settings) -> dict[str, set[str]]:
    """Windowed tables → their partitions that were made of other rows than their inputs hold now, all of which are there and none of which
    waits to be made again itself, however indirectly. Made in this order, none is made twice."""
    facts = set(fact_tables(catalogue))
    rows = freshness(catalogue, lake, settings)
    there = {(row.table.name, row.partition) for row in rows}
    waiting: set[tuple[str, str]] = set()
    found: dict[str, set[str]] = {}
    for row in rows:
        if not row.table.file.by_month or row.table.name in facts:
            continue
        month = row.partition.removeprefix("month=")
        read = {(name, each) for name in row.table.inputs for each in partitions_read(row.table, catalogue[name], month, settings)}
        if row.newer and read <= there and not read & waiting:
            found.setdefault(row.table.name, set()).add(row.partition)
        if row.newer or read & waiting:
            waiting.add((row.table.name, row.partition))
    return found


def downstream(catalogue: Catalogue, lake: Lake, settings: Settings, month: str | None) -> dict[str, list[str]]:
    """Months of tables that exist and that new raw files of a month make stale; None: new files that are read once, for all months.

    Tables of the month that no window separates from the raw files are made again by the run that reads these, so they are not named.
    """
    facts = set(fact_tables(catalogue))
    remade = {table.name for table in catalogue.ordered if not table.file.by_month} if month is None else facts
    touched = {(name, ALL if month is None else partition_of(month)) for name in remade}
    stale: dict[str, list[str]] = {}
    for table in catalogue.ordered:
        for partition in lake.partitions(TableName(table.room, table.name)) if table.name not in remade else []:
            each = partition.removeprefix("month=")
            read = {
                (name, found)
                for name in table.inputs
                for found in partitions_read(table, catalogue[name], None if partition == ALL else each, settings)
            }
            if read & touched:
                touched.add((table.name, partition))
                stale.setdefault(table.name, []).append(each)
    return stale
