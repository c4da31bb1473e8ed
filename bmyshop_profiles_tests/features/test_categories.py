"""Categories of products: by family, by label, or none."""

import re
from pathlib import Path

import pandas as pd
import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.features.categories import categorise, family_categories
from bmyshop_profiles.features.label_classifier import LabelClassifier, shipped
from bmyshop_profiles.features.label_text import fold
from bmyshop_profiles.orchestration.code import Code
from bmyshop_profiles.references.taxonomy import taxonomy
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation.products import FAMILIES
from bmyshop_profiles_tests.conftest import at

MIXED = {"FRAIS", "TÉLÉPHONIE", "TIMBRES"}  # these hold several categories: their labels tell


@pytest.fixture(scope="module")
def model() -> LabelClassifier:
    return shipped()


def products(*rows: tuple[str, str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["product_key", "label", "family"])


def own_file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_families_shipped_are_of_the_taxonomy_and_know_common_tills() -> None:
    families = family_categories()
    assert set(families.values()) <= set(taxonomy())
    assert families[fold("BIÈRES")] == "beer"
    assert families[fold("Jeux à gratter")] == "games_of_chance"
    assert {family for family in FAMILIES if fold(family) not in families} == MIXED


def test_a_person_s_file_stands_over_the_families_shipped(tmp_path: Path) -> None:
    families = family_categories(own_file(tmp_path / "f.csv", "family,category\nRayon 7,bread\n\nPain,pastry\nÉPICERIE,\n"))
    assert (families["rayon 7"], families["pain"], families["bieres"]) == ("bread", "pastry", "beer")
    assert "epicerie" not in families


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("famille,categorie\n", "line 1: the header must be family,category"),
        ("family,category\nPAIN,bred\n", "line 2: 'bred' is no category; did you mean bread?"),
        ("family,category\nPAIN,bread\nVIN\n", "line 3: 1 fields"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BmyshopError, match=message.replace("?", r"\?")):
        family_categories(own_file(tmp_path / "f.csv", text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BmyshopError, match="no such file; the setting product_families"):
        family_categories(tmp_path / "nowhere.csv")


def test_family_first_then_label_then_nothing(model: LabelClassifier) -> None:
    given = products(
        ("a", "BAGUETTE TRADITION", "Presse"),  # the family stands over the label
        ("b", "BAGUETTE TRADITION", "unknown"),
        ("c", ".", "unknown"),
        ("d", "NONE", None),
        ("e", None, "PAIN"),
    )
    rows = categorise(given, family_categories(), model, least_confidence=0.6).set_index("product_key")
    assert rows.method.to_dict() == {"a": "family", "b": "label", "c": "none", "d": "none", "e": "family"}
    assert rows.category.dropna().to_dict() == {"a": "press", "b": "bread", "e": "bread"}
    assert rows.is_abstained.to_dict() == {"a": False, "b": False, "c": True, "d": True, "e": False}
    assert rows.confidence[["a", "e"]].tolist() == [1, 1]
    assert rows.confidence[["c", "d"]].isna().all()
    assert 0.6 <= rows.confidence["b"] < 1


def test_a_label_that_is_not_sure_enough_gives_no_category_but_says_how_sure_it_was(model: LabelClassifier) -> None:
    rows = categorise(products(("b", "BAGUETTE TRADITION", "unknown")), {}, model, least_confidence=1.0)
    assert rows.category.isna().all()
    assert rows[["method", "is_abstained"]].to_numpy().tolist() == [["label", True]]
    assert 0.6 <= rows.confidence[0] < 1


@pytest.mark.parametrize(
    "label",
    [
        *("E-LIQUIDE FRAISE 10ML 3MG", "ELIQ POMME 6MG", "VAPE PUFF MANGUE", "DIY AROME FRUITS ROUGES", "E LIQUIDE PECHE 50ML"),
        *("E.LIQ CASSIS 12 MG", "ELIQUID BANANE 3MG", "E-LIQUIDES LITCHI 10 ML", "PUFF FRAISE KIWI 9MG", "POD MYRTILLE 20MG"),
        *("CONCENTRE DIY FRAMBOISE 30ML", "SEL DE NICOTINE PASTEQUE 20MG", "VAPE JETABLE FRUITS EXOTIQUES", "CIG ELEC MANGUE"),
    ],
)
def test_what_is_vaped_is_no_fruit(model: LabelClassifier, label: str) -> None:
    """Also where the network teaches much of fruit and nothing of vaping."""
    fruit = (
        "FRAISE",
        "POMME",
        "MANGUE",
        "PECHE",
        "CASSIS",
        "BANANE",
        "KIWI",
        "MYRTILLE",
        "FRAMBOISE",
        "PASTEQUE",
        "LITCHI",
        "FRUITS ROUGES",
    )
    shelf = [(f"{name}{way}", f"{name} {way}", "FRUITS ET LEGUMES") for name in fruit for way in ("VRAC", "BARQUETTE", "LE KG")]
    for known in ([], shelf):
        rows = categorise(products(*known, ("x", label, "unknown")), family_categories(), model, least_confidence=0.6)
        assert rows.category.iloc[-1] == "vaping"


@pytest.mark.parametrize(
    ("label", "category"),
    [
        *((name, "fruit_vegetables") for name in ("FRAISE 250G", "POMME GOLDEN 1KG", "FRUITS ROUGES SURGELES 450G", "MANGUE", "PASTEQUE")),
        *((name, "confectionery") for name in ("BONBON FRAISE TAGADA", "SUCETTE POMME", "CHEWING GUM FRAISE")),
        *(("THE FRUITS ROUGES", "hot_drinks"), ("SMOOTHIE MANGUE", "soft_drinks"), ("ENERGY DRINK MANGUE", "soft_drinks")),
        *(("AROME VANILLE", "grocery"), ("LIQUIDE VAISSELLE CITRON 500ML", "household"), ("CREME LIQUIDE 20CL", "dairy_eggs")),
        *(
            ("SAVON LIQUIDE PECHE", "hygiene"),
            ("SEL FIN 1KG", "grocery"),
            ("PARACETAMOL 500MG", "other"),
            ("BOOSTER POKEMON", "gifts_toys"),
        ),
    ],
)
def test_a_flavour_is_no_fruit_and_a_fruit_no_flavour(model: LabelClassifier, label: str, category: str) -> None:
    rows = categorise(products(("x", label, "unknown")), {}, model, least_confidence=0.6)
    assert rows.category.tolist() == [category]


def test_titles_of_the_press_are_only_press_and_no_category_is_about_health_or_faith(model: LabelClassifier) -> None:
    rows = categorise(products(("a", "LE MONDE", "unknown"), ("b", "LE FIGARO", "unknown")), {}, model, least_confidence=0.0)
    assert rows.category.tolist() == ["press", "press"]
    assert not [each for each in taxonomy() if re.search("health|pharm|medic|relig|faith|politic", each)]


def test_the_network_s_own_families_teach_its_labels(model: LabelClassifier) -> None:
    words = [f"{first}{second}" for first in ("BA", "CO", "DU", "FI") for second in ("RON", "LET", "MIS")]
    taught = (("ZORGLUB", "BIÈRES"), ("QUIDAM", "PRESSE"), ("PAIN", "PAIN"))
    known = [(f"{family}{word}", f"{name} {word}", family) for name, family in taught for word in words]
    asked = [("x", "ZORGLUB INEDIT", "?"), ("y", "QUIDAM INEDIT", "?")]
    families = family_categories()
    before = categorise(products(*asked), families, model, least_confidence=0.0).category.tolist()
    after = categorise(products(*known, *asked), families, model, least_confidence=0.0).set_index("product_key").category
    assert before != ["beer", "press"]
    assert after[["x", "y"]].tolist() == ["beer", "press"]


def test_no_products_no_rows(model: LabelClassifier) -> None:
    assert categorise(products(), {}, model, least_confidence=0.6).empty


def test_other_families_make_the_table_stale_and_other_settings_too(settings: Settings) -> None:
    catalogue = load_catalogue()
    settings.data_dir.mkdir()
    given = settings.model_copy(update={"product_families": Path("families.csv")})
    assert given.product_families_file == settings.data_dir / "families.csv"
    codes = []
    for text in ("family,category\nRayon 7,bread\n", "family,category\nRayon 7,beer\n"):
        own_file(settings.data_dir / "families.csv", text)
        codes.append(Code(catalogue, given).own(catalogue["product_categories"]))
    codes.append(Code(catalogue, settings).own(catalogue["product_categories"]))
    codes.append(Code(catalogue, settings.model_copy(update={"category_confidence": 0.9})).own(catalogue["product_categories"]))
    assert len(set(codes)) == 4
    assert codes[2] == Code(catalogue, settings).own(catalogue["product_categories"])


def test_categories_of_a_shop_are_shares_of_its_articles(make, checked) -> None:
    line = {"store_key": "S1", "quantity": 1, "amount_cents": 50, "sold_at": at("2025-01-02 08:00"), "receipt_key": "r"}
    lines = [{**line, "product_key": key} for key in ("p1", "p1", "p2", "p3")]
    known = [{"product_key": key, "category": category} for key, category in (("p1", "bread"), ("p2", "press"), ("p3", None))]
    months = make("store_sales_months", {"receipt_lines": lines, "product_categories": known})
    categories = [row for row in months if row["kind"] == "category"]
    assert [(row["value_key"], row["lines_count"], row["amount_cents"]) for row in categories] == [
        ("bread", 2, 100),
        ("press", 1, 50),
        ("unknown", 1, 50),
    ]
    shares = make("store_sales", {"store_sales_months": months})
    assert {row["value_key"]: (row["lines_share"], row["amount_share"]) for row in shares if row["kind"] == "category"} == {
        "bread": (0.5, 0.5),
        "press": (0.25, 0.25),
        "unknown": (0.25, 0.25),
    }
    assert not checked("store_sales", shares[:1])["shares_add_up"].passed
