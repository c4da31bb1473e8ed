"""What Dagster sees of the projection."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.projection.model import TABLES, Material, project

ROOM = "projection"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, TABLES), *sql_assets(house, ROOM)]


def model(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What items and places say of a buyer, its calibration, how well one receipt tells its buyer."""
    frames, chosen = inputs.frames, inputs.parameters
    material = Material(*(frames[name] for name in ("labels", "bought", "receipts", "sampled_receipt_items", "categories")))
    return project(material, served=chosen["semi_supervised"], seed=chosen["seed"])
