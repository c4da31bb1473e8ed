"""What Dagster sees of the features: one asset per file of sql/features."""

import dagster as dg

from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House

ROOM = "features"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return sql_assets(house, ROOM)
