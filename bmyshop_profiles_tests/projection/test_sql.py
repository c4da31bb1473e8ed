"""Facts that evidence is learnt from, on a few rows."""

from bmyshop_profiles_tests.conftest import at

LINE = {"store_key": "S1", "quantity": 1, "amount_cents": 50, "sold_at": at("2025-01-02 08:00")}
RECEIPT = {"store_key": "S1", "daypart": "early", "sold_at": at("2025-01-02 08:00"), "half": 0}
PRODUCTS = [
    {"product_key": "p1", "item_key": "press"},
    {"product_key": "p2", "item_key": "press"},
    {"product_key": "p3", "item_key": "bread"},
]


def test_items_of_members_receipts_are_distinct_and_bought(make) -> None:
    lines = [
        {**LINE, "receipt_key": "r1", "product_key": "p1"},
        {**LINE, "receipt_key": "r1", "product_key": "p2"},
        {**LINE, "receipt_key": "r1", "product_key": "p3", "quantity": -1},
        {**LINE, "receipt_key": "a", "product_key": "p3"},
    ]
    receipts = [{**RECEIPT, "receipt_key": "r1", "member_key": "m", "half": 1, "bought_count": 2}, {**RECEIPT, "receipt_key": "a"}]
    rows = make("member_receipt_items", {"receipt_lines": lines, "receipts": receipts, "products": PRODUCTS})
    assert rows == [{"receipt_key": "r1", "member_key": "m", "store_key": "S1", "daypart": "early", "half": 1, "item_key": "press"}]
    sample = make("sampled_receipt_items", {"receipt_lines": lines, "receipts": receipts, "products": PRODUCTS})
    assert [(row["receipt_key"], row["item_key"]) for row in sample] == [("a", "bread"), ("r1", "press")]
