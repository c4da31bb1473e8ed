"""The model as tables of probabilities: what a group of shoppers buys, when, how much. Made from the parameters, the same for everybody.

Belongs here: arrays indexed by persona (0: none), group, type of shop, daypart, article. Does not belong here: people, shops, files.

A *group* is persona × trait × sex × age band: all that the model knows of a shopper before the shopper's own taste is drawn. Given the
group, tastes are Dirichlet around the group's base, so what a receipt says about its buyer is a finite sum
(`benchmarks/simulation/posterior.py`).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bmyshop_profiles.simulation import missions, trades
from bmyshop_profiles.simulation.mixing import rng_of
from bmyshop_profiles.simulation.parameters import Parameters
from bmyshop_profiles.simulation.personas import COMMON, OLDER, TRAIT, WOMEN, Persona
from bmyshop_profiles.simulation.products import FAMILIES, Product, catalogue

BANDS: tuple[str, ...] = ("18-34", "35-54", "55+")
BAND_STARTS = (35, 55)  # ages at which a band begins
DAYPARTS: tuple[str, ...] = ("early", "morning", "noon", "afternoon", "evening", "night")
DAYPART_OF_HOUR = np.array([5] * 5 + [0] * 4 + [1] * 3 + [2] * 2 + [3] * 4 + [4] * 4 + [5] * 2)
CHOICES = 4  # different choices of articles among the shops of a type
DAY_CLASSES = 3  # working day, Saturday, Sunday or holiday
SIZES = trades.LARGEST_BASKET
_SECOND = 0.4  # of the shops that sell a family which is not their trade's own carry its second article; all carry the first, none more
_CARRIED = (0.65, 0.2)  # share of the labels, and of their variants, that a shop carries of its trade's own families
_POPULARITY = 1.7  # Zipf exponent of the articles of a family


def _row(weights: dict[str, float]) -> np.ndarray:
    row = np.array([weights.get(family, 0.0) for family in FAMILIES])
    return row / row.sum()


def _signs(weights: dict[str, float]) -> np.ndarray:
    return np.array([weights.get(family, 0.0) for family in FAMILIES])


def group_number(persona: np.ndarray, trait: np.ndarray, is_woman: np.ndarray, band: np.ndarray) -> np.ndarray:
    """Number of the group: persona × 12 + trait × 6 + sex × 3 + band; women are 1."""
    return ((persona * 2 + trait) * 2 + is_woman) * len(BANDS) + band


@dataclass(frozen=True)
class Model:
    """Tables of a world. P = personas + 1, T = types of shops, F = families, N = articles, V = variants of assortment."""

    parameters: Parameters
    seed: int

    @cached_property
    def personas(self) -> tuple[Persona | None, ...]:
        """Personas by number; 0 is none."""
        return (None, *self.parameters.personas)

    @cached_property
    def products(self) -> list[Product]:
        """All articles."""
        return catalogue()

    @cached_property
    def family_of(self) -> np.ndarray:
        """Family of each article (N,)."""
        return np.array([FAMILIES.index(product.family) for product in self.products])

    @cached_property
    def shares(self) -> np.ndarray:
        """Share of the people by persona (P,), none first."""
        own = np.array([persona.share for persona in self.parameters.personas])
        return np.r_[self.parameters.no_persona_share, (1 - self.parameters.no_persona_share) * own / own.sum()]

    @cached_property
    def tastes(self) -> np.ndarray:
        """Base taste of each persona (P × F): its own, mixed with the common purchases by the overlap."""
        common = _row(COMMON)
        own = [(1 - self.parameters.overlap) * _row(p.taste) + self.parameters.overlap * common for p in self.parameters.personas]
        return np.vstack([common, *own])

    @cached_property
    def bases(self) -> np.ndarray:
        """Base taste of each group (12 P × F)."""
        p = self.parameters
        parts = np.indices((len(self.shares), 2, 2, len(BANDS))).reshape(4, -1)
        persona, trait, is_woman, band = parts
        tilt = (
            p.trait_strength * np.outer(trait - 0.5, _signs(TRAIT))
            + p.sex_strength * np.outer(is_woman - 0.5, _signs(WOMEN))
            + p.age_strength * np.outer(band - 1, _signs(OLDER))
        )
        weights = self.tastes[persona] * np.exp(tilt)
        return weights / weights.sum(axis=1, keepdims=True)

    @cached_property
    def concentrations(self) -> np.ndarray:
        """Dirichlet concentration of each group (12 P,)."""
        persona = np.arange(len(self.bases)) // (4 * len(BANDS))
        return np.where(persona == 0, self.parameters.scatter_without_persona, self.parameters.scatter)

    @cached_property
    def assortments(self) -> np.ndarray:
        """1 where a type sells a family (T × F)."""
        return np.array([[float(family in trades.ASSORTMENTS[kind]) for family in FAMILIES] for kind in trades.STORE_TYPES])

    @cached_property
    def counters(self) -> np.ndarray:
        """Families of the lines that the counter decides, by type and daypart (T × 6 × F), the same for everybody."""
        common = _row(COMMON)
        times = np.array([trades.TIMES.get(family, (1.0, 1.0, 1.0)) for family in FAMILIES]).T[[0, 0, 1, 2, 2, 2]]
        pulls = np.array([[trades.COUNTERS[kind].get(family, 1.0) for family in FAMILIES] for kind in trades.STORE_TYPES])
        weights = common * self.assortments[:, None] * pulls[:, None] * times[None]
        return weights / weights.sum(axis=2, keepdims=True)

    @cached_property
    def mission_tables(self) -> np.ndarray:
        """Families of the lines that follow a mission, by type of shop (T × M × F)."""
        return missions.mission_tables(_row(COMMON), self.assortments)

    @cached_property
    def mission_chances(self) -> np.ndarray:
        """Chance of each mission given persona, type, daypart and family of the first line (P × T × 6 × F × M)."""
        return missions.mission_chances(self.tastes, _row(COMMON), self.assortments)

    @cached_property
    def carried(self) -> np.ndarray:
        """1 where a choice of articles holds an article (V × N), four choices a type: much of the trade's own, one or two of the rest."""
        rng = rng_of(self.seed, "assortment")
        rank = np.concatenate([np.arange(n) for n in np.bincount(self.family_of)])
        is_own = np.array([[family in trades.DEEP[kind] for family in FAMILIES] for kind in trades.STORE_TYPES])[:, self.family_of]
        chance = np.where([product.is_variant for product in self.products], _CARRIED[1], _CARRIED[0])
        chance = np.where(is_own, chance, np.where(rank == 1, _SECOND, 0.0))
        drawn = rng.random((len(is_own), CHOICES, len(rank))) < chance[:, None]
        return (drawn | (rank == 0)).reshape(-1, len(rank)).astype(float)

    @cached_property
    def article_shares(self) -> np.ndarray:
        """Share of an article within its family, by persona and variant (P × V × N)."""
        rng = rng_of(self.seed, "articles")
        rank = np.concatenate([np.arange(n) for n in np.bincount(self.family_of)])
        spread = (1 - self.parameters.overlap) * self.parameters.article_spread
        bent = np.exp(rng.normal(0.0, 1.0, (len(self.shares), len(self.products))) * spread)
        bent[0] = 1.0
        weights = ((rank + 1.5) ** -_POPULARITY * bent)[:, None] * self.carried[None]
        totals = np.stack([np.bincount(self.family_of, weights=row) for row in weights.reshape(-1, len(rank))])
        return weights / totals[:, self.family_of].reshape(weights.shape)

    @cached_property
    def article_slots(self) -> np.ndarray:
        """Articles of each family, padded with −1 (F × most articles of a family)."""
        counts = np.bincount(self.family_of)
        slots = np.full((len(FAMILIES), counts.max()), -1)
        for family, count in enumerate(counts):
            slots[family, :count] = np.flatnonzero(self.family_of == family)
        return slots

    @cached_property
    def sizes(self) -> np.ndarray:
        """Probability of a receipt of 1 to 12 lines, by persona and type (P × T × 12): geometric, cut."""
        own = np.array([1.0, *(persona.basket for persona in self.parameters.personas)]) ** (1 - self.parameters.overlap)
        mean = 1 + (np.array([trades.BASKETS[kind] for kind in trades.STORE_TYPES]) - 1) * own[:, None]
        stop = 1 / mean[..., None]
        weights = stop * (1 - stop) ** np.arange(SIZES)
        return weights / weights.sum(axis=2, keepdims=True)

    @cached_property
    def profiles(self) -> list[tuple[int, tuple[int, int, bool, int]]]:
        """Opening profiles: type and opening hours."""
        return [(number, opening) for number, kind in enumerate(trades.STORE_TYPES) for opening in trades.OPENINGS[kind]]

    @cached_property
    def hours(self) -> np.ndarray:
        """Probability of each hour, by persona, opening profile and class of day (P × profiles × 3 × 24); 0 throughout: closed."""
        clock = np.arange(24)
        curves = [
            sum(weight / spread * np.exp(-(((clock + 0.5 - peak) / spread) ** 2) / 2) for peak, spread, weight in persona.hours)
            for persona in self.parameters.personas
        ]
        own = np.array(curves) + 0.01
        own /= own.sum(axis=1, keepdims=True)
        average = self.shares[1:] @ own / self.shares[1:].sum()
        blended = np.vstack([average, (1 - self.parameters.overlap) * own + self.parameters.overlap * average])
        found = np.zeros((len(blended), len(self.profiles), DAY_CLASSES, 24))
        for number, (kind, (opens, closes, lunch, sunday)) in enumerate(self.profiles):
            traffic = np.zeros(24)
            traffic[6:22] = trades.TRAFFIC[trades.STORE_TYPES[kind]]
            is_open = (clock >= opens) & (clock < closes)
            if lunch:
                is_open &= ~((clock >= trades.LUNCH[0]) & (clock < trades.LUNCH[1]))
            week = blended * traffic * is_open
            found[:, number, 0] = found[:, number, 1] = week
            found[:, number, 2] = blended * traffic * ((clock >= opens) & (clock < sunday))
        total = found.sum(axis=3, keepdims=True)
        return np.divide(found, total, out=np.zeros_like(found), where=total > 0)

    @cached_property
    def presence(self) -> np.ndarray:
        """Share of the intended visits that happen, by opening profile and weekday (profiles × 7); 0: closed that day."""
        weeks = np.array([trades.WEEK.get(kind, (1.0,) * 7) for kind in trades.STORE_TYPES])
        weeks = weeks / weeks.max()
        found = weeks[[kind for kind, _ in self.profiles]]
        found[[number for number, (_, opening) in enumerate(self.profiles) if not opening[3]], 6] = 0.0
        return found

    @cached_property
    def weeks(self) -> np.ndarray:
        """Weight of each weekday, by persona (P × 7), 1 on average."""
        own = np.array([persona.week for persona in self.parameters.personas])
        own = own / own.mean(axis=1, keepdims=True)
        average = self.shares[1:] @ own / self.shares[1:].sum()
        return np.vstack([average, (1 - self.parameters.overlap) * own + self.parameters.overlap * average])

    @cached_property
    def store_leanings(self) -> np.ndarray:
        """Leaning of each persona to each type (P × T), 1 on average."""
        power = self.parameters.shop_strength * (1 - self.parameters.overlap) / 0.55
        own = np.array([persona.stores for persona in self.parameters.personas]) ** power
        own = own / own.mean(axis=1, keepdims=True)
        return np.vstack([np.ones(len(trades.STORE_TYPES)), own])

    @cached_property
    def paces(self) -> np.ndarray:
        """Visits of a persona, against the others (P,)."""
        return np.array([1.0, *(persona.visits for persona in self.parameters.personas)])
