"""Sex and generation of members, from first names and declared ages: the rows of `member_demographics`.

Here: the interval of birth years that a declared age means, whether to believe it, and both brought together. Not here: what a name says
(`references/generations.py`), where names are kept (the vault; `assets.py` joins it). No name is in what this returns.
"""

import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bmyshop_profiles.references import generations, names
from bmyshop_profiles.references.generations import BANDS, OLDEST, WRONG_SHARE, YOUNGEST, App, Births, Posteriors
from bmyshop_profiles.statistics.probabilities import calibration_error, log_losses

SEX_CONFIDENCE = 0.9  # a sex is stated from here on; else it is left open
AGAINST_NAME = 0.5  # a declared age believed less than this is against the name
EARLIEST_YEAR = 1905  # nobody born before is a member; 1900 is what forms write when nothing is known
INTERVAL = (0.05, 0.5, 0.95)
NO_YEAR = -1


@dataclass(frozen=True)
class Declared:
    """Years between which each member says to be born (NO_YEAR: not said), and the state: none, plausible, implausible, minor."""

    low: np.ndarray
    high: np.ndarray
    state: np.ndarray


def declared(members: pd.DataFrame, month_end: datetime.date) -> Declared:
    """A birth year is itself; an age given on a day means one of two birth years, whatever the day it is read.

    members: birth_year, age, declared_on (each may be NULL). An age without a day is taken to be given on the day of joining; without
    that it is not used. 0, 1900 and ages of 105 and more are implausible: kept as they are, believed not at all.
    """
    year = pd.to_numeric(members.birth_year).to_numpy(float)
    age = pd.to_numeric(members.age).to_numpy(float)
    given = pd.to_datetime(members.declared_on).fillna(pd.to_datetime(members.joined_on)).dt.year.to_numpy(float)
    high = np.where(np.isnan(year), given - age, year)
    low = np.where(np.isnan(year), given - age - 1, year)
    said = ~np.isnan(high)
    now = _year(month_end)
    odd = said & ((low < max(EARLIEST_YEAR, now - OLDEST - 1)) | (low >= now) | (np.isnan(year) & (age <= 0)))
    minor = said & ~odd & (now - high < YOUNGEST)
    state = np.select([~said, odd, minor], ["none", "implausible", "minor"], "plausible")
    return Declared(np.where(said, low, NO_YEAR).astype(int), np.where(said, high, NO_YEAR).astype(int), state)


