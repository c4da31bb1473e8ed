"""The kinds of shoppers, written down: what they like, when and where they come. Data and its type only; nothing is drawn here.

None of the figures below is a statistic. They were set so that a French reader recognises the people, then scaled so that the whole passes
the comparison with real receipts (`benchmarks/simulation/realism.py`); see docs/simulator.md.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """One kind of shopper."""

    name: str
    share: float  # of the people who have a persona; the shares are rescaled to sum to 1
    taste: dict[str, float]  # weights of families
    week: tuple[float, ...]  # Monday to Sunday
    hours: tuple[tuple[float, float, float], ...]  # peaks of the day: hour, spread, weight
    visits: float  # visits a month, against the other personas
    basket: float  # lines of a receipt, against the other personas
    stores: tuple[float, ...]  # leaning to tobacconist, tobacconist-press, bar-tobacconist, bakery, press, grocery
    women: float  # share
    age: tuple[float, float]  # mean and spread
    app: float  # leaning to the loyalty app, log-odds
    zone: tuple[float, float, float] = (0.0, 0.0, 0.0)  # leaning to zones that are old, rich, dense


PERSONAS: tuple[Persona, ...] = (
    Persona(
        "fumeur pressé", 0.21,
        {"CIGARETTES": 46, "TABAC À ROULER": 16, "ARTICLES FUMEURS": 14, "CONFISERIE": 6, "BOISSONS CHAUDES": 8, "SODAS": 8},
        (1.1, 1.0, 1.0, 1.0, 1.2, 1.0, 0.6), ((7.8, 0.9, 0.55), (12.8, 1.2, 0.15), (18.2, 1.1, 0.3)),
        1.25, 0.75, (6, 5, 4, 0.7, 0.8, 1.2), 0.42, (42, 13), -0.35, (0.0, -0.5, 0.1),
    ),
    Persona(
        "presse du matin", 0.14,
        {"QUOTIDIENS": 40, "MAGAZINES": 26, "TIMBRES": 8, "PAPETERIE": 7, "PAIN": 8, "LOTO": 5, "CADEAUX": 3},
        (0.9, 0.9, 1.0, 1.0, 1.0, 1.3, 1.4), ((8.3, 0.9, 0.75), (10.2, 0.9, 0.25)),
        1.15, 0.85, (0.8, 5, 1.2, 1.5, 6, 0.7), 0.5, (67, 10), -0.5, (0.8, 0.2, -0.1),
    ),
    Persona(
        "joueur", 0.12,
        {"JEUX À GRATTER": 34, "LOTO": 24, "PARIS": 24, "BOISSONS CHAUDES": 7, "BIÈRES": 6, "CIGARETTES": 5},
        (0.8, 1.0, 1.1, 0.9, 1.6, 1.3, 0.8), ((10.6, 1.1, 0.4), (17.4, 1.3, 0.6)),
        1.15, 0.95, (4, 4, 6, 0.5, 2, 0.5), 0.33, (51, 14), -0.1, (0.2, -0.6, 0.0),
    ),
    Persona(
        "boulangerie familiale", 0.17,
        {"PAIN": 34, "VIENNOISERIE": 24, "PÂTISSERIE": 16, "CONFISERIE": 9, "FRAIS": 6, "GLACES": 4, "PAPETERIE": 4, "CADEAUX": 3},
        (0.8, 0.8, 1.2, 0.8, 1.0, 1.6, 1.9), ((8.6, 0.9, 0.25), (11.3, 0.9, 0.35), (16.9, 0.9, 0.4)),
        1.1, 1.25, (0.6, 1, 0.6, 9, 1.5, 2.5), 0.66, (41, 9), 0.35, (-0.3, 0.4, -0.2),
    ),
    Persona(
        "déjeuner sandwich", 0.1,
        {"SANDWICHS": 42, "SODAS": 24, "BOISSONS CHAUDES": 10, "PÂTISSERIE": 12, "CONFISERIE": 8, "VIENNOISERIE": 4},
        (1.3, 1.4, 1.3, 1.4, 1.2, 0.4, 0.1), ((12.5, 0.55, 0.85), (8, 0.8, 0.1), (16, 1.0, 0.05)),
        0.95, 1.1, (1, 1.5, 3, 7, 0.6, 2.5), 0.52, (29, 7), 0.75, (-0.6, 0.2, 0.7),
    ),
    Persona(
        "apéro du soir", 0.07,
        {"BIÈRES": 28, "VINS": 26, "ÉPICERIE": 20, "FRAIS": 10, "SODAS": 6, "GLACES": 3, "TABAC À ROULER": 7},
        (0.6, 0.6, 0.7, 1.1, 1.8, 1.9, 0.6), ((19.0, 0.8, 0.9), (11.8, 0.9, 0.1)),
        0.85, 1.35, (1.2, 1.2, 4, 0.6, 0.5, 8), 0.4, (34, 9), 0.2, (-0.4, 0.2, 0.6),
    ),
    Persona(
        "vapoteur connecté", 0.06,
        {"VAPE": 42, "TÉLÉPHONIE": 16, "COLIS": 18, "SODAS": 14, "CONFISERIE": 10},
        (1.0, 1.0, 1.1, 1.0, 1.1, 1.3, 0.3), ((13.4, 1.2, 0.3), (17.4, 1.2, 0.7)),
        0.8, 0.85, (5, 4, 2.5, 0.5, 2, 1.5), 0.45, (27, 6), 1.0, (-0.6, -0.1, 0.4),
    ),
    Persona(
        "habitué du comptoir", 0.06,
        {"BOISSONS CHAUDES": 46, "BIÈRES": 20, "PARIS": 14, "QUOTIDIENS": 10, "SANDWICHS": 6, "VINS": 4},
        (1.1, 1.1, 1.1, 1.1, 1.2, 0.9, 0.5), ((7.4, 0.8, 0.5), (10.2, 1.1, 0.25), (17.9, 0.9, 0.25)),
        1.35, 0.8, (1.5, 1.5, 12, 0.4, 0.6, 0.4), 0.28, (55, 12), -0.6, (0.3, -0.4, -0.1),
    ),
    Persona(
        "dépannage de quartier", 0.05,
        {"ÉPICERIE": 34, "FRAIS": 30, "HYGIÈNE": 18, "SODAS": 6, "VINS": 5, "PAIN": 7},
        (1.0, 1.0, 0.9, 1.0, 1.0, 1.0, 1.4), ((10.9, 1.1, 0.45), (17.6, 1.4, 0.55)),
        0.85, 1.5, (0.7, 0.7, 0.6, 1.5, 0.5, 14), 0.6, (60, 14), -0.15, (0.3, -0.2, 0.5),
    ),
    Persona(
        "sortie d'école", 0.02,
        {"CONFISERIE": 40, "GLACES": 14, "SODAS": 18, "CADEAUX": 12, "VIENNOISERIE": 16},
        (1.0, 1.1, 1.4, 1.1, 1.2, 0.9, 0.4), ((16.6, 0.6, 0.9), (8.0, 0.6, 0.1)),
        0.8, 0.95, (1.5, 3, 1, 5, 4, 3), 0.55, (21, 3), 1.1, (-0.5, 0.0, 0.2),
    ),
)  # fmt: skip

# What everybody buys now and then, whatever the persona; also all that a shopper without persona is scattered around.
COMMON: dict[str, float] = {
    "CIGARETTES": 11, "TABAC À ROULER": 4, "ARTICLES FUMEURS": 3, "VAPE": 3, "QUOTIDIENS": 7, "MAGAZINES": 5, "JEUX À GRATTER": 8,
    "LOTO": 5, "PARIS": 4, "PAIN": 14, "VIENNOISERIE": 8, "PÂTISSERIE": 4, "SANDWICHS": 4, "BOISSONS CHAUDES": 9, "SODAS": 6,
    "BIÈRES": 4, "VINS": 2, "CONFISERIE": 7, "GLACES": 1, "ÉPICERIE": 4, "FRAIS": 3, "HYGIÈNE": 1.5, "PAPETERIE": 2, "CADEAUX": 2,
    "TÉLÉPHONIE": 2, "COLIS": 3, "TIMBRES": 3,
}  # fmt: skip

# Who shifts what within a persona: + is more, − is less; multiplied by the strength of the parameter and exponentiated.
TRAIT: dict[str, float] = {  # curious, at ease with a telephone
    "VAPE": 1.0, "TÉLÉPHONIE": 1.0, "COLIS": 1.0, "SANDWICHS": 0.6, "SODAS": 0.6, "PÂTISSERIE": 0.4, "BIÈRES": 0.3, "GLACES": 0.4,
    "QUOTIDIENS": -1.0, "TIMBRES": -1.0, "LOTO": -0.6, "PAIN": -0.4, "MAGAZINES": -0.5, "CIGARETTES": -0.3,
}  # fmt: skip
WOMEN: dict[str, float] = {
    "MAGAZINES": 1.0, "CADEAUX": 1.0, "PÂTISSERIE": 0.6, "HYGIÈNE": 0.8, "PAPETERIE": 0.7, "PAIN": 0.2, "CONFISERIE": 0.3,
    "JEUX À GRATTER": 0.3, "PARIS": -1.2, "BIÈRES": -0.9, "TABAC À ROULER": -0.7, "VINS": -0.3, "SANDWICHS": -0.2,
}  # fmt: skip
OLDER: dict[str, float] = {  # × −1 for 18–34, 0 for 35–54, +1 for 55 and over
    "QUOTIDIENS": 1.0, "TIMBRES": 0.9, "LOTO": 0.7, "PAIN": 0.5, "MAGAZINES": 0.6, "VINS": 0.4, "PÂTISSERIE": 0.2,
    "VAPE": -1.0, "SODAS": -0.9, "SANDWICHS": -0.9, "TÉLÉPHONIE": -0.7, "COLIS": -0.5, "CONFISERIE": -0.5, "BIÈRES": -0.4, "GLACES": -0.3,
}  # fmt: skip
