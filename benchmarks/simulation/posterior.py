"""What nobody can beat: the Bayes posterior of a receipt, or of a group of receipts of one person, for persona, sex and age band.

The observer knows the simulator's model and parameters and the mix of people behind each shop, but not who is who.

Exact: one receipt, and several receipts from shops of one type, up to 80 lines of which few receipts have more than one (the missions of
these are summed together, all combinations). Given the group of the shopper (persona × trait × sex × age band) tastes are Dirichlet, and a
Dirichlet restricted to the families that a type of shop sells is Dirichlet again; missions and lines that the counter or the mission
decided are summed out, and usual articles too, which belong to one choice of articles. Inexact: more lines, and receipts from shops of
different types, whose families differ: the taste is then integrated by Monte Carlo, and the error is given. Left out, always: how often
and in which shops a person comes, payment.

Only evaluation reads this; no asset imports it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from bmyshop_profiles.simulation import calendar
from bmyshop_profiles.simulation.mixing import WORD
from bmyshop_profiles.simulation.model import BANDS, DAYPART_OF_HOUR, Model
from bmyshop_profiles.simulation.parameters import parameters_of
from bmyshop_profiles.simulation.people import USUAL_SHOPS
from bmyshop_profiles.simulation.places import draw_places, zones
from bmyshop_profiles.simulation.tastes import local_bases

_PER_PERSONA = 4 * len(BANDS)  # groups of a persona
_EXACT_LINES = 80  # above, products of the exact sum leave the range of floats: Monte Carlo too
_EXACT_MISSIONS = 2  # receipts of several lines, whose missions are combined; above: Monte Carlo too
_PARTS = 10  # independent parts of the Monte Carlo sample, whose spread is the error


@dataclass(frozen=True)
class Receipt:
    """What a till saw: shop, moment, and the codes of the articles in the order of the lines."""

    shop: str
    sold_at: np.datetime64
    eans: tuple[str, ...]


@dataclass(frozen=True)
class Posterior:
    """persona: probability by number, 0 being none (P,). is_woman. band: of the age (3,).

    error: largest standard error of `persona`, 0 if exact.
    """

    persona: np.ndarray
    is_woman: float
    band: np.ndarray
    error: float


class Oracle:
    """The model of a simulated network, read back from its truth."""

    def __init__(self, truth: Path) -> None:
        told = json.loads((truth / "parameters.json").read_text(encoding="utf-8"))
        parameters = parameters_of(told["parameters"])
        if parameters.world != "personas":
            raise ValueError("there is no posterior of personas in a world without personas")
        self.model = Model(parameters, told["seed"])
        self.places = draw_places(self.model, zones(Path(told["zones_directory"]) if told["zones_directory"] else None), told["stores"])
        self._shops = self.places.shops.set_index("shop")
        self._shoppers = pd.read_parquet(truth / "shoppers")
        self._switches = pd.read_parquet(truth / "switches.parquet")
        self._article = {product.ean: number for number, product in enumerate(self.model.products)}
        self._mixes: dict[tuple[str, int], np.ndarray] = {}
        self._bases: dict[int, np.ndarray] = {}
        self._drawn: dict[tuple[int, int, int], np.ndarray] = {}
        self._persona = np.arange(len(self.model.bases)) // _PER_PERSONA

    def shop_mixes(self, month: str) -> np.ndarray:
        """Intended visits a day of each group in each shop, in a month (shops × groups)."""
        return np.concatenate([self.local_mixes(month, area).sum(axis=1) for area in range(self.places.areas)])

    def local_mixes(self, month: str, area: int) -> np.ndarray:
        """The same of the shops of an area, by the quarter that bends the taste (shops × quarters × groups)."""
        if (month, area) not in self._mixes:
            self._mixes[month, area] = self._local_mixes(month, area)
        return self._mixes[month, area]

    def local_bases(self, area: int) -> np.ndarray:
        """Base tastes by quarter and group (quarters × groups × F)."""
        if area not in self._bases:
            self._bases[area] = local_bases(self.model, self.places, area)
        return self._bases[area]

    def _local_mixes(self, month: str, area: int) -> np.ndarray:
        p, own = self.model.parameters, self._shoppers["area"].to_numpy() == area
        table = self._shoppers[own]
        first, last = (int(day) for day in calendar.days_of(month, month)[[0, -1]].astype(np.int64))
        group = table["group"].to_numpy().copy()
        moves = self._switches[
            (self._switches["from_date"] <= np.datetime64(month, "D")) & self._switches["shopper"].isin(table["shopper"])
        ]
        position = pd.Series(np.arange(len(table)), index=table["shopper"])
        for shopper, persona in zip(moves["shopper"], moves["persona"], strict=True):
            group[position[shopper]] = group[position[shopper]] % _PER_PERSONA + _PER_PERSONA * persona
        present = np.clip(np.minimum(table["last_day"], last) - np.maximum(table["first_day"], first) + 1, 0, None) / (last - first + 1)
        rate = (table["visits_a_day"] * present).to_numpy()
        start, size = self._first_shop(area), self._sizes(area)
        quarter = table["shop_1"].to_numpy() - start
        found = np.zeros((len(size), len(size), len(self.model.bases)))
        bounds = table[[f"bound_{n + 1}" for n in range(USUAL_SHOPS - 1)]].to_numpy(dtype=float) / WORD
        for number, weight in enumerate(np.diff(bounds, axis=1, prepend=0, append=1).T):
            np.add.at(found, (table[f"shop_{number + 1}"].to_numpy() - start, quarter, group), rate * weight * (1 - p.stranger_share))
        strangers = np.zeros(found.shape[1:])
        np.add.at(strangers, (quarter, group), rate * p.stranger_share)
        return found + (size / size.sum())[:, None, None] * strangers

    def _first_shop(self, area: int) -> int:
        return int(np.flatnonzero(self._shops["area"].to_numpy() == area)[0])

    def _sizes(self, area: int) -> np.ndarray:
        return self._shops["size"].to_numpy()[self._shops["area"].to_numpy() == area]

    def posterior(self, receipts: Sequence[Receipt], *, draws: int = 2000, seed: int = 0) -> Posterior:
        """Posterior of who bought these receipts, all of one person. draws: per group, where the taste is integrated by Monte Carlo;
        they are the same for all people, 85 MB for 1,000."""
        area = int(self._shops.loc[receipts[0].shop, "area"])
        prior = np.mean([self._mix(receipt) for receipt in receipts], axis=0)  # quarters × groups
        score = sum(self._context(receipt) for receipt in receipts) + self._articles(receipts)
        kinds = {int(self._shops.loc[receipt.shop, "type"]) for receipt in receipts}
        combined = sum(len(receipt.eans) > 1 for receipt in receipts)
        if len(kinds) == 1 and combined <= _EXACT_MISSIONS and sum(len(receipt.eans) for receipt in receipts) <= _EXACT_LINES:
            with np.errstate(divide="ignore"):
                score = np.log(prior) + score + self._exact_families(receipts, kinds.pop()).reshape(prior.shape)
            return self._summed(logsumexp(score, axis=0), 0.0)
        parts = self._sampled_families(receipts, prior, area, draws, seed)
        found = [self._summed(score + part, 0.0).persona for part in parts]
        return self._summed(score + logsumexp(parts, axis=0), float(np.std(found, axis=0, ddof=1).max() / np.sqrt(_PARTS)))

    def _summed(self, score: np.ndarray, error: float) -> Posterior:
        weight = np.exp(score - score.max())
        weight = (weight / weight.sum()).reshape(-1, 2, 2, len(BANDS))
        return Posterior(weight.sum(axis=(1, 2, 3)), float(weight[:, :, 1].sum()), weight.sum(axis=(0, 1, 2)), error)

    def _mix(self, receipt: Receipt) -> np.ndarray:
        area = int(self._shops.loc[receipt.shop, "area"])
        row = int(self._shops.index.get_loc(receipt.shop)) - self._first_shop(area)
        mix = self.local_mixes(str(receipt.sold_at.astype("datetime64[M]")), area)[row]
        return np.asarray(mix / mix.sum())

    def _context(self, receipt: Receipt) -> np.ndarray:
        """Log-likelihood of the day, the hour and the number of lines."""
        shop, model = self._shops.loc[receipt.shop], self.model
        day = np.array([receipt.sold_at.astype("datetime64[D]")])
        weekday = int(calendar.weekdays(day)[0])
        weight = model.weeks[:, weekday]
        paid = np.array([0.0, *(float(q.taste.get("CIGARETTES", 0) + q.taste.get("LOTO", 0) > 10) for q in model.parameters.personas)])
        weight = weight * (1 + model.parameters.payday * paid * calendar.is_payday(day)[0])
        hour = model.hours[:, shop["profile"], (2 if weekday == 6 else 1 if weekday == 5 else 0), _hour(receipt)]
        size = model.sizes[:, shop["type"], len(receipt.eans) - 1]
        with np.errstate(divide="ignore"):
            return np.log(weight * hour * size)[self._persona]

    def _articles(self, receipts: Sequence[Receipt]) -> np.ndarray:
        """Log-likelihood of the articles given their families: the usual one of each family and choice of articles is summed out."""
        usual = self.model.parameters.favourite_share
        bought: dict[tuple[int, int], list[int]] = {}
        for receipt in receipts:
            variant = int(self._shops.loc[receipt.shop, "variant"])
            for ean in receipt.eans:
                article = self._article[ean]
                bought.setdefault((variant, int(self.model.family_of[article])), []).append(article)
        found = np.zeros(len(self.model.shares))
        for (variant, _), articles in bought.items():
            shares = self.model.article_shares[:, variant, articles]
            distinct, column = np.unique(articles, return_inverse=True)
            own = self.model.article_shares[:, variant, distinct]
            plain = np.prod((1 - usual) * shares, axis=1)
            total = plain * (1 - own.sum(axis=1))
            for number in range(len(distinct)):
                total += own[:, number] * np.prod(usual * (column == number) + (1 - usual) * shares, axis=1)
            found += np.log(total)
        return found[self._persona]

    def _weights(self, receipt: Receipt) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Family of each line (L,); weight of its being decided elsewhere, by mission (M × L): counter, mission, or staying in the first
        family; weight of the own taste (L,); chance of each mission by persona (P × M)."""
        p, model = self.model.parameters, self.model
        kind, daypart = int(self._shops.loc[receipt.shop, "type"]), DAYPART_OF_HOUR[_hour(receipt)]
        counter = p.common_share * model.counters[kind, daypart]
        families = np.array([int(model.family_of[self._article[ean]]) for ean in receipt.eans])
        is_later = np.arange(len(families)) > 0
        stays, follows = p.same_family_share * is_later, p.mission_share * is_later
        elsewhere = follows * model.mission_tables[kind][:, families] + (1 - follows) * counter[families]
        others = stays * (families == families[0]) + (1 - stays) * elsewhere
        owns = (1 - stays) * (1 - follows) * (1 - p.common_share)
        return families, others, owns, model.mission_chances[:, kind, daypart, families[0]]

    def _exact_families(self, receipts: Sequence[Receipt], kind: int) -> np.ndarray:
        """Log-likelihood of the families of the lines given quarter and group, the first varying slowest, summed over the missions of all
        receipts of more than one line."""
        bases = self.local_bases(int(self._shops.loc[receipts[0].shop, "area"]))
        alpha = (self.model.concentrations[:, None] * bases * self.model.assortments[kind]).reshape(-1, bases.shape[2])
        personas = np.tile(self._persona, len(bases))
        weighed = [self._weights(receipt) for receipt in receipts]
        families, owns = (np.concatenate([each[part] for each in weighed]) for part in (0, 2))
        found = []
        for missions in product(*(range(len(each[1]) if len(each[0]) > 1 else 1) for each in weighed)):
            others = np.concatenate([each[1][mission] for each, mission in zip(weighed, missions, strict=True)])
            chance = np.zeros(len(self.model.shares))
            for (own, _, _, chances), mission in zip(weighed, missions, strict=True):
                chance += np.log(chances[:, mission]) if len(own) > 1 else 0.0
            found.append(_families(alpha, families, others, owns) + chance[personas])
        return np.asarray(logsumexp(found, axis=0))

    def _sampled_families(self, receipts: Sequence[Receipt], prior: np.ndarray, area: int, draws: int, seed: int) -> np.ndarray:
        """The same, with the prior, by Monte Carlo over tastes, in independent parts (parts × groups).

        Draws are dealt over the quarters and weighed by the prior (quarters × groups).
        """
        kinds = [int(self._shops.loc[receipt.shop, "type"]) for receipt in receipts]
        weighed = [self._weights(receipt) for receipt in receipts]
        size = max(draws // _PARTS, 1)
        tastes = self._tastes(size, area, seed)
        quarter = _quarters(size, len(prior))
        dealt = np.bincount(quarter, minlength=len(prior))[:, None]
        with np.errstate(divide="ignore"):
            weight = np.log(np.where(dealt > 0, prior / np.maximum(dealt, 1), 0))
        found = np.empty((_PARTS, len(self.model.bases)))
        for group, own in enumerate(tastes):
            log = weight[quarter, group]
            for kind, (families, others, owns, chances) in zip(kinds, weighed, strict=True):
                lines = others[:, :, None] + owns[:, None] * own[kind, families]  # missions × lines × draws
                if len(families) == 1:
                    log = log + np.log(lines[0, 0])
                else:
                    log = log + np.log(chances[self._persona[group]] @ np.prod(lines, axis=1))
            found[:, group] = logsumexp(log.reshape(_PARTS, -1), axis=1)
        return found

    def _tastes(self, size: int, area: int, seed: int) -> np.ndarray:
        """Shares of the families that each type sells (groups × types × families × draws), drawn once an area: the same for all people."""
        if (size, area, seed) not in self._drawn:
            rng, assortments, bases = np.random.default_rng(seed), self.model.assortments, self.local_bases(area)
            quarter = _quarters(size, len(bases))
            found = np.empty((bases.shape[1], *assortments.shape, len(quarter)), dtype=np.float32)
            for group, concentration in enumerate(self.model.concentrations):
                taste = rng.standard_gamma(concentration * bases[quarter, group]).T + 1e-300
                found[group] = taste / (assortments @ taste)[:, None]
            self._drawn = {(size, area, seed): found}
        return self._drawn[size, area, seed]


def _quarters(size: int, count: int) -> np.ndarray:
    """Quarter of each draw: in turn, in every part alike."""
    return np.tile(np.arange(size) % count, _PARTS)


def _families(alpha: np.ndarray, families: np.ndarray, others: np.ndarray, owns: np.ndarray) -> np.ndarray:
    """Log-likelihood given missions: a polynomial in the number of lines of own taste, one factor per family."""
    coefficients = np.ones((len(alpha), 1))
    for family in np.unique(families):
        rows = np.flatnonzero(families == family)
        chosen = np.ones(1)  # sum over subsets of the lines, by size
        for row in rows:
            chosen = np.convolve(chosen, [others[row], owns[row]])
        rising = np.cumprod(np.c_[np.ones(len(alpha)), alpha[:, [family]] + np.arange(len(rows))], axis=1)
        factor = chosen * rising
        grown = np.zeros((len(alpha), coefficients.shape[1] + len(rows)))
        for power in range(factor.shape[1]):
            grown[:, power : power + coefficients.shape[1]] += factor[:, [power]] * coefficients
        coefficients = grown
    total = alpha.sum(axis=1, keepdims=True)
    falling = np.cumprod(np.c_[np.ones(len(alpha)), total + np.arange(len(families))], axis=1)
    return np.asarray(np.log((coefficients / falling).sum(axis=1)))


def _hour(receipt: Receipt) -> int:
    return int((receipt.sold_at - receipt.sold_at.astype("datetime64[D]")) // np.timedelta64(1, "h"))
