"""Where people live and shop: areas of neighbouring communes, and the shops of a network in them.

Belongs here: choosing communes, shops by commune in plausible proportion, their types, hours, places. Does not belong here: people.

Communes come from INSEE's files when a directory of them is given (`official_zones`), from the embedded summary of the same files
otherwise; both have the columns of the table `zones` and counts of shops.
"""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import trades
from bmyshop_profiles.simulation.mixing import rng_of
from bmyshop_profiles.simulation.model import CHOICES, Model
from bmyshop_profiles.simulation.vocabulary import SHOP_PLACES, SHOP_WORDS

SHOPS_OF_AN_AREA = 20
_COMMUNES_OF_AN_AREA = 8
_COUNTS = ("tobacconists_count", "bakeries_count", "press_shops_count", "groceries_count")
_COUNT_OF_TYPE = dict.fromkeys(trades.STORE_TYPES, "tobacconists_count") | {
    "bakery": "bakeries_count", "press": "press_shops_count", "grocery": "groceries_count",
}  # fmt: skip


@dataclass(frozen=True)
class Places:
    """communes: those of the areas, one row each, with `area`.

    shops: one row each, with `area`, `commune` (row of communes), x and y in km.
    """

    communes: pd.DataFrame
    shops: pd.DataFrame
    areas: int


def zones(directory: Path | None) -> pd.DataFrame:
    """Communes with their people, ages, income and shops; from INSEE's files below `directory`, or the embedded summary."""
    if directory is not None:
        return official_zones(directory)
    file = resources.files("bmyshop_profiles.references") / "data" / "zones.csv.gz"
    with resources.as_file(file) as path:
        return pd.read_csv(path, dtype={"zone_key": str, "departement": str, "postcode": str})


def official_zones(directory: Path) -> pd.DataFrame:
    """Communes from INSEE's files, with counts of shops (base permanente des équipements 2013) and of tobacconists (directory of 2018).

    Raises:
        FileNotFoundError: a file is missing; it is named.
    """
    names = ("communes", "filosofi_com_2021", "bpe_2013_shops_by_commune", "tobacconists_by_postal_code", "population_departement_sex_age")
    paths = {name: directory / f"{name}.csv.gz" for name in names}
    for path in paths.values():
        if not path.is_file():
            raise FileNotFoundError(f"{path}: a directory of INSEE's files holds {', '.join(p.name for p in paths.values())}")
    raw = pd.read_csv(paths["communes"], dtype=str)
    raw = raw[raw.commune_type.isin(["COM", "ARM"]) & ~raw.insee_com.isin(["75056", "69123", "13055"])]  # arrondissements stand for these
    postcodes, raw = raw, raw.drop_duplicates("insee_com")  # a line for each postal code of a commune
    income = pd.read_csv(paths["filosofi_com_2021"], sep=";", dtype=str).set_index("CODGEO").MED21
    table = pd.DataFrame(
        {
            "zone_key": raw.insee_com,
            "name": raw.commune,
            "departement": raw.insee_dep,
            "postcode": raw.code_postal,
            "latitude": pd.to_numeric(raw.lat),
            "longitude": pd.to_numeric(raw.lng),
            "area_km2": pd.to_numeric(raw.superficie_km2),
            "population_count": pd.to_numeric(raw.population_2021).fillna(0),
            "median_income_cents": pd.to_numeric(raw.insee_com.map(income), errors="coerce") * 100,
        }
    ).dropna(subset=["latitude", "longitude"])
    table["median_income_cents"] = table.median_income_cents.fillna(table.median_income_cents.median())
    bpe = pd.read_csv(paths["bpe_2013_shops_by_commune"], dtype={"depcom": str}).set_index("depcom")
    table["bakeries_count"] = table.zone_key.map(bpe["Boulangerie"]).fillna(0)
    table["groceries_count"] = table.zone_key.map(bpe["Épicerie"] + bpe["Supérette"]).fillna(0)
    table["press_shops_count"] = table.zone_key.map(bpe["Librairie papeterie journeaux"]).fillna(0)
    tobacconists = pd.read_csv(paths["tobacconists_by_postal_code"], dtype={"postal_code": str}).set_index("postal_code").tobacconists
    table["tobacconists_count"] = table.zone_key.map(_by_commune(tobacconists, postcodes)).fillna(0)
    return table.merge(_ages(paths["population_departement_sex_age"]), on="departement", how="left").fillna({"age_55_share": 0.4})


def _by_commune(counts: pd.Series, postcodes: pd.DataFrame) -> pd.Series:
    """Counts by postal code → by commune, dealt by population; a commune's people are spread evenly over its postal codes."""
    people = pd.to_numeric(postcodes.population_2021).fillna(0) / postcodes.groupby("insee_com").insee_com.transform("size")
    there = people.groupby(postcodes.code_postal).transform("sum")
    dealt = postcodes.code_postal.map(counts).fillna(0) * people / there.where(there > 0)
    return dealt.fillna(0).groupby(postcodes.insee_com).sum()


