"""What Dagster sees of the projection."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House

ROOM = "projection"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    made = ["item_evidence", "place_evidence", "evidence_calibration", "member_posteriors", "projection_quality"]
    return [python_asset(house, made), *sql_assets(house, ROOM)]
