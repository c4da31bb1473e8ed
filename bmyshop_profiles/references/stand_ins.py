"""The embedded stand-ins: small summaries of the official files, in the tables' own columns, for demos and tests.

Sources, licences and how they were made: `data/README.md`. Here: reading them. Not here: the official files (`official.py`).
"""

from pathlib import Path

import numpy as np
import pandas as pd

DIRECTORY = Path(__file__).parent / "data"
PERIOD = 5  # years that one row of births stands for, and years between two rows of survival


def first_names() -> pd.DataFrame:
    """As `official.first_names`: the births of five years spread evenly over them."""
    table = read("first_names")
    years = np.arange(PERIOD) - PERIOD // 2
    spread = table.loc[table.index.repeat(PERIOD)].reset_index(drop=True)
    spread["birth_year"] = (spread.birth_year + np.tile(years, len(table))).astype("Int32")
    spread["births"] = (spread.births / PERIOD).round().astype("int64")
    return spread.sort_values(["sex", "first_name", "birth_year"], ignore_index=True)


def survival() -> pd.DataFrame:
    """As `official.survival`: each cohort interpolated between the years kept, starting whole at its birth."""
    table = read("survival")
    found = []
    for (sex, birth_year), part in table.groupby(["sex", "birth_year"]):
        known = np.r_[birth_year, part.year.to_numpy()]
        shares = np.r_[1.0, part.alive_share.to_numpy()]
        years = np.arange(max(known[1], birth_year), known[-1] + 1)
        alive = np.interp(years, known, shares)
        found.append(pd.DataFrame({"sex": sex, "birth_year": birth_year, "year": years, "alive_share": alive}))
    return pd.concat(found, ignore_index=True)


def zones() -> pd.DataFrame:
    """As `official.zones`, some hundred communes."""
    table = read("zones", dtype={"zone_key": str, "departement": str, "postcode": str})
    return table[[name for name in table if name not in ("bakeries_count", "groceries_count", "press_shops_count", "tobacconists_count")]]


def departement_ages() -> pd.DataFrame:
    """As `official.departement_ages`."""
    return read("departement_ages", dtype={"departement": str})


def postcodes() -> pd.DataFrame:
    """As `official.postcodes`, of the communes in `zones`: one postal code each."""
    return zones()[["postcode", "zone_key"]].sort_values(["postcode", "zone_key"], ignore_index=True)


def read(name: str, dtype: dict[str, type] | None = None) -> pd.DataFrame:
    """A file of `data/` as it is."""
    return pd.read_csv(DIRECTORY / f"{name}.csv.gz", dtype=dtype, keep_default_na=False, na_values=[""])
