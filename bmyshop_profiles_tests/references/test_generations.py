"""What a name says: against sums done by hand, and on people drawn from known births."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.references import generations, official
from bmyshop_profiles.references.official import RARE
from bmyshop_profiles_tests.realdata import shared

YEAR = 2025
NAMES = {"OLDA": (1930, 1960), "MIDA": (1955, 1985), "YUNA": (1985, 2007), "BOTH": (1930, 2007)}


def world() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Names evenly given over their years, to girls alone; BOTH to as many boys; everybody alive."""
    rows = [("female", name, year, 1000) for name, (first, last) in NAMES.items() for year in range(first, last + 1)]
    rows += [("male", "BOTH", year, 1000) for year in range(1920, 2008)] + [("female", RARE, year, 100) for year in range(1920, 2008)]
    rows += [("male", RARE, year, 100) for year in range(1920, 2008)]
    alive = [(sex, year, YEAR, 1.0 if year >= 1940 else 0.5) for sex in ("female", "male") for year in range(1900, 2026)]
    return (
        pd.DataFrame(rows, columns=["sex", "first_name", "birth_year", "births"]),
        pd.DataFrame(alive, columns=["sex", "birth_year", "year", "alive_share"]),
    )


def births_of(*names: str) -> generations.Births:
    first_names, survival = world()
    return generations.read_births(first_names, survival, YEAR, pd.Series(names, dtype=object))


def rows_of(births: generations.Births, names: list[str], state: str = "known") -> np.ndarray:
    return births.rows(pd.DataFrame({"name": names, "name_state": state}))


NOBODY = np.empty(0, dtype=int)


def test_without_declared_ages_the_app_is_like_the_living() -> None:
    births = births_of("OLDA", "BOTH")
    app = generations.learn(births, NOBODY, NOBODY, NOBODY)
    found = generations.posteriors(births, app)
    rows = rows_of(births, ["OLDA", "BOTH", ""], "none")
    sexes = found.reached[rows, :, -1]
    assert sexes[0] == pytest.approx([1, 0], abs=1e-6)
    assert sexes[1, 1] > 0.4
    assert sexes.sum(1) == pytest.approx([1, 1, 1])
    # OLDA: 1930 to 1939 at half weight, 1940 to 1960 at full weight, of which what says nothing (5 %) is anywhere
    assert found.between(rows[:1], 1940, 1960).sum() == pytest.approx(21 / 26, abs=0.06)
    living = births.alive.sum(0) / births.alive.sum()
    assert found.between(rows[2:], 1990, 1999).sum() == pytest.approx(living[(births.years >= 1990) & (births.years <= 1999)].sum())


def test_the_app_s_own_ages_are_learnt_and_names_reweighed() -> None:
    """The app has the young only: BOTH, of any age at birth, is young in it."""
    births = births_of("BOTH", "YUNA")
    rng = np.random.default_rng(0)
    years = rng.integers(1990, 2006, 4000)
    app = generations.learn(births, rows_of(births, ["BOTH"] * 4000), years, years)
    found = generations.posteriors(births, app)
    row = rows_of(births, ["BOTH"])
    assert found.between(row, 1988, 2007).sum() > 0.95
    assert app.silent[0] < 0.2


def test_a_share_of_names_may_say_nothing() -> None:
    births = births_of("OLDA", "YUNA")
    rng = np.random.default_rng(1)
    honest = rng.random(5000) < 0.7
    young = rng.random(5000) < 0.5
    names = np.where(young, "YUNA", "OLDA")
    years = np.where(honest == young, rng.integers(1986, 2006, 5000), rng.integers(1931, 1960, 5000))
    app = generations.learn(births, rows_of(births, list(names)), years, years)
    assert app.silent[0] == pytest.approx(0.6, abs=0.08)  # 30 % bear a name of the other generation; as many by chance that of their own
    found = generations.posteriors(births, app)
    assert found.between(rows_of(births, ["YUNA"]), 1985, 2007).sum() == pytest.approx(0.7, abs=0.05)


def test_those_who_declare_nothing_are_aged_by_their_names() -> None:
    births = births_of("OLDA", "MIDA", "YUNA")
    rng = np.random.default_rng(2)
    app = generations.learn(births, rows_of(births, ["YUNA"] * 3000), rng.integers(1986, 2006, 3000), rng.integers(1986, 2006, 3000) + 1)
    others = generations.adjust(births, app, rows_of(births, ["OLDA"] * 1500 + ["YUNA"] * 500))
    old = births.years <= 1960
    assert app.joint[:, old].sum() < 0.1
    assert others.joint[:, old].sum() > 0.5
    assert generations.adjust(births, app, NOBODY) is app


@pytest.mark.slow
@pytest.mark.realdata
def test_names_every_french_reader_can_place() -> None:
    directory = shared("insee_first_names")
    first_names = official.first_names(next((directory / "insee_first_names").glob("*.zip")))
    survival = official.survival(shared("mortality") / "mortality" / "hmd_death_rates_france.csv.gz")
    column = pd.Series(["MONIQUE", "NATHALIE", "KEVIN", "ENZO", "CLAUDE", "CAMILLE"], dtype=object)
    births = generations.read_births(first_names, survival, 2024, column)
    found = generations.posteriors(births, generations.learn(births, NOBODY, NOBODY, NOBODY))
    rows = rows_of(births, list(column))
    ages = dict(zip(column, 2024 - found.quantile(0.5)[rows], strict=True))
    assert 72 < ages["MONIQUE"] < 80
    assert 52 < ages["NATHALIE"] < 58
    assert 29 < ages["KEVIN"] < 35
    assert 19 < ages["ENZO"] < 24
    women = dict(zip(column, found.reached[rows, 0, -1], strict=True))
    assert women["MONIQUE"] > 0.99
    assert women["ENZO"] < 0.01
    assert 0.05 < women["CLAUDE"] < 0.3
    assert 0.7 < women["CAMILLE"] < 0.95


def test_spans_and_quantiles() -> None:
    births = births_of("MIDA")
    found = generations.posteriors(births, generations.learn(births, NOBODY, NOBODY, NOBODY))
    row = rows_of(births, ["MIDA"])
    whole = found.between(row, births.years[0], births.years[-1])
    assert whole.sum() == pytest.approx(1)
    assert found.between(row, 1980, 1970).sum() == 0
    parts = found.between(row, 1900, 1969) + found.between(row, 1970, 2100)
    assert parts == pytest.approx(whole)
    middle = found.quantile(0.5)[row][0]
    assert 1966 <= middle <= 1974


def test_undisclosed_births_follow_the_rare_names() -> None:
    first_names, survival = world()
    untold = pd.DataFrame([("female", "UNTOLD", None, 88)], columns=list(first_names))
    births = generations.read_births(pd.concat([first_names, untold]), survival, YEAR, pd.Series(["UNTOLD"], dtype=object))
    assert births.shares[0, 0].min() > 0
    assert births.shares[0, 1].max() == 0
