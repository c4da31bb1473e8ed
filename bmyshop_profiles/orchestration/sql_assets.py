"""The factory: a table made by a SQL file becomes a Dagster asset. Dependencies, columns, checks all come from the file and its `.yml`."""

from collections.abc import Iterator, Mapping

import dagster as dg

from bmyshop_profiles.engine.build import Writer, select_writer
from bmyshop_profiles.engine.spark import Spark, reads_receipts
from bmyshop_profiles.orchestration.automation import WINDOWS
from bmyshop_profiles.orchestration.partitions import dependency, monthly
from bmyshop_profiles.orchestration.steps import House, Inputs, Outcome, asset_spec, check_specs, run_step


def sql_asset(house: House, name: str) -> dg.AssetsDefinition:
    """The asset of one table that SQL makes."""
    table, settings = house.catalogue[name], house.settings
    engine = settings.engine if reads_receipts(table, house.catalogue) else "duckdb"

    def writers(inputs: Inputs) -> Mapping[str, Writer]:
        if engine == "spark" and inputs.snapshot is not None:
            spark = Spark(settings.spark, settings.memory_limit, settings.spill_dir)
            return {name: spark.writer(table, house.catalogue, inputs.snapshot, inputs.parameters)}
        return {name: select_writer(table, inputs.parameters)}

    @dg.multi_asset(
        name=name,
        specs=[asset_spec(house, name, deps=[dependency(table, each, house.catalogue) for each in table.inputs], kinds={engine, "sql"})],
        check_specs=check_specs(table),
        partitions_def=monthly(house.settings) if table.file.by_month else None,
        required_resource_keys={"duckdb", "lake"},
        pool=WINDOWS if house.kind(table) == "windowed" else None,
    )
    def asset(context: dg.AssetExecutionContext) -> Iterator[Outcome]:
        yield from run_step(context, house, [name], writers)

    return asset


def sql_assets(house: House, room: str) -> list[dg.AssetsDefinition]:
    """The assets of every SQL file of a room."""
    return [sql_asset(house, table.name) for table in house.catalogue.ordered if table.room == room and table.sql is not None]
