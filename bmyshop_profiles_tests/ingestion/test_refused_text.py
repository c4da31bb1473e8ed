"""What a refused line may tell: enough to mend the export, nothing about a person."""

import json

import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.reading import files
from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS

CANARY = "CANARY4711"
GOOD = "T1,2025-01-03 08:41,S1,P1,Pain,1,1.20,\n"


def told(read) -> list[str]:
    return [line["raw_text"] for line in read.rejected]


def test_a_field_of_a_member_is_masked_and_the_others_are_told(ingest) -> None:
    read = ingest({"lines-2025-01.csv": HEADER + f"T1,2025-01-03 08:41,S1,P1,Pain,1,1.2O,{CANARY}\nT2,never,S1,P1,Pain,1,1.20,\n"})
    assert told(read) == ["T1,2025-01-03 08:41,S1,P1,Pain,1,1.2O,***", "T2,never,S1,P1,Pain,1,1.20,"]


def test_a_field_that_the_mapping_does_not_read_is_masked(ingest) -> None:
    read = ingest({"lines-2025-01.csv": "mail," + HEADER + f"{CANARY},T1,never,S1,P1,Pain,1,1.20,\n"})
    assert told(read) == ["***,T1,never,S1,P1,Pain,1,1.20,"]


def test_a_malformed_line_shows_its_shape_where_a_field_could_be_a_member_s(ingest) -> None:
    read = ingest({"lines-2025-01.csv": HEADER + f'T1,2025-01-03 08:41,S1,P1,"Café,1,1.20,{CANARY}\n'})
    assert told(read) == ['x9,9999-99-99 99:99,x9,x9,"xxxx,9,9.99,xxxxxx9999']


def test_a_malformed_line_is_told_where_nothing_is_personal(ingest) -> None:
    columns = {name: value for name, value in RECEIPTS["columns"].items() if name != "member_id"}
    header = HEADER.replace(",member", "")
    read = ingest({"lines-2025-01.csv": header + "T1,2025-01-03\n"}, receipts={**RECEIPTS, "columns": columns})
    assert told(read) == ["T1,2025-01-03"]


def test_a_list_of_members_tells_nothing(ingest) -> None:
    members = {"files": "members.csv", "columns": {"member_id": "id", "first_name": "first"}}
    read = ingest({"members.csv": f"id,first,mail\n,{CANARY},{CANARY}\n7,{CANARY}\n"}, month=None, kind="members", members=members)
    assert sorted(told(read)) == [",***,***", "9,xxxxxx9999"]


def test_a_nested_article_tells_its_fields(ingest) -> None:
    receipts = {
        "files": "lines.jsonl",
        "dialect": {"format": "json", "lines": "articles"},
        "columns": {
            "receipt_key": "ticket",
            "sold_at": "moment(sold)",
            "store_key": "shop",
            "product_key": '"articles.code"',
            "amount_cents": 'cents("articles.total")',
            "member_id": "member",
        },
    }
    receipt = {"ticket": "T1", "sold": "2025-01-03 08:41", "shop": "S1", "member": CANARY, "articles": [{"code": 1, "total": "x"}]}
    read = ingest({"lines.jsonl": json.dumps(receipt) + "\n"}, month=None, receipts=receipts)
    assert told(read) == ["articles.code=1 articles.total=x member=*** shop=S1 sold=2025-01-03 08:41 ticket=T1"]


def test_a_long_line_is_cut(ingest) -> None:
    read = ingest({"lines-2025-01.csv": HEADER + "x" * 9000 + "\n"})
    assert [len(text) for text in told(read)] == [500]


def test_a_file_that_grows_while_it_is_read_is_refused(ingest, monkeypatch) -> None:
    checked = files.check_unchanged

    def grown(found):
        for file in found:
            with file.path.open("a") as stream:
                stream.write(GOOD)
        checked(found)

    monkeypatch.setattr(files, "check_unchanged", grown)
    with pytest.raises(BmyshopError, match=r"lines-2025-01\.csv: changed while it was read; nothing of it was kept"):
        ingest({"lines-2025-01.csv": HEADER + GOOD})


def test_a_link_out_of_the_raw_directory_is_refused(ingest, tmp_path) -> None:
    (tmp_path / "outside.csv").write_text(HEADER + GOOD)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "lines-2025-01.csv").symlink_to(tmp_path / "outside.csv")
    with pytest.raises(BmyshopError, match=r"lines-2025-01\.csv: is a link to a file outside"):
        ingest({})
