"""members, stores, products of a month: listed or seen."""

import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles_tests.conftest import at, day
from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS

LINE = {"receipt_key": "s/1", "sold_at": at("2025-01-03 08:00"), "store_key": "S1", "product_key": "P1", "quantity": 1, "amount_cents": 100}


def test_members_are_those_who_have_joined_or_bought(make, checked) -> None:
    staged = [
        {"member_key": "early", "joined_on": day("2025-01-31"), "birth_year": 1990},
        {"member_key": "late", "joined_on": day("2025-02-01")},
        {"member_key": "late but seen", "joined_on": day("2025-02-01")},
        {"member_key": "undated"},
    ]
    lines = [{**LINE, "member_key": key} for key in ("late but seen", "unlisted", "unlisted", None)]
    rows = {row["member_key"]: row for row in make("members", {"receipt_lines": lines, "staged_members": staged})}
    assert set(rows) == {"early", "late but seen", "undated", "unlisted"}
    assert [(rows[key]["is_listed"], rows[key]["has_receipts"]) for key in ("early", "late but seen", "unlisted")] == [
        (True, False),
        (True, True),
        (False, True),
    ]
    results = checked("members", [{"member_key": "a", "birth_year": 1900}, {"member_key": "b", "birth_year": 1990}])
    assert results["birth_year_is_plausible"].failing == 1


def test_stores_are_listed_or_seen(make, checked) -> None:
    staged = [{"store_key": "S1", "name": "Le Longchamp", "store_type": "tabac"}, {"store_key": "S9", "name": "Fermé"}]
    rows = make("stores", {"receipt_lines": [LINE, {**LINE, "store_key": "S2"}], "staged_stores": staged}, checks=False)
    assert [(row["store_key"], row["name"], row["store_type"], row["is_listed"], row["has_receipts"]) for row in rows] == [
        ("S1", "Le Longchamp", "tabac", True, True),
        ("S2", "S2", "unknown", False, True),
        ("S9", "Fermé", "unknown", True, False),
    ]
    assert checked("stores", rows)["selling_stores_are_listed"].failing == 1
    assert checked("stores", [{"store_key": "S2", "has_receipts": True, "is_listed": False}])["selling_stores_are_listed"].passed


def test_products_take_the_list_before_the_lines(make) -> None:
    lines = [
        {**LINE, "label": "Pain", "family": "b"},
        {**LINE, "label": "PAIN", "family": "a"},
        {**LINE, "product_key": "P2", "label": "journal"},
        {**LINE, "product_key": "P3"},
    ]
    staged = [{"product_key": "P2", "label": "Le Journal", "family": "presse"}, {"product_key": "P9", "label": "never sold"}]
    rows = make("products", {"receipt_lines": lines, "staged_products": staged})
    assert [(row["product_key"], row["label"], row["family"], row["is_listed"], row["lines_count"]) for row in rows] == [
        ("P1", "PAIN", "a", False, 2),
        ("P2", "Le Journal", "presse", True, 1),
        ("P3", "P3", "unknown", False, 1),
    ]


def test_the_ledger_s_checks_fail_on_a_lost_line(checked) -> None:
    entry = {
        "file_number": 0,
        "source": "till",
        "kind": "receipts",
        "lines_count": 3,
        "accepted_count": 1,
        "duplicate_count": 1,
        "rejected_count": 1,
    }
    line = {**LINE, "file_number": 0, "source": "till"}
    refused = {"file_number": 0, "line_number": 4, "code": "bad_quotes"}
    good = checked("file_ledger", [entry], {"receipt_lines": [line], "rejected_lines": [refused]})
    assert [name for name, result in good.items() if not result.passed] == ["few_lines_are_rejected"]
    assert not checked("file_ledger", [{**entry, "lines_count": 4}], {"receipt_lines": [line], "rejected_lines": [refused]})[
        "lines_reconcile"
    ].passed
    assert not checked("file_ledger", [entry], {"receipt_lines": [line, line], "rejected_lines": [refused]})[
        "accepted_lines_are_rows"
    ].passed
    assert not checked("file_ledger", [entry], {"receipt_lines": [line], "rejected_lines": []})["rejected_lines_are_named"].passed
    assert not checked("rejected_lines", [refused, refused])["key_is_unique"].passed


def test_lines_with_an_empty_column_and_empty_months_are_noticed(checked) -> None:
    assert not checked("receipt_lines", [{**LINE, "store_key": None}])["no_column_is_empty"].passed
    results = checked("receipt_lines", [])
    assert (results["no_column_is_empty"].passed, results["month_has_lines"].passed) == (True, False)
    assert not results["month_has_lines"].check.blocking


