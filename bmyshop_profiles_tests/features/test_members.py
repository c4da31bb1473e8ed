"""Members' monthly facts and rolling features, on a few rows."""

import math

import pytest

from bmyshop_profiles_tests.conftest import at, day

RECEIPT = {"store_key": "S1", "lines_count": 2, "amount_cents": 100, "half": 0, "weekday": 1, "sold_hour": 9, "daypart": "morning"}


def receipt(key: str, when: str, **other) -> dict:
    return {**RECEIPT, "receipt_key": key, "sold_at": at(when), "member_key": "m", **other}


def test_a_month_of_a_member_is_summed_whole_and_by_half(make) -> None:
    receipts = [
        receipt("r1", "2025-01-02 08:00", daypart="early", weekday=4),
        receipt("r2", "2025-01-02 19:00", daypart="evening", weekday=4, half=1, amount_cents=-30),
        receipt("r3", "2025-01-05 10:00", half=1, weekday=7, lines_count=1),
        receipt("r4", "2025-01-09 10:00", weekday=4),
        receipt("a1", "2025-01-09 10:00", member_key=None),
    ]
    rows = {row["part"]: row for row in make("member_months", {"receipts": receipts})}
    assert set(rows) == {"whole", "half_0", "half_1"}
    whole = rows["whole"]
    assert (whole["receipts_count"], whole["lines_count"], whole["amount_cents"], whole["refunds_count"]) == (4, 7, 270, 1)
    assert (whole["early_count"], whole["morning_count"], whole["evening_count"], whole["night_count"]) == (1, 2, 1, 0)
    assert (whole["thursday_count"], whole["sunday_count"], whole["monday_count"]) == (3, 1, 0)
    assert (whole["visit_days_count"], whole["first_visit_date"], whole["last_visit_date"]) == (3, day("2025-01-02"), day("2025-01-09"))
    assert whole["gap_squares"] == 3**2 + 4**2
    assert (rows["half_0"]["receipts_count"], rows["half_1"]["receipts_count"]) == (2, 2)
    assert rows["half_0"]["gap_squares"] == 7**2


def test_halves_that_do_not_add_up_are_refused(checked) -> None:
    row = {"member_key": "m", "part": "whole", "receipts_count": 3, "amount_cents": 5}
    half = {**row, "part": "half_0", "receipts_count": 2}
    others = {"receipts": []}
    assert not checked("member_months", [row, half], others)["halves_add_up"].passed
    assert checked("member_months", [row, {**half, "receipts_count": 3}], others)["halves_add_up"].passed


def test_receipts_that_are_in_no_bin_are_refused(make, checked) -> None:
    refund = receipt("r3", "2025-01-20 10:00", lines_count=30, amount_cents=-5)
    others = {"receipts": [receipt("r1", "2025-01-02 10:00"), receipt("r2", "2025-01-09 10:00"), refund]}
    rows = make("member_months", others)
    bins = {name for name in rows[0] if name.startswith(("lines_", "spend_", "gap_")) and name.count("_") == 2}
    assert {name: rows[0][name] for name in bins if rows[0][name]} == {
        "lines_2_count": 2,
        "lines_17_count": 1,
        "spend_0_count": 2,
        "gap_3_count": 1,
        "gap_8_count": 1,
    }
    assert len(bins) == 6 + 9 + 4
    assert checked("member_months", rows, others)["bins_hold_all_receipts"].passed
    for wrong in ({"lines_3_count": 1}, {"spend_2_count": 1}, {"gap_15_count": 1}):
        assert not checked("member_months", [{**rows[0], **wrong}], others)["bins_hold_all_receipts"].passed


def months(make, *dates: str, **other) -> list[dict]:
    """member_months rows of receipts on given days, month by month."""
    found = []
    for month in sorted({date[:7] for date in dates}):
        of_month = [receipt(date, f"{date} 10:00", **other) for date in dates if date.startswith(month)]
        found += [{**row, "month": month} for row in make("member_months", {"receipts": of_month}, month=month)]
    return found


ITEM = {"member_key": "m", "half": 0, "family": "press", "receipts_count": 1, "lines_count": 1, "amount_cents": 100}
STORE = {"member_key": "m", "half": 0, "receipts_count": 1}


def test_features_add_months_up(make) -> None:
    rows = make(
        "member_features",
        {
            "member_months": months(make, "2025-01-10", "2025-01-20", "2025-03-01", "2025-03-11"),
            "member_item_months": [
                {**ITEM, "product_key": "p1"},
                {**ITEM, "product_key": "p1"},
                {**ITEM, "product_key": "p2", "half": 1},
                {**ITEM, "product_key": "p3", "family": "bread"},
            ],
            "member_store_months": [
                {**STORE, "store_key": "S2", "receipts_count": 2},
                {**STORE, "store_key": "S1", "half": 1},
                {**STORE, "store_key": "S1"},
            ],
        },
        month="2025-04",
    )
    whole = next(row for row in rows if row["part"] == "whole")
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
    half = next(row for row in rows if row["part"] == "half_0")
    assert (half["products_count"], half["stores_count"], half["main_store_key"]) == (2, 2, "S2")


def test_regularity_is_not_stated_under_three_visits(make) -> None:
    inputs = {"member_item_months": [{**ITEM, "product_key": "p"}], "member_store_months": [{**STORE, "store_key": "S1"}]}
    two = make("member_features", {"member_months": months(make, "2025-01-10", "2025-01-20"), **inputs})
    assert [row["visit_gap_variation"] for row in two] == [None, None]
    like_a_clock = make("member_features", {"member_months": months(make, "2025-01-10", "2025-01-20", "2025-01-30"), **inputs})
    assert [row["visit_gap_variation"] for row in like_a_clock] == [0, 0]


def test_a_member_without_items_is_refused(make, checked) -> None:
    shares = dict.fromkeys(("early_share", "morning_share", "noon_share", "afternoon_share", "evening_share", "night_share"), 0.0)
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    row = {"member_key": "m", "part": "whole", **shares, "early_share": 1.0, **{f"{each}_share": 1 / 7 for each in weekdays}}
    good = {**row, "products_count": 1, "main_store_key": "S1"}
    assert all(result.passed for result in checked("member_features", [good]).values())
    assert not checked("member_features", [row])["every_member_has_items_and_stores"].passed
    assert not checked("member_features", [{**good, "night_share": 0.1}])["shares_add_up"].passed


def test_items_and_stores_of_a_month(make) -> None:
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
    stores = make("member_store_months", {"receipts": receipts})
    assert [(row["half"], row["store_key"], row["receipts_count"]) for row in stores] == [(0, "S1", 1), (1, "S1", 1)]


def test_families_share_what_a_member_buys(make, checked) -> None:
    items = [
        {**ITEM, "product_key": "p1", "lines_count": 3, "amount_cents": 300, "month": "2025-01"},
        {**ITEM, "product_key": "p2", "family": "bread", "half": 1, "amount_cents": -100, "month": "2025-02"},
    ]
    rows = {(row["part"], row["family"]): row for row in make("member_families", {"member_item_months": items}, month="2025-02")}
    assert set(rows) == {("whole", "press"), ("whole", "bread"), ("half_0", "press"), ("half_1", "bread")}
    assert (rows["whole", "press"]["lines_share"], rows["whole", "press"]["amount_share"]) == (0.75, 1.5)
    assert rows["half_1", "bread"]["lines_share"] == 1
    short = [{"member_key": "m", "part": "whole", "family": "press", "lines_share": 0.5}]
    assert not checked("member_families", short)["shares_add_up"].passed
