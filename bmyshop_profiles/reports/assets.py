"""What Dagster sees of the reports."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House

ROOM = "reports"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["monthly_report"]), *sql_assets(house, ROOM)]
