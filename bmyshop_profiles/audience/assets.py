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
    return [python_asset(house, ["store_audience", "audience_quality"]), *sql_assets(house, ROOM)]


def audience(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """The mix of every cell, and how sure it is."""
    told = [inputs.frames[name] for name in ("store_evidence", "member_posteriors", "visits", "halves")]
    mixes, quality = store_audience(*told, least=inputs.parameters["receipts_to_publish"], seed=inputs.parameters["seed"])
    return {"store_audience": mixes, "audience_quality": quality}
