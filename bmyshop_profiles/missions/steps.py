"""How the tables of missions are made, step by step; what Dagster sees of them is assets.py."""

from collections.abc import Mapping

import pandas as pd

from bmyshop_profiles.missions.tables import Sample, known_items, mission_quality, mission_tables
from bmyshop_profiles.orchestration.steps import Inputs


def missions(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """The missions, in the first month of the year that has receipts; empty in the others, which keep them."""
    frames, since, month = inputs.frames, inputs.parameters["missions_since"], str(inputs.month)
    visits = frames["visits"]
    first = visits[visits.month >= since].month.min() if len(visits) else month
    if first != month:
        inputs.figures["mission_profiles"] = {"note": f"the missions of {first} are kept"}
        return {"mission_profiles": pd.DataFrame(), "mission_weights": pd.DataFrame()}
    sample = Sample(frames["baskets"], visits, frames["item_categories"], frames["product_taxonomy"])
    profiles, weights, reason = mission_tables(sample, seed=inputs.parameters["seed"])
    told = {row.mission_key: f"{row.mission_name} ({row.visits_share:.1%} of visits)" for row in profiles.itertuples()}
    inputs.figures["mission_profiles"] = {"note": f"no missions: {reason}"} if reason else told
    return {"mission_profiles": profiles, "mission_weights": weights}


def quality(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What the missions in use say of the month's receipts."""
    frames = inputs.frames
    items = known_items(frames["item_categories"], frames["product_taxonomy"])
    found = mission_quality(frames["weights"], frames["sampled_receipt_items"], items, seed=inputs.parameters["seed"])
    return {"mission_quality": found}
