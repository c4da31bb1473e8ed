"""What Dagster sees of the audiences."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.audience.mixes import store_audience
from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs

ROOM = "audience"

EVIDENCE = """
select store_evidence.*, stores.store_type
from store_evidence left join stores using (store_key)
order by store_key, daypart, group_name
"""
POSTERIORS = """
with places as (select distinct receipt_key, store_key from member_receipt_items where half = 1)
select member_posteriors.*, places.store_key, stores.store_type
from member_posteriors left join places using (receipt_key) left join stores using (store_key)
order by receipt_key, group_name
"""


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["store_audience", "audience_quality"], audience), *sql_assets(house, ROOM)]


def audience(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """The mix of every cell, and how sure it is."""
    evidence, posteriors = inputs.session.frame(EVIDENCE), inputs.session.frame(POSTERIORS)
    mixes, quality = store_audience(evidence, posteriors, least=inputs.parameters["receipts_to_publish"])
    return {"store_audience": mixes, "audience_quality": quality}
