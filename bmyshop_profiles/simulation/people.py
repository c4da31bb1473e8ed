"""Who exists before the first receipt: shops, shoppers and which of them are members. No visits here, no files."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import model
from bmyshop_profiles.simulation.drawing import draw_columns
from bmyshop_profiles.simulation.products import FAMILIES, Product
from bmyshop_profiles.simulation.vocabulary import FIRST_NAMES, LAST_NAMES, SHOP_PLACES, SHOP_WORDS, TOWNS

SOURCES = ("caisse_a", "caisse_b")
_GENERATIONS = np.array(sorted({year for _, year in FIRST_NAMES}))


@dataclass(frozen=True)
class Shoppers:
    """One row per shopper. `table` is what the truth keeps; the arrays are how the shopper behaves."""

    table: pd.DataFrame  # shopper, member, card, kind, sex, birth_year, joined_on, home_1, home_2, home_3
    kind: np.ndarray
    homes: np.ndarray  # positions of three usual stores, a store may come twice
    visits: np.ndarray  # expected a month, up to a common factor
    taste: np.ndarray  # weights of the families
    favourite: np.ndarray  # usual product of each family


def draw_stores(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Stores with their type, place, source of receipts, number of tills and size."""
    types = [model.STORE_PATTERN[number % len(model.STORE_PATTERN)] for number in range(count)]
    towns = [TOWNS[number] for number in np.resize(rng.permutation(len(TOWNS)), count)]
    number = np.arange(1, count + 1)
    size = rng.lognormal(0.0, 0.45, count)
    return pd.DataFrame(
        {
            "shop": [f"M{value:04d}" for value in number],
            "name": [f"{rng.choice(SHOP_WORDS[store_type])} {rng.choice(SHOP_PLACES)}" for store_type in types],
            "type": types,
            "postcode": [postcode for postcode, _ in towns],
            "city": [city for _, city in towns],
            "source": np.where(number % 2 == 0, *SOURCES),
            "tills": np.digitize(size, [0.9, 1.8]) + 1,
            "size": size,
        }
    )


def kind_items(rng: np.random.Generator, products: list[Product]) -> np.ndarray:
    """For each kind and product, its share within its family: common popularity, bent by the kind."""
    family = pd.Series([product.family for product in products])
    rank = family.groupby(family).cumcount().to_numpy()
    weights = (rank + 2.0) ** -0.8 * np.exp(rng.normal(0.0, model.ITEM_SPREAD, (len(model.KINDS), len(products))))
    return np.array([row / pd.Series(row).groupby(family).transform("sum").to_numpy() for row in weights])


def draw_items(rng: np.random.Generator, items: np.ndarray, kinds: np.ndarray, families: np.ndarray) -> np.ndarray:
    """A product for each pair of kind and family. As shares sum to 1 in each family, family f fills the stretch from f to f + 1."""
    product = np.empty(families.shape, dtype=np.int16)
    for kind, shares in enumerate(items):
        chosen = kinds == kind
        target = families[chosen] + rng.random(families[chosen].shape) * (1 - 1e-9)
        product[chosen] = np.searchsorted(np.cumsum(shares) - 1e-12, target, side="left")
    return np.minimum(product, items.shape[1] - 1)


