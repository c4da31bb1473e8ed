"""What Dagster sees of the missions."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House

ROOM = "missions"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    made = (["mission_profiles", "mission_weights"], ["mission_quality"])
    return [*(python_asset(house, tables) for tables in made), *sql_assets(house, ROOM)]
