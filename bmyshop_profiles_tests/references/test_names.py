"""Names as people type them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bmyshop_profiles.references import generations, stand_ins
from bmyshop_profiles.references.names import normalise, resolve

BIRTHS = pd.Series(
    {"JEAN": 1e6, "JEAN-PIERRE": 3e5, "MARIE": 2e6, "CELINE": 2e5, "SOPHIE": 3e5, "MARTIN": 8e4, "ZOE": 5e4, "STEPHANE": 3e5}
)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("céline", "CELINE"),
        ("  Jean   pierre ", "JEAN-PIERRE"),
        ("JEAN-PIERRE", "JEAN-PIERRE"),
        ("M. Jean", "JEAN"),
        ("Mme Zoé", "ZOE"),
        ("Cœur", "COEUR"),
        ("D’Artagnan", "DARTAGNAN"),
        ("M", "M"),
        ("", ""),
        ("42", ""),
    ],
)
def test_names_are_made_plain(typed: str, plain: str) -> None:
    assert normalise(typed) == plain


@given(st.text())
def test_any_text_has_a_plain_form_that_is_its_own(text: str) -> None:
    plain = normalise(text)
    assert normalise(plain) in (plain, "-".join(plain.split("-")[1:]))  # a title may stand before a title
    assert not plain or set(plain) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ-")


def resolved(first: list[str | None], last: list[str | None]) -> list[tuple[str, str]]:
    found = resolve(pd.Series(first, dtype=object), pd.Series(last, dtype=object), BIRTHS)
    return list(found.itertuples(index=False, name=None))


def test_which_name_is_meant() -> None:
    first = ["Céline", "jean pierre", "Marie-Priscilla", "Steph", "J.-P.", "X.", None, "Qwertz", "JeanPierre", "Jean, Paul"]
    assert resolved(first, [None] * len(first)) == [
        ("CELINE", "known"),
        ("JEAN-PIERRE", "known"),
        ("MARIE", "part"),
        ("STEPH", "nickname"),
        ("JP", "nickname"),
        ("", "initial"),
        ("", "none"),
        ("", "rare"),
        ("", "rare"),
        ("JEAN", "part"),
    ]


def test_first_and_last_name_swapped() -> None:
    """Families called Martin are many; a first name that is somebody's last name elsewhere changes places only where that is likelier."""
    first = ["Sophie"] * 50 + ["Jean"] * 50 + ["Martin", "Martin", "Brindacier"]
    last = ["Martin"] * 40 + ["Brindacier"] * 60 + ["Sophie", "Brindacier", "Céline"]
    found = resolved(first, last)
    assert set(found[:100]) == {("SOPHIE", "known"), ("JEAN", "known")}
    assert found[100:] == [("SOPHIE", "swapped"), ("MARTIN", "known"), ("CELINE", "swapped")]


@pytest.fixture(scope="module")
def births() -> pd.Series:
    return generations.totals(stand_ins.first_names())


def listed(births: pd.Series, count: int) -> tuple[list[str | None], list[str | None]]:
    """First names as they were born, one in twelve unknown to the births; last names, one in eight of which is a first name."""
    rng = np.random.default_rng(0)
    unknown = [f"Qwert{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    last = [f"Brindacier{first}{second}" for first in "abcdefghij" for second in "abcdefghij"]
    first = rng.choice(births.index.to_numpy(object), count, p=(births / births.sum()).to_numpy())
    shared = rng.choice(["MARTIN", "BERNARD", "ROBERT", "THOMAS", "LAURENT", "DAVID"], count)
    return (
        list(np.where(rng.random(count) < 1 / 12, rng.choice(unknown, count), first)),
        list(np.where(rng.random(count) < 1 / 8, shared, rng.choice(last, count))),
    )


@pytest.mark.parametrize("typed", [None, "", "R.", "J-Q.", "Xyzw", "Dupont-Xyzw"])
@pytest.mark.parametrize("surname", ["Richard", "Martin", "Thomas"])
@pytest.mark.parametrize("count", [10, 300, 1000])
def test_a_last_name_is_not_taken_for_a_missing_or_unknown_first_name(
    births: pd.Series, typed: str | None, surname: str, count: int
) -> None:
    """Also where nobody else is called so: in a short list most last names are borne once."""
    first, last = listed(births, count)
    found = resolve(pd.Series([*first, typed], dtype=object), pd.Series([*last, surname], dtype=object), births).iloc[-1]
    state = "none" if not typed else "initial" if typed.endswith(".") else "rare"
    assert (found["name"], found.name_state) == ("", state)


def test_names_in_each_other_s_place_are_found_and_most_called_so_are(births: pd.Series) -> None:
    first, last = listed(births, 3000)
    put = np.arange(3000) % 50 == 0
    typed = [*np.where(put, last, first), "Tournepluie", "Dupont-Xyzw"], [*np.where(put, first, last), "Sophie", "Nathalie"]
    rows = resolve(pd.Series(typed[0], dtype=object), pd.Series(typed[1], dtype=object), births)
    assert rows[-2:].to_numpy().tolist() == [["SOPHIE", "swapped"], ["NATHALIE", "swapped"]]
    found = (rows[:-2].name_state == "swapped").to_numpy()
    assert found[put].mean() > 0.6
    assert put[found].mean() > 0.9


@pytest.mark.parametrize(("typed", "name", "state"), [("Marie-Priscilla", "MARIE", "part"), ("Steph", "STEPH", "nickname")])
def test_a_first_name_known_by_a_part_or_in_short_is_a_first_name(births: pd.Series, typed: str, name: str, state: str) -> None:
    first, last = listed(births, 1000)
    found = resolve(pd.Series([*first, typed], dtype=object), pd.Series([*last, "Richard"], dtype=object), births).iloc[-1]
    assert (found["name"], found.name_state) == (name, state)
