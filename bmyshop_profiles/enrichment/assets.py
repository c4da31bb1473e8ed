"""What Dagster sees of the value of a variable."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.enrichment.households import variable_value
from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.typology.members import members_of

ROOM = "enrichment"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["variable_value"])]


def value(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What one more variable about members would be worth."""
    members, frames = members_of(inputs.frames["member_window"]), inputs.frames
    values = variable_value(members, frames["member_clusters"], frames["member_posteriors"], seed=inputs.parameters["seed"])
    return {"variable_value": values}
