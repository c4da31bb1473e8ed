"""The reference tables from the files that the settings name, or from the stand-ins. Each with what is told about its origin.

Not here: fetching (`sources.py`), parsing (`official.py`), Dagster (`assets.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.references import official, stand_ins
from bmyshop_profiles.references.sources import Found, find
from bmyshop_profiles.settings import Settings

STAND_IN = "embedded summary (see bmyshop_profiles/references/data/README.md); name official files in the settings for real use"


@dataclass(frozen=True)
class Reference:
    """Rows of a table, and what its page tells: `source`, and one line per official file."""

    rows: pd.DataFrame
    told: dict[str, str]


def first_names(settings: Settings) -> Mapping[str, Reference]:
    """`first_names`."""
    files = _files(settings, "first_names")
    rows = official.first_names(files["first_names"].path) if files else stand_ins.first_names()
    return {"first_names": Reference(rows, _told(files))}


def survival(settings: Settings) -> Mapping[str, Reference]:
    """`survival`."""
    files = _files(settings, "death_rates")
    rows = official.survival(files["death_rates"].path) if files else stand_ins.survival()
    return {"survival": Reference(rows, _told(files))}


def places(settings: Settings) -> Mapping[str, Reference]:
    """`zones`, `zone_postcodes`.

    Raises:
        BmyshopError: of communes and incomes one is named without the other.
    """
    populations, lists, codes = _files(settings, "populations"), _files(settings, "communes", "incomes"), _files(settings, "postcodes")
    if len(lists) == 1:
        raise BmyshopError(f"references: {next(iter(lists))} alone makes no zones; name both communes and incomes in the settings")
    ages = official.departement_ages(populations["populations"].path) if populations else stand_ins.departement_ages()
    zones = official.zones(lists["communes"].path, lists["incomes"].path, ages) if lists else stand_ins.zones()
    postcodes = official.commune_postcodes(lists["communes"].path) if lists else stand_ins.postcodes()
    if codes:
        postcodes = pd.concat([postcodes, official.postcodes(codes["postcodes"].path)]).drop_duplicates()
    postcodes = postcodes[postcodes.zone_key.isin(zones.zone_key)].sort_values(["postcode", "zone_key"], ignore_index=True)
    return {
        "zones": Reference(zones, _told({**lists, **populations} if lists else {})),
        "zone_postcodes": Reference(postcodes, _told({**lists, **codes})),
    }


def _files(settings: Settings, *kinds: str) -> dict[str, Found]:
    named = {kind: getattr(settings.references, kind) for kind in kinds}
    return {kind: find(kind, reference, Path(settings.data_dir)) for kind, reference in named.items() if reference is not None}


def _told(files: Mapping[str, Found]) -> dict[str, str]:
    if not files:
        return {"source": STAND_IN}
    return {f"source of {kind}": found.told() for kind, found in files.items()}
