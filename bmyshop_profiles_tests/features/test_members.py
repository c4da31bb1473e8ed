"""Members' monthly facts and rolling features, on a few rows."""

import math

import pytest

from bmyshop_profiles_tests.conftest import at

RECEIPT = {"store_key": "S1", "lines_count": 2, "amount_cents": 100, "half": 0, "weekday": 1, "sold_hour": 9, "daypart": "morning"}


def receipt(key: str, when: str, **other) -> dict:
    return {**RECEIPT, "receipt_key": key, "sold_at": at(when), "member_key": "m", **other}


def test_a_month_of_a_member_is_summed_by_half(make, checked) -> None:
    receipts = [
        receipt("r1", "2025-01-02 08:00"),
        receipt("r2", "2025-01-02 19:00", half=1, amount_cents=-30),
        receipt("r3", "2025-01-05 10:00", half=1, lines_count=1),
        receipt("r4", "2025-01-09 10:00"),
        receipt("a1", "2025-01-09 10:00", member_key=None),
    ]
    first, second = make("member_months", {"receipts": receipts})
    assert (first["half"], first["first_receipt_key"], second["half"], second["first_receipt_key"]) == (0, "r1", 1, "r2")
    assert (first["receipts_count"], first["lines_count"], first["amount_cents"], first["refunds_count"]) == (2, 4, 200, 0)
    assert (second["receipts_count"], second["lines_count"], second["amount_cents"], second["refunds_count"]) == (2, 3, 70, 1)
    for lost in ([first], [first, {**second, "amount_cents": 0}]):
        assert not checked("member_months", lost, {"receipts": receipts})["receipts_are_all_counted"].passed


def counted(rows: list[dict], kind: str, half: int = 0) -> dict[str, int]:
    return {row["value_key"]: row["things_count"] for row in rows if (row["kind"], row["half"]) == (kind, half)}


def test_a_month_of_a_member_is_counted_by_value(make, checked) -> None:
    receipts = [
        receipt("r1", "2025-01-06 08:00", lines_count=1, bought_count=1, amount_cents=199, daypart="early"),
        receipt("r2", "2025-01-08 10:00", lines_count=4, bought_count=0, amount_cents=2000, weekday=3, store_key="S2"),
        receipt("r3", "2025-01-08 19:00", lines_count=40, bought_count=0, amount_cents=70_000, weekday=3, daypart="evening"),
        receipt("r4", "2025-01-12 10:00", lines_count=5, bought_count=0, amount_cents=-300, weekday=7),
        receipt("r5", "2025-01-12 10:00", half=1, bought_count=0, amount_cents=0, weekday=7),
        receipt("a1", "2025-01-09 10:00", member_key=None),
    ]
    line = {"receipt_key": "r1", "product_key": "p", "quantity": 1}
    lines = [line, {**line, "receipt_key": "r2", "quantity": -1}, {**line, "receipt_key": "a1"}]
    inputs = {"receipts": receipts, "receipt_lines": lines, "products": [{"product_key": "p", "item_key": "i"}]}
    rows = make("member_counts", inputs)
    assert counted(rows, "item") == {"i": 1}
    assert counted(rows, "store") == {"S1": 3, "S2": 1}
    assert counted(rows, "day") == {"2025-01-06": 1, "2025-01-08": 2, "2025-01-12": 1}
    assert counted(rows, "dayparts") == {"early": 1, "morning": 2, "evening": 1}
    assert counted(rows, "weekdays") == {"monday": 1, "wednesday": 2, "sunday": 1}
    assert counted(rows, "basket") == {"lines_1": 1, "lines_3": 1, "lines_5": 1, "lines_17": 1}
    # a refund and a receipt of nothing are not spent
    assert counted(rows, "spend") == {"spend_0": 1, "spend_20": 1, "spend_500": 1}
    assert (counted(rows, "basket", 1), counted(rows, "spend", 1)) == ({"lines_2": 1}, {})
    for kind in ("item", "store", "day", "dayparts", "weekdays", "basket"):
        left = [row for row in rows if row["kind"] != kind]
        assert not checked("member_counts", left, inputs)["receipts_are_all_counted"].passed, kind
    left = [row for row in rows if row["value_key"] != "spend_20"]
    assert not checked("member_counts", left, inputs)["what_was_paid_has_an_amount"].passed


