"""What Dagster sees of the references."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.steps import House

ROOM = "references"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [
        python_asset(house, ["first_names"]),
        python_asset(house, ["survival"]),
        python_asset(house, ["zones", "zone_postcodes"]),
        python_asset(house, ["product_taxonomy"]),
    ]
