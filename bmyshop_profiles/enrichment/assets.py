"""What Dagster sees of the value of a variable."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.enrichment.households import variable_value
from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.typology.members import read_members

ROOM = "enrichment"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["variable_value"], value)]


def value(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What one more variable about members would be worth."""
    clusters = inputs.session.frame("from member_clusters order by member_key, part")
    posteriors = inputs.session.frame("from member_posteriors order by receipt_key, group_name")
    return {"variable_value": variable_value(read_members(inputs.session), clusters, posteriors, seed=inputs.parameters["seed"])}
