"""The other factory: tables that Python computes from what is in hand, several in one step when they come from one computation."""

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas as pd

from bmyshop_profiles.engine.build import Frames, Writer
from bmyshop_profiles.engine.catalogue import Table
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.orchestration.automation import WINDOWS
from bmyshop_profiles.orchestration.partitions import dependency, monthly
from bmyshop_profiles.orchestration.steps import House, Inputs, Outcome, asset_spec, check_specs, run_step
from bmyshop_profiles.statistics.fits import cores

# From what is in hand to the tables' rows, all documented columns in each; a frame without rows needs no columns.
Compute = Callable[[Inputs], Mapping[str, pd.DataFrame]]


def python_asset(house: House, names: Sequence[str]) -> dg.AssetsDefinition:
    """The asset of tables that the function named in their `.yml` makes. It is imported when the step runs: definitions load without it.

    Raises:
        BmyshopError: the tables are not of one function, or it does not exist.
    """
    tables = [house.catalogue[name] for name in names]
    if len({table.file.made_by for table in tables}) > 1:
        raise BmyshopError(f"{', '.join(names)}: are made by different functions, so they are no step")

    def writers(inputs: Inputs) -> Mapping[str, Writer]:
        frames: dict[str, pd.DataFrame] = {}

        def writer(name: str) -> Writer:
            def write(session: Session, directory: Path) -> None:
                if not frames:
                    handed = replace(inputs, frames=Frames(session, tables[0], house.catalogue, inputs.parameters))
                    with cores(house.settings.threads):
                        frames.update(_function(tables[0])(handed))
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


def _function(table: Table) -> Compute:
    module, _, name = str(table.file.made_by).partition(":")
    found: Compute = getattr(importlib.import_module(f"bmyshop_profiles.{module}"), name)
    return found
