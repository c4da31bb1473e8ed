"""One month of receipts and lines, drawn from the shoppers. What goes wrong in the files is in `raw_files`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import model
from bmyshop_profiles.simulation.drawing import chunks, draw_columns, draw_each, first_of_group
from bmyshop_profiles.simulation.people import Shoppers, draw_items
from bmyshop_profiles.simulation.products import FAMILIES, SEVERAL, Product

_USUAL = np.array([0.6, 0.25, 0.15])  # how a shopper's visits fall on the three usual stores
_SECONDS_IN_DAY = 86_400


@dataclass(frozen=True)
class Network:
    """What stays the same from month to month."""

    stores: pd.DataFrame
    products: list[Product]
    items: np.ndarray
    shoppers: Shoppers
    visit_factor: float


@dataclass(frozen=True)
class MonthOfReceipts:
    """Receipts in the order of the tills; `lines.receipt` is a position in `receipts`."""

    month: str
    receipts: pd.DataFrame  # shopper, store (position), till, day, ticket, sold_at, has_app, has_card
    lines: pd.DataFrame  # receipt, product (position), quantity, unit_cents


def days_of(first_month: str, last_month: str) -> np.ndarray:
    """Every day from the first to the last of these months."""
    return np.arange(np.datetime64(first_month, "D"), (np.datetime64(last_month, "M") + 1).astype("datetime64[D]"))


def mean_basket() -> np.ndarray:
    """Mean lines of a receipt for each kind, once the largest baskets are cut."""
    extra = np.arange(4 * model.LARGEST_BASKET)
    means = []
    for kind in model.KINDS:
        chance = 1 / kind.basket
        probabilities = chance * (1 - chance) ** extra
        means.append(float((np.minimum(1 + extra, model.LARGEST_BASKET) * probabilities).sum() / probabilities.sum()))
    return np.array(means)


def draw_month(rng: np.random.Generator, month: str, network: Network) -> MonthOfReceipts:
    """All receipts of one month."""
    receipts = _draw_receipts(rng, month, network)
    return MonthOfReceipts(month, receipts, _draw_lines(rng, receipts, network))


def _draw_receipts(rng: np.random.Generator, month: str, network: Network) -> pd.DataFrame:
    shoppers, stores = network.shoppers, network.stores
    dates = days_of(month, month)
    weekday = (dates.astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday; 0 is Monday

    shopper = np.repeat(np.arange(len(shoppers.kind)), rng.poisson(shoppers.visits * network.visit_factor * len(dates) / 30))
    kind = shoppers.kind[shopper]
    count = len(shopper)
    day = draw_columns(rng, np.array([kind.week for kind in model.KINDS])[:, weekday], kind)
    is_sunday = weekday[day] == 6
    hour = draw_columns(rng, model.rhythms().reshape(-1, 24), 2 * kind + is_sunday)
    second = day.astype(np.int64) * _SECONDS_IN_DAY + hour.astype(np.int64) * 3600 + rng.integers(0, 3600, count)
    store = shoppers.homes[shopper, rng.choice(3, size=count, p=_USUAL)].astype(np.int64)
    is_stranger = rng.random(count) < model.STRANGER_SHARE
    store[is_stranger] = rng.integers(0, len(stores), int(is_stranger.sum()))
    till = (rng.random(count) * stores["tills"].to_numpy()[store]).astype(np.int64) + 1
    sold_at = dates[0].astype("datetime64[s]") + second.astype("timedelta64[s]")
    joined_at = shoppers.table["joined_on"].to_numpy()[shopper]

    order = np.lexsort((second, till, store, day))
    receipts = pd.DataFrame(
        {
            "shopper": shopper + 1,
            "store": store,
            "till": till,
            "day": day.astype(np.int64) + 1,
            "sold_at": sold_at,
            "has_app": (rng.random(count) < model.APP_SHOWN) & (sold_at >= joined_at),  # never true where joined_at is missing
            "has_card": rng.random(count) < model.CARD_SHOWN,
        }
    ).iloc[order]
    receipts = receipts.reset_index(drop=True)
    group = (receipts["day"] * len(stores) + receipts["store"]) * 10 + receipts["till"]
    receipts["ticket"] = np.arange(count) - first_of_group(group.to_numpy()) + 1
    return receipts


def _draw_lines(rng: np.random.Generator, receipts: pd.DataFrame, network: Network) -> pd.DataFrame:
    shoppers = network.shoppers
    receipt_shopper = receipts["shopper"].to_numpy() - 1
    extra_chance = 1 / np.array([kind.basket for kind in model.KINDS])
    size = np.minimum(rng.geometric(extra_chance[shoppers.kind[receipt_shopper]]), model.LARGEST_BASKET)
    receipt = np.repeat(np.arange(len(receipts)), size)
    count = len(receipt)
    shopper = receipt_shopper[receipt]

    types = network.stores["type"].map(model.STORE_TYPES.index).to_numpy()
    store_type = types[receipts["store"].to_numpy()][receipt]
    hour = receipts["sold_at"].dt.hour.to_numpy()[receipt]
    assortments, times = model.assortments().astype(np.float32), model.times().astype(np.float32)
    family = np.empty(count, dtype=np.int16)
    for part in chunks(count):
        weights = shoppers.taste[shopper[part]] * assortments[store_type[part]] * times[hour[part]]
        family[part] = draw_each(rng, weights)
    stays = rng.random(count) < model.SAME_FAMILY_SHARE
    family = np.where(stays, family[first_of_group(receipt)], family)

    product = draw_items(rng, network.items, shoppers.kind[shopper], family)
    is_usual = rng.random(count) < model.FAVOURITE_SHARE
    product = np.where(is_usual, shoppers.favourite[shopper, family], product)
    several = np.array([SEVERAL.get(name, 0.03) for name in FAMILIES])[family]
    quantity = np.where(rng.random(count) < several, rng.choice([2, 3, 4, 6], size=count, p=[0.7, 0.15, 0.1, 0.05]), 1)
    quantity = np.where(rng.random(count) < model.REFUNDS, -quantity, quantity)
    prices = np.array([product.price_cents for product in network.products])
    return pd.DataFrame({"receipt": receipt, "product": product, "quantity": quantity, "unit_cents": prices[product]})