def _ages(path: Path) -> pd.DataFrame:
    """Adults by band of each département, which its communes inherit."""
    raw = pd.read_csv(path, dtype={"dep": str})
    raw = raw[(raw.annee == raw.annee.max()) & (raw.sexe == "Ensemble")]
    start = pd.to_numeric(raw.age.str.extract(r"^(\d+)")[0], errors="coerce")
    adults = raw.assign(start=start)[start >= 20]
    wide = adults.assign(is_old=adults.start >= 55).groupby(["dep", "is_old"])["pop"].sum().unstack()
    return pd.DataFrame({"departement": wide.index, "age_55_share": (wide[True] / wide.sum(axis=1)).to_numpy()})


def draw_places(model: Model, table: pd.DataFrame, stores: int) -> Places:
    """Areas around communes drawn by their shops, with about 20 shops each, spread over the nearest communes by their counts of shops."""
    rng = rng_of(model.seed, "places")
    table = table[table[list(_COUNTS)].sum(axis=1) > 0].reset_index(drop=True)
    areas = max(1, round(stores / SHOPS_OF_AN_AREA))
    weight = table[list(_COUNTS)].sum(axis=1).to_numpy(dtype=float)
    centres = rng.choice(len(table), size=areas, replace=areas > len(table), p=weight / weight.sum())
    types = _types(rng, stores)
    area_of_shop = np.sort(np.arange(stores) % areas)
    north, east = table.latitude.to_numpy() * 111.2, table.longitude.to_numpy() * 111.2
    communes, shops = [], []
    first = 0
    for area, centre in enumerate(centres):
        shrink = np.cos(np.radians(table.latitude[centre]))
        x, y = (east - east[centre]) * shrink, north - north[centre]
        near = np.argsort(np.hypot(x, y), kind="stable")[:_COMMUNES_OF_AN_AREA]
        own = table.iloc[near].assign(area=area, x=x[near], y=y[near])
        # far neighbours of a sparse table are brought near: the summary holds one commune in fifty
        reach = np.hypot(own.x, own.y)
        own[["x", "y"]] = own[["x", "y"]].mul(np.minimum(1, 12 / np.maximum(reach, 1e-9)), axis=0)
        kinds = types[area_of_shop == area]
        rows = np.array([_commune_for(rng, own, trades.STORE_TYPES[kind]) for kind in kinds], dtype=int)
        shops.append(pd.DataFrame({"area": area, "commune": first + rows, "type": kinds}))
        communes.append(own)
        first += len(own)
    placed = pd.concat(communes, ignore_index=True)
    return Places(placed, _furnish(rng, model, placed, pd.concat(shops, ignore_index=True)), areas)


def _types(rng: np.random.Generator, stores: int) -> np.ndarray:
    """Types of the shops in the proportions of the network, spread evenly."""
    shares = np.array(trades.TYPE_SHARES)
    counts = np.floor(shares * stores).astype(int)
    counts[np.argsort(counts - shares * stores, kind="stable")[: stores - counts.sum()]] += 1
    return rng.permutation(np.repeat(np.arange(len(shares)), counts))


def _commune_for(rng: np.random.Generator, communes: pd.DataFrame, kind: str) -> int:
    weights = communes[_COUNT_OF_TYPE[kind]].to_numpy(dtype=float) + 0.2
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _furnish(rng: np.random.Generator, model: Model, communes: pd.DataFrame, shops: pd.DataFrame) -> pd.DataFrame:
    """Names, hours, size, tills, choice of articles and place of each shop."""
    count = len(shops)
    kinds = [trades.STORE_TYPES[kind] for kind in shops["type"]]
    number = np.arange(1, count + 1)
    size = rng.lognormal(0.0, 0.4, count)
    own = communes.iloc[shops["commune"]].reset_index(drop=True)
    radius = np.sqrt(own["area_km2"].to_numpy(dtype=float) / np.pi).clip(0.3, 4)
    starts = np.searchsorted([kind for kind, _ in model.profiles], np.arange(len(trades.STORE_TYPES)))
    openings = np.array([len(trades.OPENINGS[kind]) for kind in kinds])
    closed = np.where(rng.random(count) < [trades.CLOSED_DAY_SHARE[kind] for kind in kinds], rng.integers(0, 5, count), -1)
    flavours = model.parameters.flavours
    return shops.assign(
        shop=[f"M{value:04d}" for value in number],
        name=[f"{rng.choice(SHOP_WORDS[kind])} {rng.choice(SHOP_PLACES)}" for kind in kinds],
        type_name=kinds,
        zone_key=own["zone_key"],
        postcode=own["postcode"],
        city=own["name"],
        source=[flavours[-value % len(flavours)] for value in number],
        tills=np.digitize(size, [0.9, 1.8]) + 1,
        size=size,
        x=own["x"].to_numpy() + rng.normal(0, 0.5, count) * radius,
        y=own["y"].to_numpy() + rng.normal(0, 0.5, count) * radius,
        profile=starts[shops["type"]] + (rng.random(count) * openings).astype(int),
        closed_weekday=closed,
        variant=shops["type"].to_numpy() * CHOICES + rng.integers(0, CHOICES, count),
    )
