"""The kinds of shoppers and the parameters of their behaviour: what is planted. No drawing here, no files.

A kind is a taste (weights of families), a rhythm (weekdays and hours), a pace, a size of basket and types of shop. A person has
own tastes scattered around those of the kind; a shop sells some of the families only; the hour of the day tilts everybody alike.
"""

from dataclasses import dataclass

import numpy as np

from bmyshop_profiles.simulation.products import FAMILIES

STORE_TYPES: tuple[str, ...] = ("tobacconist", "tobacconist_press", "bar_tobacconist", "bakery", "press", "grocery")
HOURS: tuple[int, ...] = tuple(range(6, 21))
SUNDAY_END = 13


@dataclass(frozen=True)
class Kind:
    """One kind of shopper."""

    name: str
    share: float  # of the people
    taste: dict[str, float]  # weights of families
    week: tuple[float, ...]  # Monday to Sunday
    hours: tuple[tuple[float, float, float], ...]  # peaks of the day: hour, spread, weight
    visits: float  # visits a month, against the other kinds
    basket: float  # mean lines of a receipt
    stores: tuple[float, ...]  # weights of the store types
    women: float  # share
    age: tuple[float, float]  # mean and spread
    app: float  # leaning to the loyalty app


KINDS: tuple[Kind, ...] = (
    Kind(
        "fumeur pressé", 0.27,
        {"CIGARETTES": 40, "TABAC À ROULER": 16, "ARTICLES FUMEURS": 14, "VAPE": 8, "CONFISERIE": 6, "BOISSONS CHAUDES": 6, "SODAS": 8},
        (1.1, 1.0, 1.0, 1.0, 1.2, 1.0, 0.6), ((8, 1.2, 0.45), (12.5, 1.5, 0.2), (18, 1.5, 0.35)),
        1.2, 1.6, (5, 5, 5, 1, 1, 1.5), 0.42, (42, 13), 0.7,
    ),
    Kind(
        "presse du matin", 0.16,
        {"QUOTIDIENS": 34, "MAGAZINES": 28, "TIMBRES": 8, "PAPETERIE": 8, "BOISSONS CHAUDES": 6, "PAIN": 5, "LOTO": 4, "CADEAUX": 3},
        (0.9, 0.9, 1.0, 1.0, 1.0, 1.3, 1.4), ((8.5, 1.3, 0.7), (10.5, 1.2, 0.3)),
        1.1, 1.7, (1, 5, 2, 1.5, 5, 1), 0.5, (66, 11), 0.6,
    ),
    Kind(
        "joueur", 0.13,
        {"JEUX À GRATTER": 32, "LOTO": 22, "PARIS": 22, "BOISSONS CHAUDES": 8, "BIÈRES": 7, "CIGARETTES": 6, "QUOTIDIENS": 4},
        (0.9, 1.0, 1.1, 0.9, 1.5, 1.3, 0.8), ((10.5, 1.6, 0.4), (17.5, 1.8, 0.6)),
        1.2, 2.0, (4, 4, 6, 0.7, 2, 0.7), 0.33, (51, 14), 0.9,
    ),
    Kind(
        "boulangerie familiale", 0.22,
        {"PAIN": 32, "VIENNOISERIE": 20, "PÂTISSERIE": 13, "CONFISERIE": 9, "FRAIS": 9, "MAGAZINES": 5, "GLACES": 4, "PAPETERIE": 4,
        "CADEAUX": 4},
        (0.8, 0.8, 1.1, 0.8, 1.0, 1.5, 1.7), ((8.5, 1.2, 0.4), (11.5, 1.0, 0.2), (17, 1.2, 0.4)),
        1.1, 2.6, (1, 2, 1, 7, 2, 3), 0.66, (41, 10), 1.4,
    ),
    Kind(
        "déjeuner sandwich", 0.13,
        {"SANDWICHS": 34, "SODAS": 22, "BOISSONS CHAUDES": 12, "PÂTISSERIE": 9, "CONFISERIE": 8, "COLIS": 6, "TÉLÉPHONIE": 4, "VAPE": 4},
        (1.3, 1.4, 1.3, 1.4, 1.2, 0.5, 0.1), ((12.5, 0.8, 0.75), (8, 1.0, 0.15), (16, 1.2, 0.1)),
        0.9, 2.3, (1.5, 2, 3, 6, 1, 3), 0.52, (29, 8), 2.2,
    ),
    Kind(
        "apéro du soir", 0.09,
        {"BIÈRES": 24, "VINS": 20, "ÉPICERIE": 24, "FRAIS": 12, "SODAS": 6, "HYGIÈNE": 6, "GLACES": 3, "TABAC À ROULER": 3},
        (0.7, 0.7, 0.8, 1.1, 1.7, 1.7, 0.6), ((18.8, 1.1, 0.85), (11.5, 1.2, 0.15)),
        0.8, 3.0, (1.5, 1.5, 4, 1, 0.7, 7), 0.4, (34, 10), 1.2,
    ),
)  # fmt: skip

