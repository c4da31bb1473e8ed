"""What Dagster sees of the features: one asset per file of sql/features, and what Python computes from products."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.features.categories import categorise, family_categories
from bmyshop_profiles.features.label_classifier import shipped
from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs

ROOM = "features"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, ["product_categories"], product_categories), *sql_assets(house, ROOM)]


def product_categories(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Category of each product of the month."""
    products = inputs.session.frame("select product_key, label, family from products order by product_key")
    families = family_categories(inputs.settings.product_families_file)
    rows = categorise(products, families, shipped(), least_confidence=inputs.parameters["category_confidence"])
    return {"product_categories": rows}
