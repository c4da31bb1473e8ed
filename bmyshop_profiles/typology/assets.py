"""What Dagster sees of the typology."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House

ROOM = "typology"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [
        python_asset(house, ["member_clusters", "cluster_profiles", "profile_weights", "typology_numbers"]),
        python_asset(house, ["cluster_matches"]),
        python_asset(house, ["profile_changes"]),
        python_asset(house, ["frozen_clusters", "typology_drift"]),
        python_asset(house, ["typology_quality", "profile_quality"]),
        python_asset(house, ["profiles"]),
        python_asset(house, ["profile_cards"]),
        *sql_assets(house, ROOM),
    ]
