"""How the tables of audiences are made, step by step; what Dagster sees of them is assets.py."""

from collections.abc import Mapping

import pandas as pd

from bmyshop_profiles.audience.mixes import store_audience
from bmyshop_profiles.orchestration.steps import Inputs


def audience(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """The mix of every cell, and how sure it is."""
    told = [inputs.frames[name] for name in ("store_evidence", "member_posteriors", "visits", "halves", "shoppers")]
    mixes, quality = store_audience(*told, least=inputs.parameters["receipts_to_publish"], seed=inputs.parameters["seed"])
    return {"store_audience": mixes, "audience_quality": quality}
