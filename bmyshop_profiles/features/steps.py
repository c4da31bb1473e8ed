"""How the tables of products and members that Python makes are made, of what is in hand."""

from collections.abc import Mapping

import pandas as pd

from bmyshop_profiles.features.categories import categorise, family_categories
from bmyshop_profiles.features.demographics import member_demographics
from bmyshop_profiles.features.label_classifier import shipped
from bmyshop_profiles.orchestration.keys import key_in_use
from bmyshop_profiles.orchestration.steps import Inputs
from bmyshop_profiles.privacy.identities import first_and_last_names, nothing_told
from bmyshop_profiles.privacy.pseudonyms import install


def demographics(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What first names and declared ages say of members."""
    session, settings = inputs.session, inputs.settings
    install(session.connection, key_in_use(settings))
    with nothing_told("member_demographics"):
        members = inputs.frames["members"].merge(first_and_last_names(session, settings.vault_dir), on="member_key", how="left")
        first_names, survival = inputs.frames["first_names"], inputs.frames["survival"]
        table, figures = member_demographics(members, first_names, survival, inputs.parameters["month_end"])
    inputs.figures["member_demographics"] = figures
    return {"member_demographics": table}


def product_categories(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Category of each product of the month."""
    families = family_categories(inputs.settings.product_families_file)
    rows = categorise(inputs.frames["products"], families, shipped(), least_confidence=inputs.parameters["category_confidence"])
    return {"product_categories": rows}
