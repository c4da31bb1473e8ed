"""What Dagster sees of the forecasts."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House

ROOM = "media"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["visits_forecast", "visits_hours", "forecast_quality"]), *sql_assets(house, ROOM)]
