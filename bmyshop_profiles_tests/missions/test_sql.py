"""Missions of receipts in SQL, equal to Python's; visits by category."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.missions.model import Missions
from bmyshop_profiles.missions.tables import basket_matrix, known_items, missions_in_use
from bmyshop_profiles_tests.conftest import at

SHARES = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.1, 0.3, 0.5], [0.2, 0.2, 0.5, 0.1]])
FOUND = Missions(SHARES, np.array([0.5, 0.3, 0.2]), np.array([0.25, 0.25, 0.3, 0.2]))
VALUES = [("item", "a"), ("item", "b"), ("category", "press"), ("item", "c")]
BASKETS = {
    "r1": ["a"],
    "r2": ["a", "b"],
    "r3": ["b", "a", "a"],  # the same basket in another order, an article twice
    "r4": ["c", "new"],
    "r5": ["new", "newer"],  # both count as press, once
    "r6": ["unheard of"],
    "r7": ["c", "a"],
}
PRODUCTS = {"a": "bread", "b": "bread", "c": "beer", "new": "press", "newer": "press", "unheard of": None}


def weights(month: str = "2025-01", found: Missions = FOUND) -> list[dict]:
    rows = []
    for mission in range(len(found.sizes)):
        for place, (kind, value) in enumerate(VALUES):
            micro = round(1e6 * found.log_ratios[place, mission])
            share = found.everybody[place]
            rows.append((kind, value, place + 1, share, micro, mission))
        rows.append(("prior", "size", 0, None, round(1e6 * np.log(found.sizes[mission])), mission))
    columns = ("kind", "value_key", "term_code", "network_share", "weight_micronats")
    return [{**dict(zip(columns, row, strict=False)), "mission_key": f"m{row[-1] + 1:02d}", "month": month} for row in rows]


def sold(baskets: dict[str, list[str]]) -> dict[str, list[dict]]:
    """Lines, receipts and products. Of r1 one article more is given back; on the last receipt nothing is bought."""
    lines = [
        {"receipt_key": key, "product_key": item, "quantity": 1, "store_key": "S", "amount_cents": 1, "sold_at": at("2025-01-02 08:00")}
        for key, items in baskets.items()
        for item in items
    ]
    lines += [{**lines[0], "product_key": "c", "quantity": -1}, {**lines[0], "receipt_key": "r8", "product_key": "c", "quantity": -1}]
    return {"receipt_lines": lines, "products": [{"product_key": item, "item_key": item} for item in PRODUCTS]}


@pytest.fixture
def inputs(make):
    def made(baskets: dict[str, list[str]] | None = None, **others: list[dict]) -> dict[str, list[dict]]:
        given = sold(baskets or BASKETS)
        receipts = make("receipts", given)
        return {
            "receipts": receipts,
            "baskets": make("baskets", {**given, "receipts": receipts}),
            "item_categories": [{"item_key": item, "category": category} for item, category in PRODUCTS.items()],
            **others,
        }

    return made


def test_sql_gives_receipts_the_missions_that_python_does(make, inputs) -> None:
    given = inputs(mission_weights=weights())
    rows = make("store_missions", given, checks=False)
    counted = {row["mission_key"]: (row["receipts_count"], row["half_receipts_count"]) for row in rows}
    found, terms = missions_in_use(pd.DataFrame(weights()))
    items = known_items(
        pd.DataFrame({"item_key": PRODUCTS.keys(), "category": PRODUCTS.values(), "label": "", "lines_count": 1}),
        pd.DataFrame([("press", "Presse"), ("bread", "Pain"), ("beer", "Bière")], columns=["category", "label_fr"]),
    )
    bought = pd.DataFrame([(key, item) for key, own in BASKETS.items() for item in own], columns=["receipt_key", "item_key"])
    keys = pd.Series([row["receipt_key"] for row in given["receipts"]])
    label = found.likeliest(basket_matrix(bought, keys, items, terms))
    expected = pd.Series([f"m{number + 1:02d}" if number >= 0 else "other" for number in label])
    first = np.array([row["half"] == 0 for row in given["receipts"]])
    assert {key: count for key, (count, _) in counted.items()} == expected.value_counts().to_dict()
    assert {key: half for key, (_, half) in counted.items()} == {key: int((expected[first] == key).sum()) for key in counted}
    assert counted["other"][0] >= 2  # an article that nobody knows, and nothing bought
    assert {(row["store_key"], row["weekday"], row["sold_hour"], row["daypart"]) for row in rows} == {("S", 4, 8, "early")}


def test_a_category_says_what_it_says_however_many_articles_are_of_it(make, inputs) -> None:
    rows = make("store_missions", inputs({"r5": BASKETS["r5"]}, mission_weights=weights()), checks=False)
    assert {row["mission_key"]: row["receipts_count"] for row in rows} == {"m03": 1, "other": 1}


def test_the_year_s_first_missions_are_used(make, inputs) -> None:
    other = Missions(SHARES[::-1], FOUND.sizes, FOUND.everybody)
    several = [*weights("2025-02"), *weights("2025-03", other), *weights("2024-12", other)]
    kept = make("store_missions", inputs(mission_weights=several), month="2025-04", checks=False)
    assert kept == make("store_missions", inputs(mission_weights=weights("2025-02")), month="2025-04", checks=False)


def test_without_missions_no_visit_has_one(make, inputs) -> None:
    assert make("store_missions", inputs(mission_weights=weights("2024-12"))) == []


def test_visits_count_once_for_each_category_bought(make) -> None:
    given = sold(BASKETS)
    receipts = make("receipts", given)
    categories = [{"product_key": item, "category": category} for item, category in PRODUCTS.items()]
    rows = make("store_category_visits", {"receipt_lines": given["receipt_lines"], "receipts": receipts, "product_categories": categories})
    assert {row["category"]: row["receipts_count"] for row in rows} == {"bread": 4, "beer": 2, "press": 2}
    assert all(0 <= row["half_receipts_count"] <= row["receipts_count"] for row in rows)


@pytest.mark.parametrize(("rows", "warned"), [([("m01", 95), ("other", 5)], False), ([("m01", 80), ("other", 20)], True)])
def test_many_other_visits_warn(checked, rows: list, warned: bool) -> None:
    table = [
        {"store_key": "S", "weekday": 1, "sold_hour": 8, "mission_key": key, "receipts_count": count, "half_receipts_count": 0}
        for key, count in rows
    ]
    receipts = [{"receipt_key": str(number)} for number in range(100)]
    results = checked("store_missions", table, {"receipts": receipts})
    assert results["every_receipt_has_a_mission"].passed
    assert results["most_visits_have_a_mission"].passed is not warned
