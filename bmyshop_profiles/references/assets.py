"""What Dagster sees of the references."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.references import tables
from bmyshop_profiles.references.taxonomy import taxonomy_frame

ROOM = "references"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [
        python_asset(house, ["first_names"]),
        python_asset(house, ["survival"]),
        python_asset(house, ["zones", "zone_postcodes", "departement_ages"]),
        python_asset(house, ["product_taxonomy"]),
    ]


def first_names(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """First names by sex and year of birth."""
    return _told(inputs, tables.first_names(inputs.settings))


def survival(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Survival by sex and year of birth."""
    return _told(inputs, tables.survival(inputs.settings))


def places(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Zones, their postcodes, ages of départements."""
    return _told(inputs, tables.places(inputs.settings))


def product_taxonomy(_: Inputs) -> Mapping[str, pd.DataFrame]:
    """Categories of products."""
    return {"product_taxonomy": taxonomy_frame()}


def _told(inputs: Inputs, found: Mapping[str, tables.Reference]) -> Mapping[str, pd.DataFrame]:
    inputs.figures.update({name: dict(reference.told) for name, reference in found.items()})
    return {name: reference.rows for name, reference in found.items()}
