"""How the embedded stand-ins are made from the official files: `python -m bmyshop_profiles.references.condense DIRECTORY`.

They are summaries, not copies: some hundred names by five years, in round figures; smooth curves in place of death rates; some hundred
communes in round figures. Here: this condensing alone. Not here: reading what came of it (`stand_ins.py`).
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from bmyshop_profiles.references import official
from bmyshop_profiles.references.stand_ins import DIRECTORY, PERIOD

NAMES = 450  # of each sex, the most frequent since 1930
LEAST_BIRTHS = 200  # of a name in a period; fewer go to the pool of rare names
COMMUNES_BY_SIZE = ((20_000, 1000), (10_000, 60), (3_000, 80), (500, 60))  # at most so many above each population


def round_figures(values: np.ndarray, digits: int) -> np.ndarray:
    """Values with so many significant digits."""
    values = np.asarray(values, float)
    scale = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(values), 1e-12))) - digits + 1)
    return np.round(values / scale) * scale


def first_names(births: pd.DataFrame) -> pd.DataFrame:
    """sex, first_name, birth_year (middle of five years), births in two digits; all other births pooled as rare."""
    table = births.dropna().copy()
    table["birth_year"] = (table.birth_year.astype(int) // PERIOD) * PERIOD + PERIOD // 2
    recent = table[(table.birth_year >= 1930) & (table.first_name != official.RARE)]
    total = recent.groupby(["sex", "first_name"]).births.sum()
    kept = total.groupby("sex", group_keys=False).nlargest(NAMES).index
    table = table.groupby(["sex", "first_name", "birth_year"], as_index=False).births.sum()
    is_kept = pd.MultiIndex.from_frame(table[["sex", "first_name"]]).isin(kept) & (table.births >= LEAST_BIRTHS)
    table["first_name"] = table.first_name.where(is_kept, official.RARE)
    table = table.groupby(["sex", "first_name", "birth_year"], as_index=False).births.sum()
    table["births"] = round_figures(table.births.to_numpy(), 2).astype(int)
    return table


def survival(alive: pd.DataFrame) -> pd.DataFrame:
    """Each sex: alive = exp(−early − (exp((age − m) / s) − exp(−m / s))); early loss, m and s are cubic in the birth year."""
    from scipy.optimize import least_squares

    found = []
    for sex, table in alive[(alive.birth_year <= 2023) & (alive.year <= 2040)].groupby("sex"):
        x, age = (table.birth_year.to_numpy() - 1960) / 60, (table.year - table.birth_year).to_numpy()
        powers = np.stack([x**k for k in range(4)])

        def curve(values: np.ndarray, powers: np.ndarray = powers, age: np.ndarray = age) -> np.ndarray:
            early, mode, spread = np.exp(values[:4] @ powers), values[4:8] @ powers, np.exp(values[8:] @ powers)
            return np.exp(-early - (np.exp((age - mode) / spread) - np.exp(-mode / spread)))

        start = np.array([-3, -1, 0, 0, 85, 5, 0, 0, 2.4, 0, 0, 0], float)
        fitted = least_squares(lambda values, curve=curve, table=table: curve(values) - table.alive_share.to_numpy(), start)
        print(f"survival, {sex}: largest difference {np.abs(fitted.fun).max():.3f}, mean {np.abs(fitted.fun).mean():.4f}")
        rows = table[["sex", "birth_year", "year"]].assign(alive_share=np.round(curve(fitted.x), 3))
        found.append(rows[rows.year % PERIOD == 0])
    return pd.concat(found, ignore_index=True)


def zones(table: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """Some hundred communes of all sizes (a fixed sample) in round figures, with counts of shops."""
    table = table[table.latitude.notna() & table.departement.str.len().eq(2) & (table.population_count > 0)].merge(
        shops, on="zone_key", how="left"
    )
    table = table.fillna(dict.fromkeys(shops.columns[1:], 0))
    table["households_count"] = table.households_count.clip(lower=1)
    chosen, above = [], np.inf
    for size, count in COMMUNES_BY_SIZE:
        part = table[(table.population_count >= size) & (table.population_count < above)]
        chosen.append(part.sample(min(count, len(part)), random_state=0))
        above = size
    table = pd.concat(chosen).sort_values("zone_key", ignore_index=True)
    for name in ("population_count", "households_count", *shops.columns[1:]):
        table[name] = round_figures(table[name].to_numpy(), 2).astype(int)
    table["median_income_cents"] = (table.median_income_cents.astype(float) / 50_000).round().astype(int) * 50_000
    for name in ("poverty_share", "pensions_share", "unemployment_benefits_share", *official.ADULT_BANDS):
        table[name] = table[name].round(2)
    return table.assign(
        latitude=table.latitude.round(2), longitude=table.longitude.round(2), area_km2=round_figures(table.area_km2.to_numpy(), 2)
    )


def departement_ages(ages: pd.DataFrame) -> pd.DataFrame:
    """Two significant digits."""
    return ages.assign(population_count=round_figures(ages.population_count.to_numpy(), 2).astype(int))


def shop_counts(directory: Path, communes: pd.DataFrame) -> pd.DataFrame:
    """zone_key and bakeries, groceries, press shops (INSEE, BPE 2013), tobacconists (of its postal codes, shared by people)."""
    raw = pd.read_csv(directory / "bpe_2013_shops_by_commune.csv.gz", dtype={"depcom": str})
    shops = pd.DataFrame(
        {
            "zone_key": raw.depcom,
            "bakeries_count": raw["Boulangerie"],
            "groceries_count": raw["Épicerie"] + raw["Supérette"],
            "press_shops_count": raw["Librairie papeterie journeaux"],
        }
    )
    communes = communes.drop_duplicates("zone_key")[["zone_key", "postcode", "population_count"]]
    tobacconists = (
        pd.read_csv(directory / "tobacconists_by_postal_code.csv.gz", dtype={"postal_code": str}).set_index("postal_code").tobacconists
    )
    served = official.commune_postcodes(directory / "communes.csv.gz").merge(communes[["zone_key", "population_count"]], on="zone_key")
    served["population_count"] /= served.groupby("zone_key").postcode.transform("size")  # the people of a zone, shared among its codes
    share = served.population_count / served.groupby("postcode").population_count.transform("sum")
    served["tobacconists_count"] = served.postcode.map(tobacconists).fillna(0) * share
    tobacconists = served.groupby("zone_key", as_index=False).tobacconists_count.sum()
    return shops.merge(tobacconists, on="zone_key", how="outer")


def main(directory: Path) -> None:
    """Write every stand-in from the official files below a directory."""
    zones_directory = directory / "insee_zones"
    ages = official.departement_ages(zones_directory / "population_departement_sex_age.csv.gz")
    communes = official.zones(zones_directory / "communes.csv.gz", zones_directory / "filosofi_com_2021.csv.gz", ages)
    made = {
        "first_names": first_names(official.first_names(next((directory / "insee_first_names").glob("*.zip")))),
        "survival": survival(official.survival(directory / "mortality" / "hmd_death_rates_france.csv.gz")),
        "zones": zones(communes, shop_counts(zones_directory, communes)),
        "departement_ages": departement_ages(ages),
    }
    for name, frame in made.items():
        path = DIRECTORY / f"{name}.csv.gz"
        frame.to_csv(path, index=False, compression={"method": "gzip", "mtime": 0}, lineterminator="\n")
        print(f"{path.name}: {len(frame)} rows, {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
