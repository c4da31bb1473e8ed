"""Nothing lost: read = accepted + duplicates + rejected, every refused line named, every good line unchanged."""

import gzip
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.privacy.pseudonyms import pseudonym
from bmyshop_profiles_tests.conftest import at
from bmyshop_profiles_tests.ingestion.conftest import HEADER, KEY, RECEIPTS

GOOD = "T1,2025-01-03 08:41,S1,P1,Baguette,1,1.20,\n"


def test_a_line_becomes_canonical(ingest) -> None:
    read = ingest({"lines-2025-01.csv": HEADER + 'T1,2025-01-03 08:41,S1,P1,"Café, ""crème""",-1,-1.20,APP-7\n'})
    assert read.rows == [
        {
            "receipt_key": "till/T1",
            "sold_at": at("2025-01-03 08:41"),
            "store_key": "S1",
            "product_key": "P1",
            "label": 'Café, "crème"',
            "family": None,
            "quantity": Decimal("-1.000"),
            "amount_cents": -120,
            "member_key": pseudonym(KEY, "member", "APP-7"),
            "shopper_key": None,
            "file_number": 0,
            "source": "till",
        }
    ]
    assert read.counts() == [(1, 1, 0, 0)]


def test_equal_lines_of_one_receipt_are_two_articles(ingest) -> None:
    read = ingest({"lines-2025-01.csv": HEADER + GOOD + GOOD})
    assert len(read.rows) == 2


def test_the_same_file_under_two_names_counts_once(ingest) -> None:
    read = ingest({"lines-2025-01.csv": HEADER + GOOD + GOOD, "lines-2025-01-copy.csv": HEADER + GOOD + GOOD})
    assert len(read.rows) == 2
    assert read.counts() == [(2, 2, 0, 0), (2, 0, 2, 0)]
    assert read.ledger[1]["same_content_as"] == read.ledger[0]["file"]


def test_a_receipt_in_two_files_counts_once(ingest) -> None:
    other = "T2,2025-01-04 10:00,S1,P2,Pain,1,2.00,\n"
    read = ingest({"lines-2025-01-a.csv": HEADER + GOOD + GOOD, "lines-2025-01-b.csv": HEADER + other + GOOD})
    assert sorted(row["receipt_key"] for row in read.rows) == ["till/T1", "till/T1", "till/T2"]
    assert read.counts() == [(2, 2, 0, 0), (2, 1, 1, 0)]


def test_bad_lines_are_named_and_good_ones_kept(ingest) -> None:
    lines = [
        GOOD,
        "T2,2025-01-03 08:42,S1,P1,Pain,1,1.20,,too,many\n",
        "T3,2025-01-03\n",
        "T4,not a date,S1,P1,Pain,1,1.20,\n",
        "T5,2025-01-03 08:45,S1,P1,Pain,1,1.2O,\n",
        "T6,2025-02-03 08:45,S1,P1,Pain,1,1.20,\n",
        "T7,2025-01-03 08:45,S1,P1,Pain,one,1.20,\n",
        ",2025-01-03 08:45,S1,P1,Pain,1,1.20,\n",
        "T9,2025-01-03 08:45,S1,P1,Pain,1,1.20,\n",
    ]
    read = ingest({"lines-2025-01.csv": HEADER + "".join(lines), "lines-2025-01-clean.csv": HEADER + GOOD.replace("T1", "T0")})
    assert sorted(row["receipt_key"] for row in read.rows) == ["till/T0", "till/T1", "till/T9"]
    assert read.counts() == [(1, 1, 0, 0), (9, 2, 0, 7)]
    name = "lines-2025-01.csv"
    assert read.reasons() == [
        (name, 3, "too_many_fields", None),
        (name, 4, "too_few_fields", None),
        (name, 5, "no_value", "sold_at"),
        (name, 6, "no_value", "amount_cents"),
        (name, 7, "outside_month", "sold_at"),
        (name, 8, "no_value", "quantity"),
        (name, 9, "no_value", "receipt_key"),
    ]


def test_a_quote_that_never_closes_costs_one_line(ingest) -> None:
    lines = GOOD + 'T2,2025-01-03 08:42,S1,P1,"Pain,1,1.20,\n' + "".join(GOOD.replace("T1", f"T{number}") for number in range(3, 103))
    read = ingest({"lines-2025-01.csv": HEADER + lines})
    assert read.counts() == [(102, 101, 0, 1)]
    assert read.reasons() == [("lines-2025-01.csv", 3, "bad_quotes", None)]


