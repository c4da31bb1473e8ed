"""What Dagster sees of the value of a variable."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.enrichment.value import variable_values
from bmyshop_profiles.enrichment.variables import catalogue
from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs

ROOM = "enrichment"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["variable_value", "synthetic_variables"]), *sql_assets(house, ROOM)]


def value(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What each question of the catalogue would be worth, and how faithful its synthetic answers are."""
    chosen = inputs.parameters
    values, drawn = variable_values(
        catalogue(), inputs.frames, sure=chosen["sure_skill"], indicative=chosen["indicative_skill"], seed=chosen["seed"]
    )
    return {"variable_value": values, "synthetic_variables": drawn}