MEMBERS = {"files": "members.csv", "columns": {"member_id": "id", "objects_to_profiling": "objects::boolean"}}
CARDS = {**RECEIPTS, "columns": {**RECEIPTS["columns"], "shopper_id": "card"}}


@pytest.mark.parametrize("fast", [True, False])
def test_a_receipt_of_who_objects_keeps_no_key_on_any_line(ingest, session, tmp_path, fast: bool) -> None:
    """The id stands on one line, a card or another member's id on the others."""
    ingest({"members.csv": "id,objects\nA,false\nB,true\n"}, month=None, kind="members", members=MEMBERS)
    (tmp_path / "out").rename(tmp_path / "members")
    session.execute(f"create or replace temp view staged_members as from read_parquet('{tmp_path}/members/*.parquet')")
    lines = "".join(
        f"{ticket},2025-01-02 08:00,S1,P{number},l,1,1.00,{member},{card}\n"
        for ticket, keys in {"1": ("B,", ",c", "A,"), "2": (",c", "B,c"), "3": ("A,", ",d"), "4": (",c", ",c")}.items()
        for number, (member, card) in enumerate(key.split(",") for key in keys)
    )
    odd = "" if fast else "5,2025-01-02 08:00,S1,P1,l,1,much,B,c\n"
    found = ingest({"lines-2025-01.csv": HEADER.strip() + ",card\n" + lines + odd}, receipts=CARDS, members=MEMBERS)
    assert found.counts() == [(9, 9, 0, 0) if fast else (10, 9, 0, 1)]
    keys = {(row["receipt_key"][-1], row["member_key"] is not None, row["shopper_key"] is not None) for row in found.rows}
    assert keys == {("1", False, False), ("2", False, False), ("3", True, False), ("3", False, True), ("4", False, True)}
    assert {len(row["member_key"]) for row in found.rows if row["member_key"]} == {32}


def test_an_objection_empties_the_keys_of_receipts_and_the_names_of_the_vault(ingest, session, tmp_path) -> None:
    """Whatever the source does with members that no list holds, and whatever stands in the column."""
    columns = {"member_id": "id", "first_name": "first", "objects_to_profiling": "objects::boolean"}
    listed = "id,first,objects\nA,Ann,false\nB,Bob,true\nC,Cyd,\nD,Dan,opposé\n"
    members = {"files": "members.csv", "columns": columns}
    rows = ingest({"members.csv": listed}, month=None, kind="members", members=members).rows
    assert sorted(row["objects_to_profiling"] is True for row in rows) == [False, False, True, True]
    vault = session.execute(f"select member_id, first_name from read_parquet('{tmp_path}/vault/*/*/*/*/*.parquet') order by 1").fetchall()
    assert vault == [("A", "Ann"), ("B", None), ("C", "Cyd"), ("D", None)]
    session.execute(f"create or replace temp view staged_members as from read_parquet('{tmp_path}/out/*.parquet')")
    receipts = {**RECEIPTS, "columns": {**RECEIPTS["columns"], "shopper_id": "card"}}
    header = HEADER.strip() + ",card\n"
    lines = "".join(f"{member},2025-01-02 08:00,S1,P1,l,1,1.00,{member},card{member}\n" for member in "ABCDZ")
    for unlisted, keys in (("member", "AM BO CM DO ZM"), ("anonymous", "AM BO CM DO ZC")):
        (tmp_path / "out").rename(tmp_path / f"before-{unlisted}")
        session.execute(f"create or replace temp view staged_members as from read_parquet('{tmp_path}/before-member/*.parquet')")
        found = ingest({"lines-2025-01.csv": header + lines}, receipts=receipts, members=members, unlisted_members=unlisted).rows
        told = {row["receipt_key"][-1]: "M" if row["member_key"] else "C" if row["shopper_key"] else "O" for row in found}
        assert told == dict(keys.split()), unlisted


def test_where_members_may_object_receipts_of_strangers_only_stop_the_run(ingest, session) -> None:
    text = HEADER + "".join(f"T{n},2025-01-03 08:41,S1,P1,Pain,1,1.20,{n:06}\n" for n in range(1, 21))
    listed = "".join(f"{n},{n % 5 == 0}\n" for n in range(30))
    session.execute("create temp table staged_members as select 'nobody' as member_key, true as objects_to_profiling")
    with pytest.raises(BmyshopError, match="none of the 20 ids of members on receipts is in the list") as caught:
        ingest({"lines-2025-01.csv": text, "members.csv": f"id,objects\n{listed}"}, members=MEMBERS)
    assert "000011" not in str(caught.value)
    few = HEADER + "T1,2025-01-03 08:41,S1,P1,Pain,1,1.20,77\n"  # a new member, whom the list does not have yet
    assert len(ingest({"lines-2025-01.csv": few}, members=MEMBERS).rows) == 1