def member_demographics(
    members: pd.DataFrame, first_names: pd.DataFrame, survival: pd.DataFrame, month_end: datetime.date
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Rows of the table, and figures about them.

    Args:
        members: member_key, first_name, last_name, birth_year, age, declared_on, joined_on; one row each.
        first_names, survival: the reference tables. month_end: the first day after the month.

    Returns:
        One row per member without any name, sorted by member_key; figures for the table's page.
    """
    members = members.sort_values("member_key", ignore_index=True)
    resolved = names.resolve(members.first_name, members.last_name, generations.totals(first_names))
    births = generations.read_births(first_names, survival, _year(month_end), resolved.name)
    rows, said = births.rows(resolved), declared(members, month_end)
    usable = said.state == "plausible"
    app = generations.learn(births, rows[usable], said.low[usable], said.high[usable])
    others = generations.adjust(births, app, rows[~usable])
    found = generations.stack(generations.posteriors(births, app), generations.posteriors(births, others))
    table = _rows(members.member_key, resolved, rows + np.where(usable, 0, len(births.shares)), said, births, app, found)
    return table, figures(table, app)


def _rows(
    keys: pd.Series, resolved: pd.DataFrame, rows: np.ndarray, said: Declared, births: Births, app: App, found: Posteriors
) -> pd.DataFrame:
    now = int(births.years[-1]) + YOUNGEST
    spans = {band: (now - oldest, now - youngest) for band, (youngest, oldest) in BANDS.items()}
    by_name = {band: found.between(rows, low, high) for band, (low, high) in spans.items()}
    usable = said.state == "plausible"
    low, high = np.where(usable, said.low, 1), np.where(usable, said.high, 0)
    within = found.between(rows, low, high)  # P(sex, declared years | name)
    weight = _belief(within.sum(1), app, births.years, low, high, usable)
    narrowed = {band: found.between(rows, np.maximum(low, start), np.minimum(high, end)) for band, (start, end) in spans.items()}
    inside = np.maximum(within.sum(1), 1e-300)[:, None]
    joint = {band: weight[:, None] * narrowed[band] / inside + (1 - weight)[:, None] * by_name[band] for band in spans}
    is_minor = said.state == "minor"
    total = np.maximum(sum(part.sum(1) for part in joint.values()), 1e-300)
    female = sum(part[:, 0] for part in joint.values()) / total
    named = ~resolved.name_state.isin(["none", "initial"]).to_numpy()
    is_stated = named & (np.maximum(female, 1 - female) >= SEX_CONFIDENCE) & ~is_minor
    sex = pd.Series(np.where(female >= 0.5, "female", "male"), dtype=object).where(is_stated, None)
    quantiles = [found.quantile(level)[rows] for level in INTERVAL]
    believed = weight >= AGAINST_NAME
    edges = (said.low, (said.low + said.high + 1) // 2, said.high)
    state = np.where(usable & ~believed, "against_name", said.state)
    middle = now - (said.low + said.high) / 2
    band = np.select([middle < 35, middle < 55], ["age_18_34", "age_35_54"], "age_55")

    def unless_minor(values: np.ndarray) -> pd.Series:
        return pd.Series(values).where(~is_minor)

    return pd.DataFrame(
        {
            "member_key": keys,
            "name_state": resolved.name_state.to_numpy(),
            "sex": sex,
            "female_posterior": unless_minor(female),
            **{f"{name}_posterior": unless_minor(part.sum(1) / total) for name, part in joint.items()},
            **{f"name_{name}_posterior": unless_minor(part.sum(1)) for name, part in by_name.items()},
            **{
                name: unless_minor(np.where(believed, edge, value)).astype("Int32")
                for name, edge, value in zip(("birth_year_low", "birth_year_middle", "birth_year_high"), edges, quantiles, strict=True)
            },
            "declared_state": state,
            "declared_low_year": pd.Series(said.low, dtype="Int32").where(said.low != NO_YEAR),
            "declared_high_year": pd.Series(said.high, dtype="Int32").where(said.high != NO_YEAR),
            "declared_weight": np.where(usable, weight, 0.0),
            "declared_band": pd.Series(band, dtype=object).where(usable, None),
        }
    )


def _year(month_end: datetime.date) -> int:
    return (month_end - datetime.timedelta(days=1)).year


def _belief(within: np.ndarray, app: App, years: np.ndarray, low: np.ndarray, high: np.ndarray, usable: np.ndarray) -> np.ndarray:
    """P(the declared age is true | name): a wrong one falls anywhere in the app's ages, whatever the name."""
    reached = np.r_[0.0, np.cumsum(app.joint.sum(0))]
    first, end = np.clip(low - years[0], 0, len(years)), np.clip(high - years[0] + 1, 0, len(years))
    anywhere = np.where(usable, reached[np.maximum(end, first)] - reached[first], 0.0)
    true, wrong = (1 - WRONG_SHARE) * within, WRONG_SHARE * anywhere
    return np.where(usable, true / np.maximum(true + wrong, 1e-300), 0.0)


def figures(table: pd.DataFrame, app: App) -> dict[str, Any]:
    """What the table's page tells: shares inferred and left open, and how well names foretell declared ages."""
    count = max(len(table), 1)
    named = ~table.name_state.isin(["none", "initial"])
    shown: dict[str, Any] = {
        "members": len(table),
        "share with a name": float(named.mean()) if len(table) else 0.0,
        "share with a sex": float(table.sex.notna().mean()) if len(table) else 0.0,
        "share of named members left without a sex": float(table.sex[named].isna().mean()) if named.any() else 0.0,
        "share of names unknown to the births": float((table.name_state == "rare").sum() / count),
        "share with a believed age": float(((table.declared_state == "plausible").sum()) / count),
        "share with an implausible age": float(table.declared_state.isin(["implausible", "against_name"]).sum() / count),
        "share whose name says nothing about age (known names)": round(app.silent[0], 4),
        "share whose name says nothing about age (unknown names)": round(app.silent[1], 4),
    }
    known = table[table.declared_state == "plausible"]
    if len(known) >= 30:
        label = pd.Index(BANDS).get_indexer(pd.Index(known.declared_band))
        foretold = known[[f"name_{band}_posterior" for band in BANDS]].to_numpy(float)
        shown["calibration error of bands foretold by names"] = calibration_error(foretold, label)
        shown["log-loss of bands foretold by names"] = float(log_losses(foretold, label).mean())
        shares = np.bincount(label, minlength=len(BANDS)) / len(label)
        shown["log-loss of the app's own bands"] = float(log_losses(np.broadcast_to(shares, foretold.shape), label).mean())
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in shown.items()}
