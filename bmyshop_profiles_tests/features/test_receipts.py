"""receipts: one row per receipt, when it was made, which half it is."""

import hashlib

import pytest

from bmyshop_profiles_tests.conftest import at

LINE = {"store_key": "S1", "product_key": "P", "quantity": 1, "file_number": 0, "source": "s"}


def test_lines_become_receipts(make) -> None:
    lines = [
        {**LINE, "receipt_key": "s/1", "sold_at": at("2025-01-06 08:59"), "amount_cents": 120, "member_key": "m"},
        {**LINE, "receipt_key": "s/1", "sold_at": at("2025-01-06 09:01"), "amount_cents": 120, "member_key": None},
        {**LINE, "receipt_key": "s/2", "sold_at": at("2025-01-12 23:59:59"), "amount_cents": -500, "shopper_key": "c"},
    ]
    first, second = make("receipts", {"receipt_lines": lines})
    assert first == {
        "receipt_key": "s/1",
        "store_key": "S1",
        "sold_at": at("2025-01-06 08:59"),
        "member_key": "m",
        "shopper_key": None,
        "lines_count": 2,
        "bought_count": 2,
        "amount_cents": 240,
        "basket_code": None,
        "half": 0 if hashlib.md5(b"s/1").hexdigest()[0] in "01234567" else 1,
        "weekday": 1,
        "sold_hour": 8,
        "daypart": "early",
    }
    assert (second["weekday"], second["sold_hour"], second["daypart"], second["amount_cents"]) == (7, 23, "night", -500)


@pytest.mark.parametrize(
    ("members", "cards", "keys"),
    [
        (("m", None), (None, "c"), ("m", "c")),
        ((None, "m"), ("c", "c"), ("m", "c")),
        (("m", "m"), ("c", "d"), ("m", None)),
        (("m", "n"), ("c", None), (None, None)),
        ((None, None), ("c", None), (None, "c")),
        ((None, None), ("c", "d"), (None, None)),
    ],
)
def test_a_key_on_any_line_is_the_receipt_s_and_two_are_nobody_s(make, members, cards, keys) -> None:
    lines = [
        {**LINE, "receipt_key": "s/1", "sold_at": at("2025-01-06 09:00"), "amount_cents": 1, "member_key": member, "shopper_key": card}
        for member, card in zip(members, cards, strict=True)
    ]
    (row,) = make("receipts", {"receipt_lines": lines}, checks=False)
    assert (row["member_key"], row["shopper_key"]) == keys


def test_the_tables_of_members_agree_on_receipts_of_which_some_lines_name_the_member(make, checked) -> None:
    line = {**LINE, "sold_at": at("2025-01-06 09:00"), "amount_cents": 100}
    lines = [
        {**line, "receipt_key": "s/1", "member_key": "m"},
        {**line, "receipt_key": "s/1", "product_key": "Q"},
        {**line, "receipt_key": "s/1", "product_key": "R", "quantity": -1, "amount_cents": -40},
        {**line, "receipt_key": "s/2", "member_key": "m"},
        {**line, "receipt_key": "s/2", "member_key": "n"},
        {**line, "receipt_key": "s/3"},
    ]
    receipts = make("receipts", {"receipt_lines": lines}, checks=False)
    assert [(row["member_key"], row["lines_count"], row["bought_count"]) for row in receipts] == [("m", 3, 2), (None, 2, 2), (None, 1, 1)]
    warned = checked("receipts", receipts, {"receipt_lines": lines})["receipts_have_one_member"]
    assert (warned.failing, warned.examples, warned.check.blocking) == (1, [{"receipt_key": "s/2", "members_count": 2}], False)
    products = [{"product_key": key, "item_key": key.lower(), "family": "f"} for key in "PQR"]
    facts = {"receipt_lines": lines, "receipts": receipts, "products": products}
    (whole,) = make("member_months", {"receipts": receipts})
    counts = [row for row in make("member_counts", facts) if row["kind"] == "item"]
    assert [(row["value_key"], row["things_count"]) for row in counts] == [("p", 1), ("q", 1)]
    items, in_shops = make("member_item_months", facts), make("store_item_months", facts)
    assert (whole["receipts_count"], whole["lines_count"], whole["amount_cents"]) == (1, 3, 160)
    assert [sum(row[name] for row in items) for name in ("lines_count", "bought_count", "amount_cents")] == [3, 2, 160]
    assert [(row["store_key"], row["item_key"], row["bought_count"]) for row in in_shops] == [("S1", "p", 1), ("S1", "q", 1)]
    of_receipts = make("member_receipt_items", facts)
    assert [(row["receipt_key"], row["item_key"]) for row in of_receipts] == [("s/1", "p"), ("s/1", "q")]
    for table, rows in (("member_item_months", items), ("store_item_months", in_shops)):
        assert checked(table, rows, {"receipts": receipts})["receipts_are_all_counted"].passed
        assert not checked(table, rows[:1], {"receipts": receipts})["receipts_are_all_counted"].passed
        assert not checked(table, [], {"receipts": receipts})["receipts_are_all_counted"].passed
    assert not checked("member_months", [{**whole, "lines_count": 1}], {"receipts": receipts})["receipts_are_all_counted"].passed
    assert not checked("member_receipt_items", [], {"receipts": receipts})["receipts_are_all_there"].passed
    other = [{**row, "receipt_key": "s/2"} for row in of_receipts]
    assert not checked("member_receipt_items", of_receipts + other, {"receipts": receipts})["receipts_are_all_there"].passed


@pytest.mark.parametrize(
    ("hour", "daypart"),
    [(4, "night"), (5, "early"), (8, "early"), (9, "morning"), (11, "morning"), (12, "noon"), (13, "noon"), (14, "afternoon")]
    + [(17, "afternoon"), (18, "evening"), (21, "evening"), (22, "night"), (0, "night")],
)
def test_dayparts_begin_and_end_on_the_hour(make, hour: int, daypart: str) -> None:
    (row,) = make(
        "receipts", {"receipt_lines": [{**LINE, "receipt_key": "s/1", "sold_at": at(f"2025-01-01 {hour:02}:00"), "amount_cents": 1}]}
    )
    assert row["daypart"] == daypart


def test_halves_are_about_equal_and_do_not_depend_on_the_buyer(make) -> None:
    lines = [
        {**LINE, "receipt_key": f"s/{number}", "sold_at": at("2025-01-01 10:00"), "amount_cents": 1, "member_key": f"m{number % 3}"}
        for number in range(400)
    ]
    rows = make("receipts", {"receipt_lines": lines})
    for member in ("m0", "m1", "m2"):
        halves = [row["half"] for row in rows if row["member_key"] == member]
        assert 0.35 < sum(halves) / len(halves) < 0.65


def test_a_month_without_lines_has_no_receipts(make) -> None:
    assert make("receipts", {"receipt_lines": []}) == []


def test_a_receipt_of_a_thousand_lines_is_suspect(checked) -> None:
    row = {"receipt_key": "s/1", "lines_count": 1001}
    others = {"receipt_lines": []}
    assert not checked("receipts", [row], others)["receipts_are_baskets"].passed
    assert not checked("receipts", [{**row, "lines_count": 1}] * 2, others)["key_is_unique"].passed
    assert all(result.passed for result in checked("receipts", [{**row, "lines_count": 1000}], others).values())
