"""Who exists before the first receipt: shoppers, what they are like, which shops they use, which of them are members.

Belongs here: drawing the people of one area with numpy. Does not belong here: names and declared ages (`member_list`), visits (`drawing`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import trades
from bmyshop_profiles.simulation.mixing import WORD, draw_rows, rng_of
from bmyshop_profiles.simulation.model import BAND_STARTS, Model, group_number
from bmyshop_profiles.simulation.places import Places

USUAL_SHOPS = 4
_USUAL_COUNT = (0.15, 0.3, 0.3, 0.25)  # of shoppers with one to four usual shops
_USUAL_WEIGHTS = np.array([0.5, 0.25, 0.15, 0.1])  # how visits fall on them
_LAST = np.iinfo(np.int32).max
_ROUNDS = 30  # of fitting shares of personas to those of the network
_LARGEST_CHANCE = 0.95  # of a visit on a day: above, chances would no longer be proportional


@dataclass(frozen=True)
class People:
    """Shoppers of some areas, one row each, sorted by number.

    table: shopper (number in the network), area, commune, persona (0: none), trait, is_woman, band, birth_year, group, x, y, visits (a
    month,
    before the network's factor), shop_1…4 (rows of shops), bound_1…3 (of 2**32), member, card, joined_on, first_day, last_day.
    switches: shopper row, day and persona of those whom an event makes another persona.
    """

    table: pd.DataFrame
    switches: pd.DataFrame


def draw_area(model: Model, places: Places, area: int, *, count: int, members: int, first: int, days: np.ndarray) -> People:
    """The `count` shoppers of an area, of whom `members` are members; `first` is the number of the first."""
    p = model.parameters
    rng = rng_of(model.seed, "people", area)
    communes = places.communes[places.communes["area"] == area]
    year = int(days[0].astype("datetime64[Y]").astype(int)) + 1970

    residents = communes["population_count"].to_numpy(dtype=float) + 1
    home = rng.choice(len(communes), size=count, p=residents / residents.sum())
    persona = draw_rows(rng, _persona_weights(model, places.communes, communes)[home])
    if p.world == "continuum":
        persona[:] = 0
    women = np.array([0.52, *(one.women for one in p.personas)])
    ages = np.array([(48.0, 18.0), *(one.age for one in p.personas)])[persona]
    is_woman = (rng.random(count) < women[persona]).astype(int)
    birth_year = year - np.clip(rng.normal(ages[:, 0], ages[:, 1]), 18, 94).astype(int)
    band = np.digitize(year - birth_year, BAND_STARTS)
    trait = rng.integers(0, 2, count)
    pace = rng.gamma(p.pace_shape, 1 / p.pace_shape, count) + 0.05
    own = communes.iloc[home]
    radius = np.sqrt(own["area_km2"].to_numpy(dtype=float) / np.pi).clip(0.3, 4)
    x = own["x"].to_numpy() + rng.normal(0, 0.6, count) * radius
    y = own["y"].to_numpy() + rng.normal(0, 0.6, count) * radius
    shops, bounds = _usual_shops(rng, model, places.shops, area, persona, x, y)
    first_day, last_day = _stays(rng, p.leavers, days, count)

    table = pd.DataFrame(
        {
            "shopper": np.arange(first, first + count),
            "area": area,
            "commune": communes.index.to_numpy()[home],
            "persona": persona,
            "trait": trait,
            "is_woman": is_woman,
            "band": band,
            "birth_year": birth_year,
            "group": group_number(persona, trait, is_woman, band),
            "visits": model.paces[persona] * pace,
            "first_day": first_day,
            "last_day": last_day,
        }
        | {f"shop_{n + 1}": shops[:, n] for n in range(USUAL_SHOPS)}
        | {f"bound_{n + 1}": bounds[:, n] for n in range(USUAL_SHOPS - 1)}
    )
    table = table.assign(**_adoption(rng, model, table, pace, members, year, days))
    return People(table, _switches(rng, model, table))


def _persona_weights(model: Model, every: pd.DataFrame, communes: pd.DataFrame) -> np.ndarray:
    """Shares of the personas in each commune: the network's, tilted by how old, rich and dense the commune is, and by its clientele.

    The clientele moves people between communes, not personas into the network: over all communes shares are as they are without it.
    """
    features = ("age_55_share", "median_income_cents", "density")
    density = np.log((every["population_count"] + 1) / every["area_km2"].astype(float).clip(lower=0.1))
    own = every.assign(density=density)[list(features)].to_numpy(dtype=float)
    spread = own.std(axis=0)
    scores = np.clip((own - own.mean(axis=0)) / np.where(spread > 0, spread, 1), -2, 2)
    leaning = np.array([(0.0, 0.0, 0.0), *(persona.zone for persona in model.parameters.personas)])
    plain = model.shares * np.exp(model.parameters.zone_strength * scores @ leaning.T)
    plain /= plain.sum(axis=1, keepdims=True)
    residents = every["population_count"].to_numpy(dtype=float) + 1
    weight = residents / pd.Series(residents).groupby(every["area"].to_numpy()).transform("sum").to_numpy()
    found, wanted = plain * _clientele(model, "homes", len(every)), weight @ plain
    for _ in range(_ROUNDS):
        found /= found.sum(axis=1, keepdims=True)
        given = weight @ found
        found *= np.divide(wanted, given, out=np.ones_like(given), where=given > 0)
    return np.asarray(found[communes.index.to_numpy()])


def _clientele(model: Model, kind: str, count: int) -> np.ndarray:
    """Factors on the personas of communes or shops (count × P): location decides who lives and who passes there, whatever is sold."""
    drawn = rng_of(model.seed, "clientele", kind).normal(size=(count, len(model.shares)))
    return np.asarray(np.exp(model.parameters.clientele_strength * drawn))


def _usual_shops(
    rng: np.random.Generator, model: Model, shops: pd.DataFrame, area: int, persona: np.ndarray, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one to four usual shops, by size, distance and persona, and where the words that choose them part."""
    own = shops[shops["area"] == area]
    distance = np.hypot(x[:, None] - own["x"].to_numpy(), y[:, None] - own["y"].to_numpy())
    kinds = own["type"].to_numpy()
    per_type = np.bincount(kinds, minlength=len(trades.STORE_TYPES))
    passing = _clientele(model, "shops", len(shops))[own.index.to_numpy()].T
    pull = model.store_leanings[:, kinds] * passing * own["size"].to_numpy() / np.sqrt(per_type[kinds])
    chance = np.log(pull[persona]) - distance / model.parameters.distance_km + rng.gumbel(size=distance.shape)
    order = np.argsort(-chance, axis=1, kind="stable")[:, :USUAL_SHOPS]  # a draw without replacement
    if order.shape[1] < USUAL_SHOPS:
        order = order[:, np.minimum(np.arange(USUAL_SHOPS), order.shape[1] - 1)]
    usual = rng.choice(USUAL_SHOPS, size=len(persona), p=_USUAL_COUNT) + 1
    shown = np.where(np.arange(USUAL_SHOPS) < np.minimum(usual, len(own))[:, None], order, order[:, :1])
    weights = _USUAL_WEIGHTS * (np.arange(USUAL_SHOPS) < usual[:, None])
    bounds = np.cumsum(weights, axis=1)[:, :-1] / weights.sum(axis=1, keepdims=True)
    return own.index.to_numpy()[shown], np.round(bounds * WORD).astype(np.uint64)


def _stays(rng: np.random.Generator, leavers: float, days: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each shopper (days since 1970): a share leaves each month, and as many come."""
    start, end = days[0].astype(int), days[-1].astype(int)
    months = len(days) / 30.4
    gone = rng.random(count) < 1 - (1 - leavers) ** months
    came = rng.random(count) < 1 - (1 - leavers) ** months
    turn = rng.integers(start, end + 1, (2, count))
    first, last = np.where(came, turn[0], 0), np.where(gone, turn[1], _LAST)
    return first, np.maximum(last, first)


def _adoption(
    rng: np.random.Generator, model: Model, table: pd.DataFrame, pace: np.ndarray, members: int, year: int, days: np.ndarray
) -> dict[str, np.ndarray]:
    """Members: exactly so many, drawn by age, persona, pace and the trait. Cards: for some of the others."""
    p, count = model.parameters, len(table)
    age = year - table["birth_year"].to_numpy()
    app = np.array([0.0, *(persona.app for persona in p.personas)])
    score = (
        p.app_age * (45 - age) / 10
        + p.app_persona * app[table["persona"]]
        + p.app_trait * table["trait"].to_numpy()
        + p.app_pace * np.log(pace)
    )
    order = np.argsort(-(score + rng.gumbel(size=count)), kind="stable")
    is_member = np.zeros(count, dtype=bool)
    is_member[order[:members]] = True
    member, card = np.full(count, None, dtype=object), np.full(count, None, dtype=object)
    number = table["shopper"].to_numpy()
    member[is_member] = [f"APP-{key:08d}" for key in _keys(model.seed, "member", number[is_member], 8)]
    has_card = ~is_member & (rng.random(count) < p.card_holders)
    card[has_card] = [f"CB{key:012x}" for key in _keys(model.seed, "card", number[has_card], 12)]
    start = days[0].astype(int)
    late = rng.random(count) < p.late_members
    joined = np.where(late, rng.integers(start, days[-1].astype(int) + 1, count), start - rng.integers(1, 900, count))
    return {"member": member, "card": card, "joined_on": np.where(is_member, joined, _LAST)}


def _keys(seed: int, kind: str, numbers: np.ndarray, digits: int) -> np.ndarray:
    """Different keys of different shoppers, in no order: an affine permutation of the numbers below a power of ten."""
    size = 10**digits
    shift = int(rng_of(seed, kind).integers(0, size))
    return (numbers.astype(np.int64) * 387_420_489 % size + shift) % size


def _switches(rng: np.random.Generator, model: Model, table: pd.DataFrame) -> pd.DataFrame:
    """Which shoppers become of another persona, and when."""
    names = [None, *(persona.name for persona in model.parameters.personas)]
    persona = table["persona"].to_numpy().copy()
    found = []
    for event in sorted(model.parameters.events, key=lambda event: event.month):
        source = np.flatnonzero(persona == names.index(event.source)) if event.source else np.flatnonzero(persona > 0)
        target = names.index(event.target) if event.target else None
        moved = source[rng.random(len(source)) < event.share]
        moved = moved[persona[moved] != target] if target else moved
        if target:
            new = np.full(len(moved), target)
        else:
            others = model.shares.copy()
            others[[0, names.index(event.source)]] = 0
            new = rng.choice(len(others), size=len(moved), p=others / others.sum())
        persona[moved] = new
        day = np.datetime64(event.month, "D").astype(int)
        found.append(pd.DataFrame({"row": moved, "day": day, "persona": new}))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame({"row": [], "day": [], "persona": []}, dtype=int)


def rates(model: Model, table: pd.DataFrame, persona: np.ndarray, factor: float, largest_weight: np.ndarray) -> np.ndarray:
    """Visits a day of each shopper, never so many that a day's chance would exceed one."""
    return np.minimum(table["visits"].to_numpy() * factor, _LARGEST_CHANCE / largest_weight[persona])
