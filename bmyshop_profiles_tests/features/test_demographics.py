"""Declared ages and names brought together, on rows written by hand."""

import datetime
from typing import Any

import pandas as pd
import pytest

from bmyshop_profiles.features.demographics import declared, member_demographics
from bmyshop_profiles.references import stand_ins

MONTH_END = datetime.date(2025, 2, 1)
COLUMNS = ("member_key", "first_name", "last_name", "birth_year", "age", "declared_on", "joined_on")


def members(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"member_key": f"m{number:02}", **row} for number, row in enumerate(rows)], columns=COLUMNS)


@pytest.fixture(scope="module")
def references() -> tuple[pd.DataFrame, pd.DataFrame]:
    return stand_ins.first_names(), stand_ins.survival()


def test_an_age_ages_and_a_birth_year_does_not() -> None:
    found = declared(
        members(
            {"birth_year": 1980},
            {"age": 40, "declared_on": "2020-06-01"},
            {"age": 40, "joined_on": "2018-06-01"},
            {"age": 40},
            {},
            {"birth_year": 1900},
            {"age": 0, "declared_on": "2024-01-01"},
            {"age": 117, "declared_on": "2024-01-01"},
            {"birth_year": 2025},
            {"birth_year": 2012},
            {"age": 18, "declared_on": "2025-01-20"},
        ),
        MONTH_END,
    )
    assert list(zip(found.low, found.high, found.state, strict=True)) == [
        (1980, 1980, "plausible"),
        (1979, 1980, "plausible"),
        (1977, 1978, "plausible"),
        (-1, -1, "none"),
        (-1, -1, "none"),
        (1900, 1900, "implausible"),
        (2023, 2024, "implausible"),
        (1906, 1907, "implausible"),
        (2025, 2025, "implausible"),
        (2012, 2012, "minor"),
        (2006, 2007, "plausible"),
    ]


def test_names_and_ages_make_posteriors(references) -> None:
    births = references[0].query("1950 <= birth_year <= 2004")
    drawn = births.sample(3000, replace=True, weights="births", random_state=0)
    crowd = [{"first_name": name, "birth_year": year} for name, year in zip(drawn.first_name, drawn.birth_year, strict=True)]
    cases = [
        {"first_name": "nathalie"},
        {"first_name": "Nathalie", "birth_year": 1968},
        {"first_name": "Kévin", "birth_year": 1938},
        {"first_name": "Enzo", "birth_year": 1900},
        {"first_name": "Camille"},
        {"first_name": "Zqxwv"},
        {"birth_year": 1950},
        {"first_name": "Enzo", "birth_year": 2012},
        {},
    ]
    table, figures = member_demographics(members(*crowd, *cases), *references, MONTH_END)
    keys = [f"m{number:02}" for number in range(len(crowd), len(crowd) + len(cases))]
    rows = table.set_index("member_key").loc[keys].to_dict("records")
    name_only, agreed, against, impossible, epicene, rare, unnamed, minor, nothing = rows
    assert (name_only["sex"], name_only["declared_state"]) == ("female", "none")
    assert 1955 < name_only["birth_year_middle"] < 1975
    assert name_only["birth_year_low"] < name_only["birth_year_middle"] < name_only["birth_year_high"]
    assert (agreed["declared_state"], agreed["birth_year_low"], agreed["birth_year_high"]) == ("plausible", 1968, 1968)
    assert agreed["declared_weight"] > 0.95
    assert agreed["age_55_posterior"] > 0.95
    # wildly against the name: flagged, kept, weighed down, not replaced
    assert (against["declared_state"], against["declared_low_year"]) == ("against_name", 1938)
    assert 0 < against["declared_weight"] < 0.5
    assert (impossible["declared_state"], impossible["declared_low_year"], impossible["declared_weight"]) == ("implausible", 1900, 0.0)
    assert (impossible["sex"], impossible["age_18_34_posterior"] > 0.8) == ("male", True)
    assert pd.isna(epicene["sex"]) == (epicene["female_posterior"] < 0.9)
    assert (rare["name_state"], pd.isna(rare["sex"])) == ("rare", True)
    assert (unnamed["name_state"], pd.isna(unnamed["sex"]), unnamed["birth_year_middle"]) == ("none", True, 1950)
    assert (minor["declared_state"], pd.isna(minor["sex"]), pd.isna(minor["age_18_34_posterior"])) == ("minor", True, True)
    assert nothing["age_18_34_posterior"] + nothing["age_35_54_posterior"] + nothing["age_55_posterior"] == pytest.approx(1)
    assert figures["members"] == len(crowd) + len(cases)
    assert figures["share with an implausible age"] == pytest.approx(2 / figures["members"], abs=1e-4)
    assert figures["log-loss of bands foretold by names"] < figures["log-loss of the app's own bands"]


def test_no_name_is_in_the_rows(references) -> None:
    table, figures = member_demographics(
        members({"first_name": "Canarinette", "last_name": "Canaridon"}, {"first_name": "Nathalie"}), *references, MONTH_END
    )
    told = (table.to_csv() + repr(figures)).lower()
    assert "canari" not in told
    assert "nathalie" not in told


def test_nobody_makes_an_empty_table(references) -> None:
    table, figures = member_demographics(members(), *references, MONTH_END)
    assert len(table) == 0
    assert figures["members"] == 0


def test_rows_do_not_depend_on_their_order(references) -> None:
    people = members(
        *[{"first_name": name, "birth_year": year} for name, year in zip(["Nathalie", "Enzo", "Jean"] * 9, range(1960, 1987), strict=True)]
    )
    first, _ = member_demographics(people, *references, MONTH_END)
    second, _ = member_demographics(people.sample(frac=1, random_state=1), *references, MONTH_END)
    pd.testing.assert_frame_equal(first, second)