def counts(make, receipts: list[dict], items: list[dict] = ()) -> dict[str, list[dict]]:  # type: ignore[assignment]
    """The monthly facts that windows read, of receipts and of items bought."""
    facts: dict[str, list[dict]] = {"member_months": [], "member_counts": []}
    for month in sorted({each["sold_at"].strftime("%Y-%m") for each in receipts}):
        own = [each for each in receipts if each["sold_at"].strftime("%Y-%m") == month]
        for name, rows in facts.items():
            rows += [{**row, "month": month} for row in make(name, {"receipts": own}, month=month, checks=False)]
    return {**facts, "member_item_months": list(items)}


def bought(product: str, count: int, month: str, half: int = 0) -> dict:
    return {"member_key": "m", "half": half, "product_key": product, "item_key": product, "bought_count": count, "month": month}


def test_a_window_adds_months_up_and_knows_what_is_new(make) -> None:
    receipts = [receipt("r2", "2025-01-06 10:00"), receipt("r1", "2025-02-06 10:00"), receipt("r0", "2025-02-06 10:00", member_key="n")]
    items = [bought("a", 2, "2025-01"), bought("a", 1, "2025-02"), bought("b", 1, "2025-02"), bought("c", 0, "2025-02")]
    facts = counts(make, receipts, items)
    facts["member_counts"] += [
        {
            "member_key": "m",
            "half": 0,
            "kind": "item",
            "value_key": row["item_key"],
            "things_count": row["bought_count"],
            "month": row["month"],
        }
        for row in items
        if row["bought_count"]
    ]
    rows = make("member_window", facts, month="2025-02")
    own = [row for row in rows if row["member_key"] == "m"]
    assert {row["member_place"] for row in own} == {2}  # n's first receipt comes before
    assert counted(own, "item") == {"a": 3, "b": 1}
    assert counted(own, "variety") == {"new": 2, "again": 2}
    assert counted(own, "store") == {"S1": 2}
    assert "day" not in {row["kind"] for row in rows}


def test_a_window_that_lost_something_is_refused(checked) -> None:
    row = {"member_key": "m", "half": 0, "things_count": 1}
    visits = [{**row, "kind": kind, "value_key": "x"} for kind in ("store", "dayparts", "weekdays", "basket")]
    assert checked("member_window", visits)["receipts_are_all_counted"].passed
    for lost in range(4):
        assert not checked("member_window", visits[:lost] + visits[lost + 1 :])["receipts_are_all_counted"].passed
    items = [{**row, "kind": "item", "value_key": "x"}, {**row, "kind": "variety", "value_key": "new"}]
    assert checked("member_window", items)["articles_are_all_counted"].passed
    assert not checked("member_window", items[:1])["articles_are_all_counted"].passed


def test_what_shops_make_their_visitors_buy_is_read_from_half_0(make) -> None:
    row = {"store_key": "S", "item_key": "i", "bought_count": 2}
    months = [{**row, "half": half, "month": month} for half, month in ((0, "2025-01"), (0, "2025-02"), (1, "2025-02"))]
    assert make("store_item_window", {"store_item_months": months}, month="2025-02") == [{**row, "bought_count": 4}]


ITEM = {"member_key": "m", "half": 0, "family": "press", "receipts_count": 1, "lines_count": 1, "amount_cents": 100}


def test_features_add_months_up(make) -> None:
    dates = ("2025-01-10", "2025-01-20", "2025-03-01", "2025-03-11")
    shops = ("S2", "S1", "S1", "S2")
    receipts = [
        receipt(date, f"{date} 10:00", store_key=shop, half=number % 2)
        for number, (date, shop) in enumerate(zip(dates, shops, strict=True))
    ]
    items = [
        {**ITEM, "product_key": "p1"},
        {**ITEM, "product_key": "p1"},
        {**ITEM, "product_key": "p2", "half": 1},
        {**ITEM, "product_key": "p3", "family": "bread"},
    ]
    (whole,) = make("member_features", counts(make, receipts, items), month="2025-04")
    assert (whole["active_months_count"], whole["receipts_count"], whole["amount_cents"]) == (2, 4, 400)
    assert whole["receipts_per_active_month"] == 2
    assert (whole["basket_cents"], whole["basket_lines"]) == (100, 2)
    assert whole["recency_days"] == 51  # 11 March to 1 May
    gaps = [10, 40, 10]
    mean = sum(gaps) / 3
    assert whole["visit_gap_variation"] == pytest.approx(math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / 3) / mean)
    assert (whole["morning_share"], whole["monday_share"], whole["sunday_share"]) == (1, 1, 0)
    assert (whole["products_count"], whole["families_count"]) == (3, 2)
    assert (whole["stores_count"], whole["main_store_key"], whole["main_store_share"]) == (2, "S1", 0.5)  # a tie: the first key


