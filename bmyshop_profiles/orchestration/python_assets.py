"""The other factory: tables that Python computes from what is in hand, several in one step when they come from one computation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas as pd

from bmyshop_profiles.engine.build import Frames, Writer
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.orchestration.automation import WINDOWS
from bmyshop_profiles.orchestration.partitions import dependency, monthly
from bmyshop_profiles.orchestration.steps import House, Inputs, Outcome, asset_spec, check_specs, run_step
from bmyshop_profiles.statistics.fits import cores

# From what is in hand to the tables' rows, all documented columns in each; a frame without rows needs no columns.
Compute = Callable[[Inputs], Mapping[str, pd.DataFrame]]


def python_asset(house: House, names: Sequence[str], compute: Compute) -> dg.AssetsDefinition:
    """The asset of tables that one computation makes. They read the same inputs, documented in the first one's `.yml`.

    Raises:
        BmyshopError: `compute` is not the function that a table's `.yml` names, whose code says when the table is stale.
    """
    tables = [house.catalogue[name] for name in names]
    own = f"{compute.__module__.removeprefix('bmyshop_profiles.')}:{compute.__name__}"
    for table in tables:
        if table.file.made_by != own:
            raise BmyshopError(f"{table.path}: says that {table.file.made_by} makes it, but {own} does")

    def writers(inputs: Inputs) -> Mapping[str, Writer]:
        frames: dict[str, pd.DataFrame] = {}

        def writer(name: str) -> Writer:
            def write(session: Session, directory: Path) -> None:
                if not frames:
                    handed = replace(inputs, frames=Frames(session, tables[0], house.catalogue, inputs.parameters))
                    with cores(house.settings.threads):
                        frames.update(compute(handed))
                session.write_frame(house.catalogue[name], frames[name], directory)

            return write

        return {name: writer(name) for name in names}

    @dg.multi_asset(
        name=names[0],
        specs=[
            asset_spec(house, table.name, deps=[dependency(table, each, house.catalogue) for each in table.inputs], kinds={"python"})
            for table in tables
        ],
        check_specs=[spec for table in tables for spec in check_specs(table)],
        partitions_def=monthly(house.settings) if tables[0].file.by_month else None,
        required_resource_keys={"duckdb", "lake"},
        pool=WINDOWS if house.kind(tables[0]) == "windowed" else None,
    )
    def asset(context: dg.AssetExecutionContext) -> Iterator[Outcome]:
        yield from run_step(context, house, list(names), writers)

    return asset
