"""Names as people type them."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