# What everybody buys now and then, whatever the kind.
_COMMON: dict[str, float] = {
    "CIGARETTES": 12, "TABAC À ROULER": 4, "ARTICLES FUMEURS": 3, "VAPE": 2, "QUOTIDIENS": 7, "MAGAZINES": 5, "JEUX À GRATTER": 8,
    "LOTO": 5, "PARIS": 3, "PAIN": 12, "VIENNOISERIE": 7, "PÂTISSERIE": 3, "SANDWICHS": 4, "BOISSONS CHAUDES": 8, "SODAS": 6,
    "BIÈRES": 4, "VINS": 2, "CONFISERIE": 7, "GLACES": 1, "ÉPICERIE": 4, "FRAIS": 3, "HYGIÈNE": 1.5, "PAPETERIE": 2, "CADEAUX": 2,
    "TÉLÉPHONIE": 2, "COLIS": 3, "TIMBRES": 3,
}  # fmt: skip
COMMON_SHARE = 0.55  # of a kind's taste
SCATTER = 14.0  # Dirichlet concentration of people around their kind; lower is wilder
FAVOURITE_SHARE = 0.5  # of a person's lines that are the usual article of the family
ITEM_SPREAD = 0.5  # log-spread of a kind's taste between the articles of a family
SAME_FAMILY_SHARE = 0.2  # of the later lines of a receipt that stay in the family of the first
LARGEST_BASKET = 12

_SMOKING = ("CIGARETTES", "TABAC À ROULER", "ARTICLES FUMEURS", "VAPE")
_GAMES = ("JEUX À GRATTER", "LOTO", "PARIS")
_SERVICES = ("TÉLÉPHONIE", "COLIS", "TIMBRES")
_SNACKS = ("CONFISERIE", "SODAS", "GLACES", "BOISSONS CHAUDES", "VIENNOISERIE")
# Shops of these trades sell a little of everything: the type restricts the basket, it does not tell the shopper.
_ASSORTMENTS: dict[str, tuple[str, ...]] = {
    "tobacconist": (
        *_SMOKING, *_GAMES, *_SERVICES, *_SNACKS, "QUOTIDIENS", "PAPETERIE", "CADEAUX", "BIÈRES", "SANDWICHS", "PAIN",
    ),
    "tobacconist_press": (
        *_SMOKING, *_GAMES, *_SERVICES, *_SNACKS, "QUOTIDIENS", "MAGAZINES", "PAPETERIE", "CADEAUX", "PAIN", "SANDWICHS", "BIÈRES",
    ),
    "bar_tobacconist": (
        *_SMOKING, *_GAMES, *_SNACKS, "TIMBRES", "TÉLÉPHONIE", "QUOTIDIENS", "SANDWICHS", "BIÈRES", "VINS", "PAIN", "ÉPICERIE",
    ),
    "bakery": (
        *_SNACKS, "PAIN", "PÂTISSERIE", "SANDWICHS", "QUOTIDIENS", "MAGAZINES", "FRAIS", "ÉPICERIE", "COLIS", "BIÈRES",
    ),
    "press": (
        *_GAMES, *_SERVICES, *_SNACKS, "QUOTIDIENS", "MAGAZINES", "PAPETERIE", "CADEAUX", "VAPE", "ARTICLES FUMEURS", "PAIN",
    ),
    "grocery": (
        *_SERVICES, *_SNACKS, "PAIN", "PÂTISSERIE", "SANDWICHS", "BIÈRES", "VINS", "ÉPICERIE", "FRAIS", "HYGIÈNE", "PAPETERIE",
        "QUOTIDIENS", "MAGAZINES", "JEUX À GRATTER", "ARTICLES FUMEURS", "VAPE",
    ),
}  # fmt: skip

