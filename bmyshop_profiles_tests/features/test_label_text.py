"""Till labels in one spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bmyshop_profiles.features.label_text import character_pieces, fold, label_key, normalise_label, word_pieces


@pytest.mark.parametrize(
    ("label", "normalised"),
    [
        ("CÔTES DU SUD RGE 75CL", "cotes du sud rouge #volume"),
        ("Œufs frais x6", "oeufs frais #pieces"),
        ("CITRON VERT LE KG 0.455KG X 3.69€/KG", "citron vert le kg"),
        ("EAU DE SOURCE, 6 X 1.5L 2 X 1.12€", "eau de source #volume"),
        ("6 X 1.5L EAU", "#volume eau"),
        ("LAIT DELACTOSE 1.25 X 1", "lait delactose"),
        ("LENTILLES CORAIL 500G REMISE DE -2.00% SUR 3.20EUR", "lentilles corail #weight"),
        ("4 MADELEINES 3.99â‚¬", "madeleines"),
        ("CR. UHT 30% E&V", "creme uht #percent e v"),
        ("FRO. BLC 1KG", "fromage blanc #weight"),
        ("E-LIQUIDE FRAISE 10ML 3MG", "eliquide fraise #volume #dose"),
        ("ELIQ POMME 6 MG", "eliquide pomme #dose"),
        ("E.LIQ. CASSIS", "eliquide cassis"),
        ("CREME LIQUIDE 20CL", "creme liquide #volume"),
    ],
)
def test_one_spelling(label: str, normalised: str) -> None:
    assert normalise_label(label) == normalised


@pytest.mark.parametrize(
    "label",
    [None, "", ".", "NONE", "Article divers", "ARTICLE DIVERS 0.270KG X 21.95", "0.840 X 4.90", "123456", "CARTE BANCAIRE", "Remise", "#"],
)
def test_a_label_that_names_no_article_is_empty(label: str | None) -> None:
    assert normalise_label(label) == ""


def test_a_word_of_payment_beside_an_article_is_kept() -> None:
    assert normalise_label("CARTE POSTALE") == "carte postale"


def test_the_size_of_the_pack_is_no_other_label() -> None:
    assert label_key(normalise_label("PÂTES 500G")) == label_key(normalise_label("PATES 1KG X2")) == "pates"


def test_pieces() -> None:
    assert word_pieces("pain de mie") == ["pain", "de", "mie", "pain de", "de mie"]
    assert character_pieces("the") == [" t", "th", "he", "e ", " th", "the", "he ", " the", "the ", " the "]


@given(st.text(max_size=60))
def test_any_text_is_spelled_once_and_for_all(text: str) -> None:
    once = normalise_label(text)
    assert once.isascii()
    assert once == once.lower() == " ".join(once.split())
    assert fold(once) == once
    word_pieces(once), character_pieces(once)