def draw_shoppers(
    rng: np.random.Generator,
    items: np.ndarray,
    stores: pd.DataFrame,
    *,
    members: int,
    anonymous_shoppers: int,
    first_day: np.datetime64,
    days: int,
) -> Shoppers:
    """Everybody, members being a biased sample: young, frequent, and of the kinds that like the app."""
    count = members + anonymous_shoppers
    kind = rng.choice(len(model.KINDS), size=count, p=[kind.share for kind in model.KINDS])
    year = int(str(first_day)[:4])
    age = np.array([kind.age for kind in model.KINDS])[kind]
    birth_year = year - np.clip(rng.normal(age[:, 0], age[:, 1]), 18, 92).astype(int)
    sex = np.where(rng.random(count) < np.array([kind.women for kind in model.KINDS])[kind], "female", "male")
    pace = rng.gamma(model.PACE_SHAPE, 1 / model.PACE_SHAPE, count) + 0.15
    visits = np.array([kind.visits for kind in model.KINDS])[kind] * pace

    leaning = np.array([kind.app for kind in model.KINDS])[kind] * pace * np.exp((birth_year - (year - 45)) / 60)
    order = np.argsort(-(np.log(leaning) + rng.gumbel(size=count)), kind="stable")  # a draw without replacement
    is_member = np.zeros(count, dtype=bool)
    is_member[order[:members]] = True
    member = np.full(count, None, dtype=object)
    member[is_member] = [f"APP-{number:08d}" for number in rng.choice(10**8, size=members, replace=False)]
    card = np.full(count, None, dtype=object)
    holders = np.flatnonzero(~is_member & (rng.random(count) < model.CARD_HOLDERS))
    card[holders] = [f"CB{number:012x}" for number in rng.choice(16**12, size=len(holders), replace=False)]
    is_new = rng.random(count) < model.NEW_MEMBERS
    joined_on = first_day + np.where(is_new, rng.integers(0, days, count), -rng.integers(1, 900, count)).astype("timedelta64[D]")

    homes = _draw_homes(rng, kind, stores)
    scatter = rng.standard_gamma(model.SCATTER * model.tastes()[kind]).astype(np.float32) + np.float32(1e-4)
    families = np.broadcast_to(np.arange(len(FAMILIES)), scatter.shape)
    names = stores["shop"].to_numpy(dtype=object)
    table = pd.DataFrame(
        {
            "shopper": np.arange(1, count + 1),
            "member": member,
            "card": card,
            "kind": kind + 1,
            "sex": sex,
            "birth_year": birth_year,
            "joined_on": np.where(is_member, joined_on, np.datetime64("NaT")).astype("datetime64[s]"),
            "home_1": names[homes[:, 0]],
            "home_2": np.where(homes[:, 1] != homes[:, 0], names[homes[:, 1]], None),
            "home_3": np.where((homes[:, 2] != homes[:, 0]) & (homes[:, 2] != homes[:, 1]), names[homes[:, 2]], None),
        }
    )
    return Shoppers(table, kind, homes, visits, scatter, draw_items(rng, items, kind, families))


def _draw_homes(rng: np.random.Generator, kind: np.ndarray, stores: pd.DataFrame) -> np.ndarray:
    """Three usual stores of each shopper, by the kind's leaning to store types and the size of the stores."""
    types = stores["type"].map(model.STORE_TYPES.index).to_numpy()
    per_type = np.bincount(types, minlength=len(model.STORE_TYPES))
    leaning = np.sqrt([kind.stores for kind in model.KINDS])[:, types] / per_type[types] * stores["size"].to_numpy()
    homes = np.stack([draw_columns(rng, leaning, kind) for _ in range(3)], axis=1)
    usual = rng.choice([1, 2, 3], size=len(kind), p=[0.45, 0.35, 0.2])
    return np.where(np.arange(3) < usual[:, None], homes, homes[:, :1])


def draw_members(rng: np.random.Generator, shoppers: Shoppers) -> pd.DataFrame:
    """The list of members as the app would export it: names that fit sex and age, some years of birth missing or implausible."""
    known = shoppers.table[shoppers.table["member"].notna()].sort_values("member", ignore_index=True)
    count = len(known)
    birth_year = known["birth_year"].to_numpy()
    generation = _GENERATIONS[np.clip(np.searchsorted(_GENERATIONS, birth_year, side="right") - 1, 0, None)]
    generation = np.where(rng.random(count) < 0.12, rng.choice(_GENERATIONS, count), generation)  # names come before or after their time
    first_name = [rng.choice(FIRST_NAMES[sex, int(start)]) for sex, start in zip(known["sex"], generation, strict=True)]
    shown_year = pd.Series(birth_year, dtype="Int64").mask(rng.random(count) < model.MISSING_BIRTH_YEAR)
    shown_year.iloc[rng.choice(count, size=min(2, count), replace=False)] = 1900
    return pd.DataFrame(
        {
            "member": known["member"],
            "first_name": first_name,
            "last_name": rng.choice(LAST_NAMES, count),
            "birth_year": shown_year,
            "joined_on": known["joined_on"].dt.strftime("%Y-%m-%d"),
            "email_hash": [f"{high:016x}{low:016x}" for high, low in rng.integers(0, 2**63, (count, 2))],
        }
    )