# Families with a time of the day: weights until 11, until 15, later.
_TIMES: dict[str, tuple[float, float, float]] = {
    "QUOTIDIENS": (1.5, 0.8, 0.6), "VIENNOISERIE": (1.6, 0.6, 0.8), "SANDWICHS": (0.4, 2.0, 0.7), "BOISSONS CHAUDES": (1.4, 1.0, 0.6),
    "BIÈRES": (0.4, 0.8, 1.6), "VINS": (0.3, 0.8, 1.6), "PÂTISSERIE": (0.7, 1.2, 1.1), "PARIS": (0.7, 1.0, 1.2), "GLACES": (0.4, 1.1, 1.4),
}  # fmt: skip

# Network and people
STORE_PATTERN: tuple[str, ...] = (
    "tobacconist_press", "bakery", "bar_tobacconist", "grocery", "tobacconist", "press", "tobacconist_press", "bakery", "bar_tobacconist",
)  # fmt: skip
PACE_SHAPE = 2.5  # gamma shape of the visits of a person
STRANGER_SHARE = 0.06  # of the visits to a shop that is none of the usual ones
APP_SHOWN = 0.7  # of a member's visits
CARD_HOLDERS, CARD_SHOWN = 0.125, 0.8  # of anonymous shoppers; of their visits
NEW_MEMBERS = 0.12  # join during the simulated months
MISSING_BIRTH_YEAR = 0.06
REFUNDS = 0.003  # of the lines

# Lines written wrongly, per line of the network and kind of defect
DEFECT_RATES: dict[str, float] = {
    "too_many_fields": 0.0002,
    "unreadable_date": 0.0002,
    "unreadable_amount": 0.0002,
    "other_month": 0.0001,
}
RESENT_RECEIPTS = 200


def _family_row(weights: dict[str, float]) -> np.ndarray:
    row = np.array([weights.get(family, 0.0) for family in FAMILIES])
    return row / row.sum()


def tastes() -> np.ndarray:
    """Share of each family for each kind, common purchases mixed in."""
    own = np.array([_family_row(kind.taste) for kind in KINDS])
    return (1 - COMMON_SHARE) * own + COMMON_SHARE * _family_row(_COMMON)


def assortments() -> np.ndarray:
    """1 where a type of store sells a family, 0 elsewhere."""
    return np.array([[1.0 if family in _ASSORTMENTS[store_type] else 0.0 for family in FAMILIES] for store_type in STORE_TYPES])


def times() -> np.ndarray:
    """Weights of each family by hour of the day (0 to 23)."""
    rows = np.array([_TIMES.get(family, (1.0, 1.0, 1.0)) for family in FAMILIES]).T
    return rows[[0 if hour < 11 else 1 if hour < 15 else 2 for hour in range(24)]]


def rhythms() -> np.ndarray:
    """Weights of the hours for each kind, on other days (0) and on Sundays (1), when shops close at lunch."""
    hours = np.arange(24)
    is_open = np.isin(hours, HOURS)
    days = []
    for kind in KINDS:
        curve = sum(weight / spread * np.exp(-(((hours + 0.5 - peak) / spread) ** 2) / 2) for peak, spread, weight in kind.hours)
        week = (curve + 0.01) * is_open
        days.append([week, week * (hours < SUNDAY_END)])
    return np.array(days)
