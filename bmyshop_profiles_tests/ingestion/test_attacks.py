"""What a stranger tried on ingestion and got through once: silent losses, values of persons in messages, runs that died."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install, pseudonym
from bmyshop_profiles_tests.conftest import read_rows
from bmyshop_profiles_tests.ingestion.conftest import HEADER, KEY, RECEIPTS

GOOD = "T1,2025-01-03 08:41,S1,P1,Pain,1,1.20,\n"
SECRET = "SECRET4711"
ANY = {**RECEIPTS, "files": "**/*.csv"}


def parquet(**columns) -> bytes:
    buffer = io.BytesIO()
    rows = {"ticket": ["1"], "sold": ["2025-01-03 08:41"], "shop": ["S"], "code": ["1"], "label": ["a"], "qty": [1], "total": [1.2]}
    pq.write_table(pa.table(rows | {"member": pa.array([None], pa.string())} | columns), buffer)
    return buffer.getvalue()


def test_a_folder_named_like_a_partition_is_a_folder(ingest) -> None:
    [row] = ingest({"shop=S9/qty=3/lines.csv": HEADER + GOOD}, month=None, receipts=ANY).rows
    assert (row["store_key"], row["quantity"]) == ("S1", 1)


@pytest.mark.parametrize("before", ["\n", "\r\n", "\ufeff\r\n"])
def test_an_empty_line_where_the_header_should_be_is_told(ingest, before: str) -> None:
    with pytest.raises(BmyshopError, match=r"lines-2025-01\.csv, line 1: is empty, where the header should be; skip_lines"):
        ingest({"lines-2025-01.csv": before + HEADER + GOOD})


def test_nothing_but_empty_lines_is_an_empty_file(ingest) -> None:
    assert ingest({"lines-2025-01.csv": "\n\n\n"}).counts() == [(0, 0, 0, 0)]


def test_parquet_files_keep_their_own_types(ingest) -> None:
    receipts = {**RECEIPTS, "files": "*.parquet", "dialect": {"format": "parquet"}}
    files = {
        "a.parquet": parquet(total=[2], member=pa.array([None], pa.int64())),
        "b.parquet": parquet(ticket=["2"], total=[1.6], qty=[0.345], member=["x"]),
    }
    read = ingest(files, month=None, receipts=receipts)
    assert sorted((row["amount_cents"], float(row["quantity"])) for row in read.rows) == [(160, 0.345), (200, 1.0)]


def text(form: str, number: str, damaged: str) -> bytes:
    if form == "parquet":
        return parquet(ticket=[number])
    if form == "json":
        fields = dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True)) | {"ticket": number}
        return f"{json.dumps(fields)}\n{damaged}".encode()
    return f"{HEADER}{GOOD.replace('T1', number)}{damaged}".encode()


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize("damaged", ["", "neither\n"])
def test_a_name_that_looks_like_a_pattern_is_one_file(ingest, form: str, damaged: str) -> None:
    receipts = {**RECEIPTS, "files": f"a*.{form}", "dialect": {"format": form}}
    names = ["a[1]", "a1", "a*", "a?", "ab", "a'", "a**"]
    read = ingest({f"{name}.{form}": text(form, str(number), damaged) for number, name in enumerate(names)}, month=None, receipts=receipts)
    assert sorted(row["receipt_key"] for row in read.rows) == [f"till/{number}" for number in range(len(names))]
    refused = int(bool(damaged) and form != "parquet")
    assert read.counts() == [(1 + refused, 1, 0, refused)] * len(names)
    numbers = {entry["file"]: entry["file_number"] for entry in read.ledger}
    told = {row["receipt_key"]: row["file_number"] for row in read.rows}
    assert told == {f"till/{number}": numbers[f"{name}.{form}"] for number, name in enumerate(names)}


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_file_is_not_read_in_place_of_the_one_beside_it(ingest, form: str) -> None:
    receipts = {**RECEIPTS, "files": f"b?1].{form}", "dialect": {"format": form}}
    read = ingest({f"b[1].{form}": text(form, "own", ""), f"b1.{form}": text(form, "other", "")}, month=None, receipts=receipts)
    assert [(row["receipt_key"], row["file_number"]) for row in read.rows] == [("till/own", 0)]
    assert [(entry["file"], entry["accepted_count"]) for entry in read.ledger] == [(f"b[1].{form}", 1)]


def test_an_empty_text_is_nobody(ingest) -> None:
    columns = {**RECEIPTS["columns"], "member_id": "trim(member)", "label": "trim(label)"}
    [row] = ingest(
        {"lines-2025-01.csv": HEADER + GOOD.replace("Pain", " ").replace(",\n", ",  \n")}, receipts={**RECEIPTS, "columns": columns}
    ).rows
    assert (row["member_key"], row["label"]) == (None, None)


def test_what_only_one_of_two_files_has_of_a_receipt_stays(ingest) -> None:
    """A receipt cut in two by midnight; and tickets that two shops number alike, of which the check on keys must hear."""
    day = GOOD.replace("08:41", "23:59")
    files = {
        "03.csv": HEADER + day,
        "04.csv": HEADER + day + GOOD.replace("03 08:41", "04 00:02"),
        "s2.csv": HEADER + day.replace("S1", "S2"),
    }
    read = ingest(files, month=None, receipts={**RECEIPTS, "files": "*.csv"})
    assert read.counts() == [(1, 1, 0, 0), (2, 1, 1, 0), (1, 1, 0, 0)]
    assert {row["store_key"] for row in read.rows} == {"S1", "S2"}


LINES = {
    "a delimiter at the end of every line": (GOOD.replace("\n", ",\n"), "Pain", {}),
    "blanks around quotes": (GOOD.replace("Pain", ' "Pain, long" '), "Pain, long", {}),
    "a blank after quotes": (GOOD.replace("Pain", '"Pain" '), "Pain", {}),
    "an escape outside quotes": (GOOD.replace("Pain", "C:\\temp").replace("P1", '"P1"'), "C:\\temp", {"escape": "\\"}),
    "an escape inside quotes": (GOOD.replace("Pain", '"a\\"b"'), 'a"b', {"escape": "\\"}),
}


@pytest.mark.parametrize("name", LINES)
def test_a_good_line_is_the_same_beside_a_bad_one(ingest, name: str) -> None:
    line, label, dialect = LINES[name]
    receipts = {**RECEIPTS, "dialect": dialect}
    for more in ("", "x\n"):
        read = ingest({"lines-2025-01.csv": HEADER + line + more}, receipts=receipts)
        assert [row["label"] for row in read.rows] == [label]
        assert read.counts() == [(1 + bool(more), 1, 0, bool(more))]


def test_times_do_not_depend_on_the_machine(ingest, session) -> None:
    columns = {**RECEIPTS["columns"], "sold_at": "to_timestamp(sold::bigint)"}
    [row] = ingest(
        {"lines-2025-01.csv": HEADER + GOOD.replace("2025-01-03 08:41", "1735893660")}, receipts={**RECEIPTS, "columns": columns}
    ).rows
    assert str(row["sold_at"]) == "2025-01-03 08:41:00"
    assert session.execute("select current_setting('TimeZone')").fetchall() == [("UTC",)]


@pytest.mark.parametrize("text", ["2025-01-03 08:41:00 PM", "2025-01-03 08:41 x", "2025-01-03T08:41:00Z", "2025-01-03 08:41+02:00"])
def test_a_moment_with_more_in_it_than_a_time_is_refused(ingest, text: str) -> None:
    columns = {**RECEIPTS["columns"], "sold_at": "moment(sold)"}
    read = ingest({"lines-2025-01.csv": HEADER + GOOD.replace("2025-01-03 08:41", text)}, receipts={**RECEIPTS, "columns": columns})
    assert read.reasons() == [("lines-2025-01.csv", 2, "no_value", "sold_at")]


def test_equal_files_of_two_shops_are_two_files(ingest) -> None:
    columns = {**RECEIPTS["columns"], "store_key": "file_store", "receipt_key": "file_store || ticket"}
    receipts = {"files": "{store}-{year}-{month}.csv", "columns": columns}
    read = ingest({f"{shop}-2025-01.csv": HEADER + GOOD for shop in ("S1", "S2")}, receipts=receipts)
    assert sorted(row["store_key"] for row in read.rows) == ["S1", "S2"]


@pytest.mark.parametrize(
    "name", ["line_number", "file_number", "raw_file", "element_number", "raw_refusal", "raw_fields", "refusal", "source"]
)
@pytest.mark.parametrize("bad", [False, True])
def test_a_raw_column_may_bear_any_name(ingest, name: str, bad: bool) -> None:
    columns = {**RECEIPTS["columns"], "label": name}
    text = HEADER.replace("label", name) + GOOD + "x\n" * bad
    read = ingest({"lines-2025-01.csv": text}, receipts={**RECEIPTS, "columns": columns})
    assert [row["label"] for row in read.rows] == ["Pain"]
    assert [row["file_number"] for row in read.rows] == [0]
    nested = {"files": "l.jsonl", "dialect": {"format": "json"}, "columns": {**RECEIPTS["columns"], "label": name}}
    record = dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True))
    record[name] = record.pop("label")
    read = ingest({"l.jsonl": json.dumps(record) + "\n" + "{\n" * bad}, month=None, receipts=nested)
    assert [row["label"] for row in read.rows] == ["Pain"]


def test_a_person_s_column_is_masked_however_it_is_written(ingest) -> None:
    columns = {**RECEIPTS["columns"], "member_id": "member"}
    receipts = {**RECEIPTS, "columns": columns, "voided": "MEMBER = 'zz'"}
    read = ingest(
        {"lines-2025-01.csv": HEADER.replace("member", "MEMBER") + f"T1,never,S1,P1,Pain,1,1.20,{SECRET}\n{SECRET}\n"}, receipts=receipts
    )
    assert [line["raw_text"] for line in read.rejected] == ["T1,never,S1,P1,Pain,1,1.20,***", "xxxxxx9999"]


def test_a_record_that_holds_a_person_s_field_is_masked(ingest) -> None:
    columns = RECEIPTS["columns"] | {"store_key": "client", "member_id": '"client.id"'}
    receipts = {"files": "l.jsonl", "dialect": {"format": "json"}, "columns": columns}
    record = dict(zip(HEADER.strip().split(","), GOOD.strip().split(","), strict=True)) | {"sold": "never", "client": {"id": SECRET}}
    read = ingest({"l.jsonl": json.dumps(record) + "\n{\n"}, month=None, receipts=receipts)
    assert len(read.rejected) == 2
    assert not [line for line in read.rejected if SECRET in line["raw_text"]]


def test_an_error_quotes_no_value(ingest) -> None:
    columns = {**RECEIPTS["columns"], "sold_at": "timezone(member, sold::timestamp)"}
    with pytest.raises(BmyshopError) as caught:
        ingest({"lines-2025-01.csv": HEADER + GOOD.replace(",\n", f",{SECRET}\n")}, receipts={**RECEIPTS, "columns": columns})
    assert SECRET not in str(caught.value)
    assert "lines-2025-01.csv" in str(caught.value) or "till" in str(caught.value)


@pytest.mark.parametrize("order", [("true", "false"), ("false", "true")])
def test_one_line_that_objects_is_an_objection(ingest, order) -> None:
    members = {"files": "m.csv", "columns": {"member_id": "id", "first_name": "first", "objects_to_profiling": "objects"}}
    text = "id,first,objects\n" + "".join(f"5,A,{value}\n" for value in order)
    read = ingest({"m.csv": text}, month=None, kind="members", members=members)
    assert [(row["member_key"], row["objects_to_profiling"]) for row in read.rows] == [(pseudonym(KEY, "member", "5"), True)]


def test_an_empty_name_in_the_header_is_a_number(ingest) -> None:
    text = HEADER.replace("\n", ",,\n") + GOOD.replace("\n", ",,\n")
    assert ingest({"lines-2025-01.csv": text}).counts() == [(1, 1, 0, 0)]


def test_one_absurd_time_does_not_stop_a_run(ingest) -> None:
    line = GOOD.replace("2025-01-03", "290000-01-03").replace("T1", "T2")
    columns = {**RECEIPTS["columns"], "sold_at": "sold::timestamp"}
    receipts = {**RECEIPTS, "files": "l.csv", "columns": columns}
    read = ingest({"l.csv": HEADER + GOOD + line}, month=None, receipts=receipts, timezone="UTC", store_timezone="Europe/Paris")
    assert read.counts() == [(2, 1, 0, 1)]


def test_what_two_sources_list_counts_once(session, tmp_path) -> None:
    """Two tills of one network know the same members; one of the lists says that a member objects."""
    sources = []
    for name, objects in (("one", "false"), ("two", "true")):
        (tmp_path / f"{name}.csv").write_text(f"id,first,objects\n5,A,{objects}\n{name},B,false\n")
        members = {"files": f"{name}.csv", "columns": {"member_id": "id", "first_name": "first", "objects_to_profiling": "objects"}}
        sources.append({"name": name, "receipts": {**RECEIPTS, "files": f"{name}-lines.csv"}, "members": members})
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"version": 1, "sources": sources}))
    install(session.connection, KEY)
    reader = Reader(session, load_mapping(tmp_path / "sources.yaml"), tmp_path, "Europe/Paris")
    (tmp_path / "out").mkdir()
    reader.members(load_catalogue()["staged_members"], tmp_path / "out", Lake(tmp_path / "vault"))
    rows = read_rows(session, sorted((tmp_path / "out").glob("*.parquet")))
    expected = {("5", True), ("one", False), ("two", False)}
    assert {(row["member_key"], row["objects_to_profiling"]) for row in rows} == {(pseudonym(KEY, "member", i), o) for i, o in expected}
    assert len(rows) == 3
    counts = [(entry["lines_count"], entry["accepted_count"], entry["duplicate_count"]) for entry in reader.ledger.file_records()]
    assert counts == [(2, 2, 0), (2, 1, 1)]