def test_regularity_is_not_stated_under_three_visits(make) -> None:
    items = [{**ITEM, "product_key": "p"}]
    for dates, expected in ((("2025-01-10", "2025-01-20"), None), (("2025-01-10", "2025-01-20", "2025-01-30"), 0)):
        receipts = [receipt(date, f"{date} 10:00") for date in dates]
        (row,) = make("member_features", counts(make, receipts, items))
        assert row["visit_gap_variation"] == expected


def test_a_member_without_items_is_refused(make, checked) -> None:
    shares = dict.fromkeys(("early_share", "morning_share", "noon_share", "afternoon_share", "evening_share", "night_share"), 0.0)
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    row = {"member_key": "m", **shares, "early_share": 1.0, **{f"{each}_share": 1 / 7 for each in weekdays}}
    good = {**row, "products_count": 1, "main_store_key": "S1"}
    assert all(result.passed for result in checked("member_features", [good]).values())
    assert not checked("member_features", [row])["every_member_has_items_and_stores"].passed
    assert not checked("member_features", [{**good, "night_share": 0.1}])["shares_add_up"].passed


def test_items_of_a_month(make) -> None:
    receipts = [
        receipt("r1", "2025-01-02 08:00", bought_count=2),
        receipt("r2", "2025-01-03 08:00", half=1, lines_count=1, bought_count=1, amount_cents=50),
        receipt("a", "2025-01-03 08:00", member_key=None),
    ]
    line = {"store_key": "S1", "quantity": 1, "amount_cents": 50, "sold_at": at("2025-01-02 08:00")}
    lines = [
        {**line, "receipt_key": "r1", "product_key": "é", "member_key": "m"},
        {**line, "receipt_key": "r1", "product_key": "é", "member_key": "m"},
        {**line, "receipt_key": "r2", "product_key": "é", "member_key": "m"},
        {**line, "receipt_key": "a", "product_key": "é"},
    ]
    products = [{"product_key": "é", "family": "pâtisserie"}]
    items = make("member_item_months", {"receipt_lines": lines, "receipts": receipts, "products": products})
    assert [(row["half"], row["family"], row["receipts_count"], row["lines_count"], row["amount_cents"]) for row in items] == [
        (0, "pâtisserie", 1, 2, 100),
        (1, "pâtisserie", 1, 1, 50),
    ]


def test_keyed_shoppers_who_are_no_members_are_counted(make) -> None:
    receipts = [
        receipt("r1", "2025-01-06 08:00", member_key=None, shopper_key="c"),
        receipt("r2", "2025-01-08 10:00", member_key=None, shopper_key="c", half=1, store_key="S2"),
        receipt("r3", "2025-01-08 11:00", member_key=None, shopper_key="c", half=1, store_key="S2"),
        receipt("r4", "2025-01-09 10:00", member_key=None),
        receipt("r5", "2025-01-09 12:00", member_key="m", shopper_key="of m"),
        receipt("r6", "2025-01-10 12:00", member_key=None, shopper_key="of m"),
    ]
    line = {"receipt_key": "r1", "product_key": "p", "quantity": 1}
    lines = [line, line, {**line, "receipt_key": "r2", "quantity": -1}, *({**line, "receipt_key": key} for key in ("r4", "r5", "r6"))]
    rows = make("shopper_counts", {"receipts": receipts, "receipt_lines": lines, "products": [{"product_key": "p", "item_key": "i"}]})
    assert {row["shopper_key"] for row in rows} == {"c"}
    assert (counted(rows, "item"), counted(rows, "store")) == ({"i": 2}, {"S1": 1})
    assert (counted(rows, "item", 1), counted(rows, "store", 1)) == ({}, {"S2": 2})
