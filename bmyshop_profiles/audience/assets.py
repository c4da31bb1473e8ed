"""What Dagster sees of the audiences."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.audience.mixes import store_audience
from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs

ROOM = "audience"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["store_audience", "audience_quality"], _audience), *sql_assets(house, ROOM)]


def _audience(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    evidence = inputs.session.frame("from store_evidence order by store_key, daypart, group_name")
    posteriors = inputs.session.frame("from member_posteriors order by receipt_key, group_name")
    audience, quality = store_audience(evidence, posteriors, least=inputs.parameters["receipts_to_publish"])
    return {"store_audience": audience, "audience_quality": quality}
