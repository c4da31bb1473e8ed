"""The corpus of odd files: each comes to the ledger written beside it, and its rows are what the file said."""

from typing import Any

import pytest

from bmyshop_profiles_tests.ingestion.conftest import RECEIPTS
from bmyshop_profiles_tests.ingestion.corpus import CASES, SEVERAL, Case


def merged(changed: dict[str, Any]) -> dict[str, Any]:
    return {**RECEIPTS, **changed}


def test_the_corpus_is_large_enough_and_its_names_are_different() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_comes_to_its_ledger(ingest, case: Case) -> None:
    read = ingest(case.files, month=case.month, receipts=merged(case.receipts), **case.source)
    assert read.counts() == case.counts
    assert all(lines == accepted + duplicates + refused for lines, accepted, duplicates, refused in read.counts())
    assert [reason[1:] for reason in read.reasons()] == case.reasons
    assert len(read.rows) == sum(accepted for _, accepted, _, _ in case.counts)
    if case.labels is not None:
        assert sorted(str(row["label"]) for row in read.rows) == sorted(str(label) for label in case.labels)
    if case.cents is not None:
        assert sorted(row["amount_cents"] for row in read.rows) == sorted(case.cents)


def _case(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def test_a_receipt_across_midnight_is_of_the_month_it_began_in(ingest) -> None:
    case = _case("a receipt that crosses the month's last midnight")
    rows = ingest(case.files, receipts=RECEIPTS).rows
    assert {str(row["sold_at"]) for row in rows} == {"2025-01-31 23:58:00"}
    whole = SEVERAL[-1]
    rows = ingest(whole.files, month=None, receipts=merged(whole.receipts)).rows
    assert sorted((row["receipt_key"], row["month"]) for row in rows) == [
        ("till/T1", "2025-01"),
        ("till/T1", "2025-01"),
        ("till/T2", "2025-02"),
    ]


def test_file_names_tell_the_shop(ingest) -> None:
    case = _case("files by day and shop")
    assert sorted(row["store_key"] for row in ingest(case.files, receipts=merged(case.receipts)).rows) == ["S1", "S2"]
