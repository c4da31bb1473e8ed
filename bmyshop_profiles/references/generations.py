"""What a first name says about sex and year of birth: a posterior, never a point; nothing else is ever read from a name.

    P(sex, year | name) ∝ P(sex, year of a member) × P(name | sex, year)

P(name | sex, year) are shares of births. P(sex, year of a member) starts at births × survival and is learnt by EM from the members who
declared an age: the app's own ages, where survival has already done its work. A share of the members — born abroad, named out of their
time, an age made up — bears a name that says nothing about their age; it is learnt too, apart for names that the births do not know.
The idea of reading ages off births and deaths: FiveThirtyEight (2014).

Here: the model and the posteriors. Not here: which name is meant (`names.py`), the table (`typology/demographics.py`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.references.names import NICKNAMES, normalise
from bmyshop_profiles.references.official import RARE

SEXES = ("female", "male")
YOUNGEST, OLDEST = 18, 104  # ages that a member may have; nothing is inferred about minors
BANDS = {"age_18_34": (18, 34), "age_35_54": (35, 54), "age_55": (55, OLDEST)}
WRONG_SHARE = 0.01  # of declared ages, before the name is looked at: made up, or somebody else's
_PRIOR_MEMBERS = 50.0  # weight of births × survival against members who declared an age
_KERNEL = np.array([1.0, 2.0, 3.0, 2.0, 1.0])  # years that lend each other their counts
_WIDER = 6  # times that the kernel is laid over itself where ages are read off names alone
_ROUNDS = 60
_LEARN_FROM = 200_000  # declared ages are enough


@dataclass(frozen=True)
class Births:
    """names: names that the births know, and nicknames; after them one row for all other names, and one for having no name.

    shares: (names + 2 × 2 × years) P(name | sex, year). alive: (2 × years) births × survival. years: years of birth, ascending.
    """

    names: pd.Index
    shares: np.ndarray
    alive: np.ndarray
    years: np.ndarray

    def rows(self, resolved: pd.DataFrame) -> np.ndarray:
        """Row of each member's name, as `names.resolve` gives them."""
        found = self.names.get_indexer(pd.Index(resolved.name))
        return np.where(found >= 0, found, np.where(resolved.name_state == "rare", len(self.names), len(self.names) + 1))


def totals(first_names: pd.DataFrame) -> pd.Series:
    """Births by normalised name, both sexes and all years: what `names.resolve` weighs names by."""
    births = first_names[first_names.first_name != RARE]
    plain = {name: normalise(name) for name in births.first_name.unique()}
    found = births.births.groupby(births.first_name.map(plain)).sum()
    return found[found.index != ""]


def read_births(first_names: pd.DataFrame, survival: pd.DataFrame, year: int, names: pd.Series) -> Births:
    """Births of the names in hand, for members aged 18 to 104 in a year.

    Args:
        first_names, survival: the reference tables. names: names as `names.resolve` gives them, those of the members.

    Undisclosed births of a name are spread over the years as those of the rare names of its sex.
    """
    years = np.arange(year - OLDEST, year - YOUNGEST + 1)
    table = first_names.assign(sex_row=(first_names.sex == "male").astype(int))
    columns = pd.MultiIndex.from_product([range(2), years])
    births_of = table.groupby(["sex_row", "birth_year"]).births.sum().reindex(columns).fillna(0.0).to_numpy().reshape(2, -1)
    pool = table[table.first_name == RARE]
    rare = pool.groupby(["sex_row", "birth_year"]).births.sum().reindex(columns).fillna(0.0).to_numpy().reshape(2, -1)
    spread = pool.groupby("sex_row").births.sum().reindex(range(2)).fillna(0).to_numpy()

    wanted = pd.Index(sorted({name for name in names.unique() if name}))
    parts = {name: NICKNAMES.get(name, (name,)) for name in wanted}
    plain = {name: normalise(name) for name in table.first_name.unique() if name != RARE}
    table = table.assign(name=table.first_name.map(plain))
    stands_for = pd.DataFrame([(part, row) for row, name in enumerate(wanted) for part in {*parts[name], name}], columns=["name", "row"])
    table = table.merge(stands_for, on="name")
    counts = np.zeros((len(wanted) + 2, 2, len(years)))
    told = table[table.birth_year.between(years[0], years[-1])]
    np.add.at(
        counts, (told.row.to_numpy(int), told.sex_row.to_numpy(int), told.birth_year.to_numpy(int) - years[0]), told.births.to_numpy(float)
    )
    untold = table[table.birth_year.isna()]
    for sex in range(2):
        some = untold[untold.sex_row == sex]
        missing = np.bincount(some.row.to_numpy(int), weights=some.births.to_numpy(float), minlength=len(counts))
        counts[:, sex] += missing[:, None] * rare[sex] / max(spread[sex], 1.0)
    counts[-2] = rare
    shares = _smooth(counts) / np.maximum(_smooth(births_of), 1.0)
    shares[-1] = 1.0

    alive = survival[survival.year == min(max(year, survival.year.min()), survival.year.max())].assign(
        sex_row=lambda rows: (rows.sex == "male").astype(int)
    )
    living = alive.set_index(["sex_row", "birth_year"]).alive_share.reindex(columns).fillna(0.0).to_numpy().reshape(2, -1)
    return Births(wanted, shares.astype(np.float32), births_of * living, years)


