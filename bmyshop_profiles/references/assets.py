"""What Dagster sees of the references."""

from collections.abc import Callable, Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.references import tables
from bmyshop_profiles.references.taxonomy import taxonomy_frame
from bmyshop_profiles.settings import Settings

ROOM = "references"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [
        _reference(house, ["first_names"], tables.first_names),
        _reference(house, ["survival"], tables.survival),
        _reference(house, ["zones", "zone_postcodes", "departement_ages"], tables.places),
        python_asset(house, ["product_taxonomy"], lambda _: {"product_taxonomy": taxonomy_frame()}),
    ]


def _reference(house: House, names: list[str], read: Callable[[Settings], Mapping[str, tables.Reference]]) -> dg.AssetsDefinition:
    def compute(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
        found = read(house.settings)
        inputs.figures.update({name: dict(reference.told) for name, reference in found.items()})
        return {name: reference.rows for name, reference in found.items()}

    return python_asset(house, names, compute)
