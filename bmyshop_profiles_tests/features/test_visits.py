"""Visits of shops by moment, and the people behind them; the category of an item."""

from bmyshop_profiles_tests.conftest import at

MOMENTS = [
    ("S1", 1, "early", 8, "m"),
    ("S1", 1, "early", 8, "m"),
    ("S1", 2, "noon", 12, "m"),
    ("S1", 1, "noon", 13, None),
    ("S2", 1, "early", 8, "c"),
]


def receipts() -> list[dict]:
    rows = []
    for number, (store, weekday, daypart, hour, person) in enumerate(MOMENTS):
        keys = {"m": {"member_key": "m"}, "c": {"shopper_key": "c"}, None: {}}[person]
        moment = {"store_key": store, "weekday": weekday, "daypart": daypart, "sold_hour": hour, "sold_at": at("2025-01-06 08:00")}
        rows.append({"receipt_key": f"r{number}", **moment, **keys})
    return rows


def test_people_are_counted_anew_for_every_kind_of_moment(make) -> None:
    rows = make("store_visits", {"receipts": receipts()})
    found = {(row["store_key"], row["weekday"], row["daypart"], row["sold_hour"]): row for row in rows}
    names = (
        "receipts_count",
        "keyed_receipts_count",
        "keyed_people_count",
        "keyed_receipt_squares",
        "identified_receipts_count",
        "members_count",
    )
    assert [found["S1", 0, "all", -1][name] for name in names] == [4, 3, 1, 9, 3, 1]
    assert [found["S1", 1, "all", -1][name] for name in names] == [3, 2, 1, 4, 2, 1]
    assert [found["S1", 0, "noon", -1][name] for name in names] == [2, 1, 1, 1, 1, 1]
    assert [found["S1", 1, "early", -1][name] for name in names] == [2, 2, 1, 4, 2, 1]
    assert [found["S1", 0, "early", 8][name] for name in names] == [2, 2, 1, 4, 2, 1]
    assert [found["all", 0, "all", -1][name] for name in names] == [5, 4, 2, 10, 3, 1]
    assert [found["all", 0, "early", 8][name] for name in names] == [3, 3, 2, 5, 2, 1]
    assert ("S1", 1, "early", 8) not in found  # hours are over all weekdays


def test_a_family_has_the_category_and_label_most_of_its_lines_have(make) -> None:
    products = [
        {"product_key": "p1", "item_key": "family", "label": "BAGUETTE", "lines_count": 5},
        {"product_key": "p2", "item_key": "family", "label": "JOURNAL", "lines_count": 4},
        {"product_key": "p3", "item_key": "family", "label": "REVUE", "lines_count": 3},
        {"product_key": "p4", "item_key": "alone", "label": None, "lines_count": 1},
    ]
    categories = [("p1", "bread"), ("p2", "press"), ("p3", "press"), ("p4", None)]
    rows = make("item_categories", {
        "products": products,
        "product_categories": [{"product_key": key, "category": category} for key, category in categories],
    })  # fmt: skip
    assert rows == [
        {"item_key": "alone", "category": None, "label": "", "lines_count": 1},
        {"item_key": "family", "category": "press", "label": "BAGUETTE", "lines_count": 12},
    ]


def test_receipts_with_the_same_items_share_a_basket(make) -> None:
    bought = {"r1": ["a", "b"], "r2": ["b", "a"], "r3": ["a"], "r4": ["a", "c"], "r5": []}  # c is another product of the item b
    line = {"store_key": "S", "amount_cents": 1, "sold_at": at("2025-01-06 08:00")}
    lines = [{**line, "receipt_key": key, "product_key": item, "quantity": 1} for key, own in bought.items() for item in own]
    lines += [{**line, "receipt_key": key, "product_key": "a", "quantity": -1} for key in ("r3", "r5")]  # given back
    products = [{"product_key": key, "item_key": item} for key, item in (("a", "A"), ("b", "B"), ("c", "B"))]
    given = {"receipt_lines": lines, "products": products}
    receipts = make("receipts", given)
    codes = {row["receipt_key"]: row["basket_code"] for row in receipts}
    assert codes["r1"] == codes["r2"] == codes["r4"] != codes["r3"] and codes["r5"] is None
    baskets = make("baskets", {**given, "receipts": receipts})
    assert {(row["basket_code"], row["item_key"]) for row in baskets} == {(codes["r1"], "A"), (codes["r1"], "B"), (codes["r3"], "A")}
