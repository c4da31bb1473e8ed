"""Why people come: missions of visits, written down, and the tables made of them. Data and arrays; no drawing.

A mission is what the later articles of a basket have in common with the first one. The first article is the shopper's or the counter's
choice; the mission is drawn given its family, the persona, the daypart and the kind of shop, and later articles follow it with probability
`mission_share`. So a receipt of one article says no more about its buyer than it would without missions.

The missions are made up; how often articles follow them is set to a real bakery (`benchmarks/simulation/realism.py`).
"""

from dataclasses import dataclass

import numpy as np

from bmyshop_profiles.simulation.products import FAMILIES


@dataclass(frozen=True)
class Mission:
    """taste: weights of families. dayparts: how often it is why people come, early to night."""

    name: str
    taste: dict[str, float]
    dayparts: tuple[float, ...]


MISSIONS: tuple[Mission, ...] = (
    Mission("petit déjeuner", {"VIENNOISERIE": 46, "BOISSONS CHAUDES": 30, "QUOTIDIENS": 14, "PAIN": 10}, (3, 1.6, 0.3, 0.5, 0.1, 1)),
    Mission("déjeuner", {"SANDWICHS": 40, "SODAS": 32, "PÂTISSERIE": 24, "BOISSONS CHAUDES": 4}, (0.2, 0.6, 4, 1, 0.7, 0.5)),
    Mission("pain du jour", {"PAIN": 82, "VIENNOISERIE": 6, "FRAIS": 6, "PÂTISSERIE": 6}, (1, 1.3, 1, 1, 1.6, 0.5)),
    Mission("goûter", {"CONFISERIE": 30, "VIENNOISERIE": 30, "GLACES": 14, "PÂTISSERIE": 26}, (0.3, 0.6, 0.5, 2.5, 0.8, 0.5)),
    Mission("tabac", {"CIGARETTES": 40, "TABAC À ROULER": 20, "ARTICLES FUMEURS": 34, "VAPE": 6}, (1.2, 1, 1, 1, 1.2, 1)),
    Mission("jeux", {"JEUX À GRATTER": 42, "LOTO": 34, "PARIS": 24}, (0.7, 1, 1, 1.1, 1.2, 0.5)),
    Mission("presse", {"QUOTIDIENS": 48, "MAGAZINES": 42, "PAPETERIE": 10}, (1.6, 1.4, 0.7, 0.8, 0.5, 0.5)),
    Mission("course à faire", {"COLIS": 28, "TIMBRES": 22, "PAPETERIE": 22, "TÉLÉPHONIE": 14, "CADEAUX": 14}, (0.6, 1.2, 1, 1.3, 1, 0.3)),
    Mission("dépannage", {"ÉPICERIE": 40, "FRAIS": 36, "HYGIÈNE": 16, "PAIN": 8}, (0.5, 1, 0.9, 1, 1.5, 1)),
    Mission("apéritif", {"BIÈRES": 36, "VINS": 26, "ÉPICERIE": 18, "SODAS": 12, "GLACES": 8}, (0.1, 0.5, 0.7, 0.8, 3, 2)),
)  # fmt: skip
_STRAY = 0.02  # of a mission's table that is everybody's purchases: every first article has some mission


def mission_tables(common: np.ndarray, assortments: np.ndarray) -> np.ndarray:
    """Families of the articles that follow a mission, by type of shop (T × M × F)."""
    own = np.array([[mission.taste.get(family, 0.0) for family in FAMILIES] for mission in MISSIONS])
    own = (1 - _STRAY) * own / own.sum(axis=1, keepdims=True) + _STRAY * common
    sold = own[None] * assortments[:, None]
    return np.asarray(sold / sold.sum(axis=2, keepdims=True))


def mission_chances(tastes: np.ndarray, common: np.ndarray, assortments: np.ndarray) -> np.ndarray:
    """Chance of each mission given persona, type, daypart and the family of the first article (P × T × 6 × F × M).

    A mission weighs as the persona's taste meets it, as its hour has come, and as far as the shop sells what it needs.
    """
    own = np.array([[mission.taste.get(family, 0.0) for family in FAMILIES] for mission in MISSIONS])
    own = (1 - _STRAY) * own / own.sum(axis=1, keepdims=True) + _STRAY * common
    leaning = (tastes @ own.T) / (common @ own.T)
    hours = np.array([mission.dayparts for mission in MISSIONS])
    sold = assortments @ own.T
    weights = np.einsum("pm,md,tm,mf->ptdfm", leaning, hours, sold, own)
    return np.asarray(weights / weights.sum(axis=4, keepdims=True))
