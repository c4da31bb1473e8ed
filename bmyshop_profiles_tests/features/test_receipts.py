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
        "amount_cents": 240,
        "half": 0 if hashlib.md5(b"s/1").hexdigest()[0] in "01234567" else 1,
        "weekday": 1,
        "sold_hour": 8,
        "daypart": "early",
    }
    assert (second["weekday"], second["sold_hour"], second["daypart"], second["amount_cents"]) == (7, 23, "night", -500)


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
    assert not checked("receipts", [row])["receipts_are_baskets"].passed
    assert not checked("receipts", [{**row, "lines_count": 1}] * 2)["key_is_unique"].passed
    assert all(result.passed for result in checked("receipts", [{**row, "lines_count": 1000}]).values())
