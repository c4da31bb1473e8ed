"""Shops' monthly facts and rolling features, on a few rows."""

from bmyshop_profiles_tests.conftest import at

RECEIPT = {"store_key": "S1", "lines_count": 2, "amount_cents": 100, "half": 0, "weekday": 1, "sold_hour": 9, "daypart": "morning"}


def receipt(key: str, when: str, **other) -> dict:
    return {**RECEIPT, "receipt_key": key, "sold_at": at(when), **other}


RECEIPTS = [
    receipt("r1", "2025-01-06 09:00", member_key="m"),
    receipt("r2", "2025-01-06 09:30", shopper_key="c", amount_cents=300),
    receipt("r3", "2025-01-12 20:00", weekday=7, sold_hour=20, daypart="evening", amount_cents=-50),
    receipt("r4", "2025-01-12 20:00", weekday=7, sold_hour=20, daypart="evening", store_key="S2"),
]


def test_a_month_of_a_shop(make) -> None:
    first, second = make("store_months", {"receipts": RECEIPTS})
    assert (first["store_key"], second["store_key"]) == ("S1", "S2")
    assert (first["receipts_count"], first["identified_receipts_count"], first["grouped_receipts_count"], first["members_count"]) == (
        3,
        1,
        1,
        1,
    )
    assert (first["amount_cents"], first["identified_amount_cents"], first["refunds_count"], first["open_days_count"]) == (350, 100, 1, 2)


def test_lost_receipts_are_noticed(make, checked) -> None:
    rows = make("store_months", {"receipts": RECEIPTS})
    assert checked("store_months", rows, {"receipts": RECEIPTS})["receipts_are_all_counted"].passed
    assert not checked("store_months", rows[:1], {"receipts": RECEIPTS})["receipts_are_all_counted"].passed


def test_features_of_a_shop(make, checked) -> None:
    months = [{**row, "month": month} for month in ("2025-01", "2025-02") for row in make("store_months", {"receipts": RECEIPTS})]
    hours = [{**row, "month": month} for month in ("2025-01", "2025-02") for row in make("store_hour_months", {"receipts": RECEIPTS})]
    families = [
        {"store_key": "S1", "kind": "family", "value_key": "tabac", "lines_count": 4, "amount_cents": 100},
        {"store_key": "S1", "kind": "family", "value_key": "presse", "lines_count": 4, "amount_cents": 900},
        {"store_key": "S1", "kind": "category", "value_key": "other", "lines_count": 8, "amount_cents": 1000},
    ]
    stores = [{"store_key": "S1", "name": "Le Café", "store_type": "bar", "postcode": "01000"}]
    inputs = {"store_months": months, "store_hour_months": hours, "store_sales_months": families, "stores": stores}
    first, second = make("store_features", inputs, month="2025-02")
    assert (first["name"], first["store_type"], first["postcode"], first["active_months_count"]) == ("Le Café", "bar", "01000", 2)
    assert (first["receipts_count"], first["receipts_per_open_day"], first["basket_lines"]) == (6, 1.5, 2)
    assert (first["coverage_share"], first["amount_coverage_share"]) == (1 / 3, 100 / 350)
    assert (first["morning_share"], first["evening_share"], first["monday_share"], first["sunday_share"]) == (2 / 3, 1 / 3, 2 / 3, 1 / 3)
    assert (first["peak_weekday"], first["peak_hour"]) == (1, 9)
    assert (first["families_count"], first["main_family"], first["main_family_share"]) == (2, "presse", 4 / 12)  # a tie: the first name
    assert (second["name"], second["main_family"], second["coverage_share"]) == (None, None, 0)
    assert not checked("store_features", [{**first, "coverage_share": 1.1}])["shares_are_shares"].passed


def test_traffic_and_sales_are_shares_of_a_shop(make, checked) -> None:
    hours = make("store_hour_months", {"receipts": RECEIPTS})
    assert [(row["store_key"], row["weekday"], row["sold_hour"], row["daypart"], row["receipts_count"]) for row in hours] == [
        ("S1", 1, 9, "morning", 2),
        ("S1", 7, 20, "evening", 1),
        ("S2", 7, 20, "evening", 1),
    ]
    traffic = make("store_traffic", {"store_hour_months": hours})
    assert [row["receipts_share"] for row in traffic] == [2 / 3, 1 / 3, 1]
    assert not checked("store_traffic", traffic[:1])["shares_add_up"].passed
    line = {"store_key": "S1", "quantity": 1, "amount_cents": 50, "sold_at": at("2025-01-02 08:00"), "receipt_key": "r"}
    lines = [{**line, "product_key": "p1"}, {**line, "product_key": "p1"}, {**line, "product_key": "p2", "amount_cents": -100}]
    products = [{"product_key": "p1", "family": "tabac"}, {"product_key": "p2", "family": "presse"}]
    known = [{"product_key": "p1", "category": "tobacco"}, {"product_key": "p2", "category": None}]
    months = make("store_sales_months", {"receipt_lines": lines, "products": products, "product_categories": known})
    assert [(row["kind"], row["value_key"], row["lines_count"], row["amount_cents"]) for row in months] == [
        ("category", "tobacco", 2, 100),
        ("category", "unknown", 1, -100),
        ("family", "presse", 1, -100),
        ("family", "tabac", 2, 100),
    ]
    sales = make("store_sales", {"store_sales_months": months})
    assert [(row["lines_share"], row["amount_share"]) for row in sales] == [(2 / 3, None), (1 / 3, None)] + [(1 / 3, None), (2 / 3, None)]
    assert not checked("store_sales", sales[:1])["shares_add_up"].passed  # the amounts add up to nil: no shares of them
