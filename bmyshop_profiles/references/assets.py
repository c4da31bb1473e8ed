"""What Dagster sees of the references."""

import dagster as dg

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.steps import House
from bmyshop_profiles.references.taxonomy import taxonomy_frame

ROOM = "references"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["product_taxonomy"], lambda _: {"product_taxonomy": taxonomy_frame()})]
