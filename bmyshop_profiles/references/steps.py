"""How the references' tables are made, of public files or of what stands in for them."""

from collections.abc import Mapping

import pandas as pd

from bmyshop_profiles.orchestration.steps import Inputs
from bmyshop_profiles.references import tables
from bmyshop_profiles.references.taxonomy import taxonomy_frame


def first_names(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """First names by sex and year of birth."""
    return _told(inputs, tables.first_names(inputs.settings))


def survival(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Survival by sex and year of birth."""
    return _told(inputs, tables.survival(inputs.settings))


def places(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Zones and their postcodes."""
    return _told(inputs, tables.places(inputs.settings))


def product_taxonomy(_: Inputs) -> Mapping[str, pd.DataFrame]:
    """Categories of products."""
    return {"product_taxonomy": taxonomy_frame()}


def _told(inputs: Inputs, found: Mapping[str, tables.Reference]) -> Mapping[str, pd.DataFrame]:
    inputs.figures.update({name: dict(reference.told) for name, reference in found.items()})
    return {name: reference.rows for name, reference in found.items()}
