"""Missions as tables: from a sample of receipts, and back; the year keeps what its first month found."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.missions.names import ANY, dayparts_above, mission_words, name_missions
from bmyshop_profiles.missions.steps import missions, quality
from bmyshop_profiles.missions.tables import Sample, basket_matrix, known_items, mission_tables, missions_in_use
from bmyshop_profiles.orchestration.steps import Inputs
from bmyshop_profiles_tests.missions.worlds import ARTICLES, planted

CATEGORIES = pd.DataFrame(
    [("bread", "Pain"), ("press", "Presse"), ("beer", "Bière"), ("parcels", "Colis"), ("other", "Autre")], columns=["category", "label_fr"]
)
KINDS = ["bread", "press", "beer", "parcels", "other"]


def sample(month: str = "2025-01", receipts: int = 3000) -> Sample:
    """Receipts of four missions; article a07 is of the category press; two labels of one article, the rarer without a category."""
    matrix, mission = planted(receipts)
    rows = matrix.tocoo()
    baskets = pd.DataFrame({"receipt_key": [f"r{row:05d}" for row in rows.row], "item_key": [f"a{item:02d}" for item in rows.col]})
    visits = pd.DataFrame(
        {
            "month": month,
            "receipt_key": [f"r{row:05d}" for row in range(receipts)],
            "daypart": np.where(mission == 0, "early", "noon"),
            "amount_cents": 100 + 100 * mission,
        }
    )
    items = pd.DataFrame(
        {
            "item_key": [f"a{item:02d}" for item in range(ARTICLES)],
            "category": [KINDS[item // 6] for item in range(ARTICLES)],
            "label": [f"ARTICLE {item:02d}" for item in range(ARTICLES)],
            "lines_count": 100,
        }
    )
    items = pd.concat([items, items.head(1).assign(category=None, label="RARE", lines_count=1)])
    return Sample(baskets, visits, items, CATEGORIES)


@pytest.fixture(scope="module")
def made() -> tuple[pd.DataFrame, pd.DataFrame]:
    profiles, weights, reason = mission_tables(sample())
    assert reason == ""
    return profiles, weights


@pytest.mark.slow
def test_profiles_say_what_a_mission_is(made) -> None:
    profiles, _ = made
    named = profiles.set_index("mission_name")
    assert profiles.visits_share.sum() == pytest.approx(1)
    assert {"Pain, tôt le matin", "Presse, le midi", "Bière, le midi", "Colis, le midi"} <= set(named.index)
    assert named.loc["Pain, tôt le matin", "daypart"] == "early"
    assert named.loc["Bière, le midi", "spend_cents_mean"] == pytest.approx(300, abs=20)
    assert named.loc["Bière, le midi", "articles"].startswith("article 1") and named.loc["Presse, le midi", "articles"] == ""
    assert profiles.mission_key.tolist()[:4] == ["m01", "m02", "m03", "m04"]


@pytest.mark.slow
def test_weights_are_the_typology(made) -> None:
    profiles, weights = made
    found, terms = missions_in_use(weights)
    world = sample()
    items = known_items(world.items, CATEGORIES)
    matrix = basket_matrix(world.baskets, world.visits.receipt_key, items, terms)
    label = found.likeliest(matrix)
    shares = [(label == number).mean() for number in range(len(found.sizes))]
    assert shares == pytest.approx(profiles.visits_share[: len(shares)].tolist(), abs=1e-3)
    codes = weights[weights.kind != "prior"].drop_duplicates(["kind", "value_key"]).term_code
    assert codes.is_unique and (codes > 0).all()
    assert weights.groupby(["kind", "value_key"]).mission_key.nunique().nunique() == 1


@pytest.mark.slow
def test_an_article_that_came_later_counts_as_its_category(made) -> None:
    found, terms = missions_in_use(made[1])
    items = known_items(pd.DataFrame([("new", "beer", "IPA", 1)], columns=["item_key", "category", "label", "lines_count"]), CATEGORIES)
    bought = pd.DataFrame({"receipt_key": ["r", "s"], "item_key": ["new", "unheard of"]})
    label = found.likeliest(basket_matrix(bought, pd.Series(["r", "s"]), items, terms))
    assert made[0].mission_name[label[0]] == "Bière, le midi"
    assert label[1] == -1


def test_an_article_is_of_the_category_most_of_its_lines_are() -> None:
    items = known_items(sample(receipts=10).items, CATEGORIES)
    assert items.loc["a00"].tolist() == ["bread", "Pain", "ARTICLE 00"]


def run(step, month: str, frames: dict[str, pd.DataFrame]) -> tuple[dict, dict]:
    inputs = Inputs(None, None, month, {"missions_since": f"{month[:4]}-01", "seed": 0}, None, frames)  # type: ignore[arg-type]
    return dict(step(inputs)), inputs.figures


def test_the_year_keeps_the_missions_of_its_first_month() -> None:
    world = sample("2025-02", receipts=40)
    visits = pd.concat([world.visits, world.visits.assign(month="2024-12")])
    frames = {"baskets": world.baskets, "visits": visits, "item_categories": world.items, "product_taxonomy": CATEGORIES}
    tables, figures = run(missions, "2025-03", frames)
    assert [len(table) for table in tables.values()] == [0, 0]
    assert figures["mission_profiles"]["note"] == "the missions of 2025-02 are kept"


@pytest.mark.slow
def test_the_first_month_of_the_year_finds_them_and_the_next_measures_them() -> None:
    world = sample("2025-02")
    frames = {"baskets": world.baskets, "visits": world.visits, "item_categories": world.items, "product_taxonomy": CATEGORIES}
    tables, figures = run(missions, "2025-02", frames)
    assert len(tables["mission_profiles"]) >= 4 and "Presse, le midi (" in str(figures["mission_profiles"])
    later = {"weights": tables["mission_weights"], "sampled_receipt_items": world.baskets, **frames}
    measured, _ = run(quality, "2025-03", later)
    found = measured["mission_quality"].set_index("measure")
    assert found.low["gain_within"] > 0.3 and found.value["other_share"] < 0.05
    assert found.receipts_count["other_share"] == 3000


def test_without_missions_there_is_a_reason_and_nothing_to_measure() -> None:
    world = sample("2025-01", receipts=12)
    profiles, weights, reason = mission_tables(world)
    assert profiles.empty and weights.empty
    assert "distinct baskets" in reason
    measured, _ = run(quality, "2025-01", {"weights": weights, "sampled_receipt_items": world.baskets, "item_categories": world.items,
                                           "product_taxonomy": CATEGORIES})  # fmt: skip
    assert measured["mission_quality"].empty


def test_missions_of_one_category_are_named_by_their_articles() -> None:
    items = pd.DataFrame({"kind": "bread", "category": "Pain", "label": ["BAGUETTE", "PAIN COMPLET", "CROISSANT"]})
    shares, everybody = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]), np.full(3, 1 / 3)
    assert mission_words(shares, everybody, items) == [["baguette"], ["pain complet"]]
    press = items.assign(kind="press", category="Presse")
    assert mission_words(shares, everybody, press) == [[], []]  # titles of the press are never named, and all is press
    assert mission_words(shares, everybody, items.assign(kind="other")) == [[], []]
    assert name_missions([["presse"], ["presse"], []], ["noon", "noon", None]) == ["Presse, le midi", "Presse, le midi (2)", ANY]


def test_a_mission_whose_articles_mostly_have_no_category_is_named_by_them() -> None:
    """Three tenths of the first mission are bread, most is mugs; the second is beer."""
    kinds, labels = ["bread", "beer", None, None], ["BAGUETTE", "BIERE", "MUG", "VASE"]
    items = pd.DataFrame({"kind": kinds, "category": ["Pain", "Bière", "", ""], "label": labels})
    shares, everybody = np.array([[0.3, 0.01, 0.68, 0.01], [0.05, 0.8, 0.1, 0.05]]), np.array([0.15, 0.3, 0.25, 0.3])
    assert mission_words(shares, everybody, items) == [["mug", "baguette"], ["bière"]]
    assert mission_words(shares, everybody, items.assign(category=["Pain", "Bière", "Pain", ""])) == [["pain"], ["bière"]]


def test_a_daypart_is_named_where_it_stands_out() -> None:
    visits = pd.DataFrame({"mission": [0] * 10 + [1] * 10, "daypart": ["noon"] * 8 + ["early"] * 2 + ["early"] * 9 + ["noon"]})
    assert dayparts_above(visits) == {0: "noon", 1: "early"}