@dataclass(frozen=True)
class App:
    """What was learnt from members who declared an age: joint: (2 × years) P(sex, year) of a member; silent: share of members whose name
    says nothing about their age, for known names and for others."""

    joint: np.ndarray
    silent: tuple[float, float]


def learn(births: Births, rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> App:
    """The app's own ages by EM, from members with a believable declared age.

    Args:
        rows: row of each member's name in `births`. low, high: years between which the member says to be born.

    With no such member the app is taken to be like the living.
    """
    base = births.alive / max(births.alive.sum(), 1.0)
    joint, silent = base.copy(), np.array([0.05, 0.3])
    keep = slice(0, _LEARN_FROM)
    low, high = np.maximum(low[keep], births.years[0]), np.minimum(high[keep], births.years[-1])
    inside = low <= high
    groups, weights = np.unique(np.stack([rows[keep][inside], low[inside], high[inside]], axis=1), axis=0, return_counts=True)
    if not len(groups):
        return App(joint, (float(silent[0]), float(silent[1])))
    spans = (groups[:, 2] - groups[:, 1] + 1).astype(int)
    owner = np.repeat(np.arange(len(groups)), spans)
    year = np.arange(len(owner)) - np.repeat(np.cumsum(spans) - spans, spans) + groups[owner, 1].astype(int) - births.years[0]
    row, unknown = groups[owner, 0].astype(int), (groups[:, 0] >= len(births.names)).astype(int)
    speaking = births.shares[row, :, year].astype(float)
    for _ in range(_ROUNDS):
        mute = _regardless(births, joint)[row]
        share = silent[unknown][owner][:, None]
        loud, quiet = joint[:, year].T * (1 - share) * speaking, joint[:, year].T * share * mute
        total = np.bincount(owner, weights=(loud + quiet).sum(1), minlength=len(groups))
        scale = (weights / np.maximum(total, 1e-300))[owner][:, None]
        counts = np.zeros_like(joint)
        np.add.at(counts.T, year, (loud + quiet) * scale)
        heard = np.bincount(owner, weights=(quiet * scale).sum(1), minlength=len(groups))
        for kind in (0, 1):
            chosen = unknown == kind
            silent[kind] = (heard[chosen].sum() + 1.0) / (weights[chosen].sum() + 20.0)
        against = _smooth(counts + _PRIOR_MEMBERS * base) / np.maximum(_smooth(base), 1e-300)
        joint = base * against
        joint /= joint.sum()
    # a wrong age and a name that says nothing look alike; so many of the former are taken for granted
    told = np.maximum((silent - WRONG_SHARE) / (1 - WRONG_SHARE), 0.001)
    return App(joint, (float(told[0]), float(told[1])))


def adjust(births: Births, app: App, rows: np.ndarray) -> App:
    """The same app for members who declared no age: their sexes and ages as their names tell them, starting from those who did.

    EM on the prior alone (Saerens, Latinne, Decaestecker 2002), its steps smoothed over years, since names tell generations, not years.
    rows: row of each such member's name.
    """
    held, weights = np.unique(rows, return_counts=True)
    if not len(held):
        return app
    silent = _silent(births, app)[held][:, None, None]
    likelihood = (1 - silent) * births.shares[held] + silent * _regardless(births, app.joint)[held][:, :, None]
    flat, joint = likelihood.reshape(len(held), -1), app.joint.ravel()
    for _ in range(_ROUNDS // 2):
        counts = joint * (flat.T @ (weights / np.maximum(flat @ joint, 1e-300)))
        against = counts.reshape(app.joint.shape) + _PRIOR_MEMBERS * app.joint
        base = app.joint
        for _ in range(_WIDER):
            against, base = _smooth(against), _smooth(base)
        joint = (app.joint * against / np.maximum(base, 1e-300)).ravel()
        joint /= joint.sum()
    return App(joint.reshape(app.joint.shape), app.silent)


def _silent(births: Births, app: App) -> np.ndarray:
    """Of each row of `births`, the share of members whose name says nothing about their age."""
    return np.where(np.arange(len(births.shares)) < len(births.names), *app.silent)


def _regardless(births: Births, joint: np.ndarray) -> np.ndarray:
    """(names × 2) P(name | sex) over all years of the app."""
    by_sex = joint / np.maximum(joint.sum(1, keepdims=True), 1e-300)
    return np.einsum("nsy,sy->ns", births.shares, by_sex.astype(np.float32), optimize=True).astype(float)


@dataclass(frozen=True)
class Posteriors:
    """reached: (names × 2 × years + 1) cumulated P(sex, year | name), so that any span of years is a difference of two columns."""

    reached: np.ndarray
    years: np.ndarray

    def between(self, rows: np.ndarray, low: np.ndarray | int, high: np.ndarray | int) -> np.ndarray:
        """(members × 2) P(sex, born from low to high | name); spans that end before they start have none."""
        first = np.clip(np.asarray(low) - self.years[0], 0, len(self.years)) + np.zeros(len(rows), int)
        end = np.clip(np.asarray(high) - self.years[0] + 1, 0, len(self.years)) + np.zeros(len(rows), int)
        end = np.maximum(first, end)
        return self.reached[rows, :, end] - self.reached[rows, :, first]

    def quantile(self, level: float) -> np.ndarray:
        """(names,) year of birth by which so much of the posterior is reached."""
        both = self.reached.sum(1)
        return self.years[np.minimum((both[:, 1:] < level).sum(1), len(self.years) - 1)]


def posteriors(births: Births, app: App) -> Posteriors:
    """P(sex, year | name) of every row of `births`."""
    mute = _regardless(births, app.joint)
    silent = _silent(births, app)
    reached = np.zeros((len(silent), 2, len(births.years) + 1))
    joint = app.joint * ((1 - silent)[:, None, None] * births.shares + (silent[:, None] * mute)[:, :, None])
    total = joint.sum((1, 2), keepdims=True)
    joint = np.where(total > 0, joint / np.maximum(total, 1e-300), app.joint)
    np.cumsum(joint, axis=2, out=reached[:, :, 1:])
    return Posteriors(reached, births.years)


def stack(first: Posteriors, second: Posteriors) -> Posteriors:
    """Two of the same births under two priors: rows of the second follow those of the first."""
    return Posteriors(np.concatenate([first.reached, second.reached]), first.years)


def _smooth(counts: np.ndarray) -> np.ndarray:
    """Along years, each year borrowing from its neighbours; totals near the ends are kept by weighing what is there."""
    half, length = len(_KERNEL) // 2, counts.shape[-1]
    total, weight = np.zeros(counts.shape), np.zeros(length)
    for step, share in zip(range(-half, half + 1), _KERNEL, strict=True):
        to, source = slice(max(0, -step), min(length, length - step)), slice(max(0, step), min(length, length + step))
        total[..., to] += share * counts[..., source]
        weight[to] += share
    return total / weight
