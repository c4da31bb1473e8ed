"""How the tables of the value of a variable are made, of what is in hand."""

from collections.abc import Mapping

import pandas as pd

from bmyshop_profiles.enrichment.value import variable_values
from bmyshop_profiles.enrichment.variables import catalogue
from bmyshop_profiles.orchestration.steps import Inputs


def value(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What each question of the catalogue would be worth, and how faithful its synthetic answers are."""
    chosen = inputs.parameters
    values, drawn = variable_values(
        catalogue(), inputs.frames, sure=chosen["sure_skill"], indicative=chosen["indicative_skill"], seed=chosen["seed"]
    )
    return {"variable_value": values, "synthetic_variables": drawn}
