"""What Dagster sees of the features: one asset per file of sql/features, and what Python computes of products and members."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House

ROOM = "features"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [
        python_asset(house, ["product_categories"]),
        python_asset(house, ["member_demographics"]),
        *sql_assets(house, ROOM),
    ]