def test_a_quoted_label_may_hold_line_ends_even_beside_a_bad_line(ingest) -> None:
    lines = 'T1,2025-01-03 08:41,S1,P1,"Pain\nlong",1,1.20,\nT2,bad,S1,P1,x,1,1.20,\n' + GOOD.replace("T1", "T3")
    read = ingest({"lines-2025-01.csv": HEADER + lines})
    assert [row["label"] for row in read.rows] == ["Pain\nlong", "Baguette"]
    assert read.reasons() == [("lines-2025-01.csv", 4, "no_value", "sold_at")]


def test_bytes_that_are_no_text_cost_their_line(ingest) -> None:
    content = (HEADER + GOOD).encode() + b"T2,2025-01-03 08:41,S1,P1,Caf\xe9,1,1.20,\n" + GOOD.replace("T1", "T3").encode()
    read = ingest({"lines-2025-01.csv": content})
    assert len(read.rows) == 2
    assert read.reasons() == [("lines-2025-01.csv", 3, "not_text", None)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_cp1252_with_semicolons_decimal_commas_and_gzip(ingest, end: str, packed: bool) -> None:
    receipts = {
        **RECEIPTS,
        "files": "lines-{year}{month}.csv" + (".gz" if packed else ""),
        "dialect": {"delimiter": ";", "encoding": "cp1252"},
        "columns": {
            "receipt_key": '"N° ticket"',
            "sold_at": "strptime(Date, '%d/%m/%Y %H:%M')",
            "store_key": "Magasin",
            "product_key": "Libellé",
            "label": "Libellé",
            "amount_cents": "(replace(Montant, ',', '.')::decimal(12, 2) * 100)::bigint",
        },
    }
    text = end.join(["N° ticket;Date;Magasin;Libellé;Montant", "1;03/01/2025 08:41;S1;Œufs à 1 €;1,20", ""]).encode("cp1252")
    read = ingest({receipts["files"].format(year="2025", month="01"): gzip.compress(text) if packed else text}, receipts=receipts)
    assert [(row["label"], row["amount_cents"], row["quantity"]) for row in read.rows] == [("Œufs à 1 €", 120, 1)]


def test_a_byte_order_mark_is_not_a_name(ingest) -> None:
    assert len(ingest({"lines-2025-01.csv": b"\xef\xbb\xbf" + (HEADER + GOOD).encode()}).rows) == 1


def test_files_of_one_month_may_have_their_columns_in_other_orders(ingest) -> None:
    other = "member,total,qty,label,code,shop,sold,ticket,extra\n,2.00,1,Pain,P2,S1,2025-01-04 10:00,T2,\n"
    read = ingest({"lines-2025-01-a.csv": HEADER + GOOD, "lines-2025-01-b.csv": other})
    assert sorted(row["amount_cents"] for row in read.rows) == [120, 200]


def test_a_parquet_file_names_its_bad_rows(ingest, tmp_path) -> None:
    raw = pa.table({"ticket": ["1", "2"], "sold": ["2025-01-03 08:41", "never"], "shop": [7, 7], "code": [1.5, 2.5], "total": [1.2, 3.4]})
    buffer = io.BytesIO()
    pq.write_table(raw, buffer)
    columns = {name: expression for name, expression in RECEIPTS["columns"].items() if name not in ("label", "quantity", "member_id")}
    receipts = {"files": "lines-{year}-{month}.parquet", "dialect": {"format": "parquet"}, "columns": columns}
    read = ingest({"lines-2025-01.parquet": buffer.getvalue()}, receipts=receipts)
    assert [(row["product_key"], row["amount_cents"]) for row in read.rows] == [("1.5", 120)]
    assert read.reasons() == [("lines-2025-01.parquet", 2, "no_value", "sold_at")]


def test_times_come_to_the_shop_s_own_zone(ingest) -> None:
    line = "T1,2025-01-31 23:30,S1,P1,x,1,1.20,\n"
    read = ingest(
        {"lines.csv": HEADER + line}, month=None, receipts={**RECEIPTS, "files": "lines.csv"}, timezone="UTC", store_timezone="Europe/Paris"
    )
    assert [(row["sold_at"], row["month"]) for row in read.rows] == [(at("2025-02-01 00:30"), "2025-02")]


def test_clock_changes_lose_no_line(ingest) -> None:
    """Two moments of autumn bear the same local time; the hour that spring leaves out is never made."""
    moments = ["2025-10-26 00:30", "2025-10-26 01:30", "2025-03-30 00:30", "2025-03-30 01:30"]
    lines = "".join(f"T{number},{moment},S1,P1,x,1,1.20,\n" for number, moment in enumerate(moments))
    read = ingest(
        {"lines.csv": HEADER + lines},
        month=None,
        receipts={**RECEIPTS, "files": "lines.csv"},
        timezone="UTC",
        store_timezone="Europe/Paris",
    )
    assert [row["sold_at"] for row in sorted(read.rows, key=lambda row: row["receipt_key"])] == [
        at("2025-10-26 02:30"),
        at("2025-10-26 02:30"),
        at("2025-03-30 01:30"),
        at("2025-03-30 03:30"),
    ]


def test_a_month_without_file_is_empty(ingest) -> None:
    read = ingest({"lines-2025-02.csv": HEADER + GOOD})
    assert (read.rows, read.ledger) == ([], [])


def test_a_missing_file_of_all_months_is_an_error(ingest) -> None:
    with pytest.raises(BmyshopError, match=r"source till, receipts: no file matches lines\.csv"):
        ingest({}, month=None, receipts={**RECEIPTS, "files": "lines.csv"})


def test_a_column_the_file_does_not_have_is_named(ingest) -> None:
    columns = {**RECEIPTS["columns"], "amount_cents": "price::bigint"}
    with pytest.raises(
        BmyshopError, match=r"column amount_cents: .* reads price, which lines-2025-01\.csv does not have; its columns are ticket"
    ):
        ingest({"lines-2025-01.csv": HEADER + GOOD}, receipts={**RECEIPTS, "columns": columns})


def test_a_damaged_archive_is_named(ingest) -> None:
    receipts = {**RECEIPTS, "files": "lines-{year}-{month}.csv.gz"}
    broken = gzip.compress((HEADER + GOOD * 5000).encode())[:-40]
    with pytest.raises(BmyshopError, match=r"lines-2025-01\.csv\.gz|source till, receipts"):
        ingest({"lines-2025-01.csv.gz": broken}, receipts=receipts)
    with pytest.raises(BmyshopError, match=r"lines-2025-01\.csv\.gz"):
        ingest({"lines-2025-01.csv.gz": b"no archive"}, receipts=receipts)


def test_a_list_says_each_key_once_and_names_stay_in_the_vault(ingest, tmp_path) -> None:
    members = {
        "files": "members.csv",
        "columns": {"member_id": "id", "first_name": "first", "last_name": "last", "birth_year": "try_cast(born as integer)"},
    }
    text = "id,first,last,born\n7,Zebulon,Canari,1990\n7,Zebulon,Canari,1990\n8,Ozias,Canari,soon\n,No,Id,1990\n"
    read = ingest({"members.csv": text}, month=None, kind="members", members=members)
    assert sorted((row["member_key"], row["birth_year"]) for row in read.rows) == sorted(
        [(pseudonym(KEY, "member", "7"), 1990), (pseudonym(KEY, "member", "8"), None)]
    )
    assert read.counts() == [(4, 2, 1, 1)]
    assert read.reasons() == [("members.csv", 5, "no_value", "member_id")]
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and not {"raw", "vault"} & set(path.relative_to(tmp_path).parts)]
    assert outside
    assert not [path for path in outside if b"Canari" in path.read_bytes()]


def test_ids_that_no_list_holds_may_be_anonymous(ingest, session) -> None:
    session.execute(f"create temp table staged_members as select '{pseudonym(KEY, 'member', '7')}' as member_key")
    lines = "".join(f"T{number},2025-01-03 08:41,S1,P1,x,1,1.20,{member}\n" for number, member in enumerate(["7", "8", ""]))
    members = {"files": "members.csv", "columns": {"member_id": "id"}}
    read = ingest({"lines-2025-01.csv": HEADER + lines}, members=members, unlisted_members="anonymous")
    assert [(row["member_key"], row["shopper_key"]) for row in read.rows] == [
        (pseudonym(KEY, "member", "7"), None),
        (None, pseudonym(KEY, "shopper", "8")),
        (None, None),
    ]
