"""How the tables of the projection are made, of what is in hand."""

from collections.abc import Mapping

import pandas as pd

from bmyshop_profiles.orchestration.steps import Inputs
from bmyshop_profiles.projection.model import Material, project


def model(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What items and places say of a buyer, its calibration, how well one receipt tells its buyer."""
    frames, chosen = inputs.frames, inputs.parameters
    material = Material(*(frames[name] for name in ("labels", "bought", "receipts", "sampled_receipt_items", "categories")))
    return project(material, served=chosen["semi_supervised"], seed=chosen["seed"])
