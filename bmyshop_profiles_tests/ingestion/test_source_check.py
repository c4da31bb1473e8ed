"""A mapping tried on samples of its files: what is wrong is found, and what is right is not complained of."""

import copy
import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.check import Found, check
from bmyshop_profiles.ingestion.drafts.samples import sample_of
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS, write_mapping


def line(month: str, number: int, **changed: str) -> str:
    fields = {
        "ticket": f"T{number // 2}",
        "sold": f"{month}-{1 + number % 28:02} 08:41",
        "shop": "S1",
        "code": "P1",
        "label": "Pain",
        "qty": "1",
        "total": "1.20",
        "member": "canary-4711",
    }
    return ",".join((fields | changed).values()) + "\n"


def month_of(month: str, count: int = 200) -> str:
    return HEADER + "".join(line(month, number, member=f"canary-{4711 + number // 2 % 20}") for number in range(count))


@pytest.fixture
def tried(session: Session, tmp_path: Path) -> Callable[..., tuple[list[Found], list[str]]]:
    def run(files: dict[str, str | bytes], receipts: dict[str, Any] | None = None, **source: Any) -> tuple[list[Found], list[str]]:
        root = tmp_path / "raw"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path = write_mapping(root, receipts or RECEIPTS, **source)
        return check(load_mapping(path), root, session, timezone="Europe/Paris", own=[path])

    return run


def changed(**columns: str) -> dict[str, Any]:
    receipts = copy.deepcopy(RECEIPTS)
    receipts["columns"] |= columns
    return receipts


def test_a_right_mapping_has_nothing_wrong(tried: Callable[..., Any]) -> None:
    found, unmatched = tried({"lines-2025-01.csv": month_of("2025-01"), "lines-2025-02.csv": month_of("2025-02")})
    (receipts,) = found
    assert (receipts.files, receipts.lines, receipts.refused_count) == (2, 400, 0)
    assert (receipts.months, receipts.errors, receipts.notes, unmatched) == (["2025-01", "2025-02"], [], [], [])


def test_a_pattern_without_files_is_wrong_and_the_nearest_name_is_told(tried: Callable[..., Any]) -> None:
    ((receipts,), unmatched) = tried({"line-2025-01.csv": month_of("2025-01")})
    assert len(receipts.errors) == 1
    assert "no file matches lines-{year}-{month}*.csv below" in receipts.errors[0]
    assert receipts.errors[0].endswith("there are, for example, line-2025-01.csv")
    assert unmatched == ["line-2025-01.csv"]


def test_receipts_with_ids_of_several_members_are_told(tried: Callable[..., Any]) -> None:
    lines = [line("2025-01", number, member=member) for number, member in enumerate(["A", "", "B", "C", "", ""])]
    ((receipts,), _) = tried({"lines-2025-01.csv": HEADER + "".join(lines)})
    assert receipts.errors == []
    assert receipts.notes == [
        "1 sampled receipts bear the ids of several members, and will count as anonymous; does receipt_key join several receipts?"
    ]


def test_a_missing_column_is_wrong(tried: Callable[..., Any]) -> None:
    ((receipts,), _) = tried({"lines-2025-01.csv": month_of("2025-01")}, changed(family="rayon"))
    assert len(receipts.errors) == 1
    assert "column family: the expression 'rayon' reads rayon, which lines-2025-01.csv does not have" in receipts.errors[0]


def test_lines_that_would_be_refused_are_counted_by_reason(tried: Callable[..., Any]) -> None:
    text = (
        month_of("2025-01", 190) + "".join(line("2025-01", n, total="gratuit") for n in range(6)) + line("2025-03", 1) + "short,line\n" * 3
    )
    ((receipts,), _) = tried({"lines-2025-01.csv": text})
    assert receipts.lines == 200
    assert dict(receipts.refused) == {("no_value", "amount_cents"): 6, ("too_few_fields", ""): 3, ("outside_month", "sold_at"): 1}
    assert receipts.errors == [
        "3 % of the sampled lines would be refused: no_value of amount_cents, which is (total::decimal(12, 2) * 100)::bigint",
        "1.5 % of the sampled lines would be refused: too_few_fields",
    ]
    assert receipts.notes == ["0.5 % of the sampled lines would be refused: outside_month of sold_at"]


def test_an_expression_that_gives_nothing_is_wrong_only_where_its_columns_hold_something(tried: Callable[..., Any]) -> None:
    ((receipts,), _) = tried(
        {"lines-2025-01.csv": month_of("2025-01")}, changed(family="nullif(label, 'Pain')", shopper_id="nullif('', '')")
    )
    assert receipts.errors == [
        "family: nullif(label, 'Pain') gives nothing for 100 % of the sampled lines, though what it reads is there",
        "shopper_id: nullif('', '') gives nothing for 100 % of the sampled lines, though what it reads is there",
    ]
    text = month_of("2025-01").replace(",Pain,", ",,")
    ((receipts,), _) = tried({"lines-2025-01.csv": text}, changed(family="nullif(label, 'Pain')"))
    assert receipts.errors == []


def test_the_wrong_encoding_and_decimal_mark_show(tried: Callable[..., Any]) -> None:
    text = month_of("2025-01").replace("Pain", "Pâté")
    ((receipts,), _) = tried({"lines-2025-01.csv": text.encode("cp1252")})
    assert receipts.refused == {("not_text", ""): 200}
    assert len(receipts.errors) == 1
    ((receipts,), _) = tried({"lines-2025-01.csv": text}, changed(amount_cents="cents(total)", quantity="number(label)"))
    assert receipts.refused == {("no_value", "quantity"): 200}


def test_every_format_is_tried(tried: Callable[..., Any], tmp_path: Path) -> None:
    plain = month_of("2025-01")
    rows = [text.split(",") for text in plain.splitlines()[1:]]
    names = HEADER.strip().split(",")
    for path, table in (
        ("a.csv.gz", {"files": "a.csv.gz"}),
        ("b.csv.zst", {"files": "b.csv.zst"}),
        ("c.parquet", {"files": "c.parquet", "dialect": {"format": "parquet"}}),
    ):
        target = tmp_path / path
        if path.endswith("parquet"):
            pq.write_table(pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)}), target)
        else:
            with pa.CompressedOutputStream(str(target), "gzip" if path.endswith("gz") else "zstd") as stream:
                stream.write(plain.encode())
        ((receipts,), _) = tried({path: target.read_bytes()}, {**RECEIPTS, **table})
        assert (receipts.lines, receipts.errors, receipts.months) == (200, [], ["2025-01"]), path
    receipt = {"ticket": "T1", "sold": "2025-01-03 08:41", "shop": "S1", "items": [{"code": "P1", "total": "1.20"}] * 2}
    nested = "".join(json.dumps({**receipt, "ticket": f"T{number}"}) + "\n" for number in range(50))
    columns = {
        "receipt_key": "ticket",
        "sold_at": "moment(sold)",
        "store_key": "shop",
        "product_key": '"items.code"',
        "amount_cents": 'cents("items.total")',
    }
    json_table = {"files": "d.json", "dialect": {"format": "json", "lines": "items"}, "columns": columns}
    ((receipts,), _) = tried({"d.json": nested + "{broken\n"}, json_table)
    assert (receipts.lines, dict(receipts.refused)) == (101, {("not_json", ""): 1})


def test_months_missing_between_files_are_noted(tried: Callable[..., Any]) -> None:
    files = {f"lines-{month}.csv": month_of(month) for month in ("2025-01", "2025-02", "2025-05")}
    ((receipts,), _) = tried(files)
    assert receipts.notes == ["no file for 2025-03, 2025-04"]


def test_files_that_belong_to_nothing_are_told(tried: Callable[..., Any]) -> None:
    _, unmatched = tried({"lines-2025-01.csv": month_of("2025-01"), "other/readme.txt": "x", ".hidden": "x"})
    assert unmatched == ["other/readme.txt"]


def test_months_of_one_file_for_all_are_those_of_the_sample(tried: Callable[..., Any]) -> None:
    text = HEADER + "".join(line(month, number) for month in ("2024-11", "2025-01") for number in range(50))
    ((receipts,), _) = tried({"all.csv": text}, {**RECEIPTS, "files": "all.csv"})
    assert (receipts.months, receipts.months_told) == (["2024-11", "2025-01"], False)


def test_members_are_listed_before_receipts_ask_for_them(tried: Callable[..., Any]) -> None:
    members = {"files": "members.csv", "columns": {"member_id": "id", "birth_year": "try_cast(born as integer)"}}
    files = {"lines-2025-01.csv": month_of("2025-01"), "members.csv": "id,born\ncanary-4711,1980\nother,none\n"}
    found, _ = tried(files, members=members, unlisted_members="anonymous")
    assert [(each.kind, each.lines, each.errors) for each in found] == [("members", 2, []), ("receipts", 200, [])]


def test_only_samples_are_read_of_many_and_of_large_files(tried: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bmyshop_profiles.ingestion.drafts.check.BYTES", 200_000)
    files = {f"lines-2025-01-{number:03}.csv": month_of("2025-01", 20) for number in range(200)}
    ((receipts,), _) = tried(files)
    assert (receipts.files, receipts.sampled_files, receipts.lines) == (200, 6, 120)
    text = HEADER + "".join(line("2025-01", number, ticket=f"T{random.Random(number).random()}") for number in range(20_000))
    ((receipts,), _) = tried({"whole.csv": text}, {**RECEIPTS, "files": "whole.csv"})
    assert 1000 < receipts.lines < 10_000
    assert receipts.errors == []


def test_no_value_of_a_person_is_told(tried: Callable[..., Any]) -> None:
    text = month_of("2025-01") + line("2025-01", 1, member='"canary') + line("2025-01", 1, total="canary-4711")
    found, unmatched = tried({"lines-2025-01.csv": text}, changed(shopper_id="member::bigint::varchar"))
    assert found[0].errors
    assert "canary" not in repr((found, unmatched))


def test_a_sample_is_of_whole_lines_from_all_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("".join(f"{number:07}\n" for number in range(100_000)), encoding="utf-8")
    sample = sample_of(path, head=10_000, pieces=8, piece=2_000)
    lines = sample.content.decode().splitlines()
    assert not sample.whole
    assert all(len(text) == 7 for text in lines)
    assert lines[:3] == ["0000000", "0000001", "0000002"]
    assert int(lines[-1]) == 99_999
    assert len(lines) < 3_300
    numbers = [int(text) for text in lines]
    assert numbers == sorted(set(numbers))
    assert max(after - before for before, after in itertools.pairwise(numbers)) < 100_000 / 7


def test_a_file_of_receipts_that_two_sources_match_is_wrong(session: Session, tmp_path: Path) -> None:
    (tmp_path / "lines-2025-01.csv").write_text(month_of("2025-01"), encoding="utf-8")
    sources = [{"name": name, "receipts": {**RECEIPTS, "files": files}} for name, files in (("a", "lines-*.csv"), ("b", "*-2025-01.csv"))]
    path = tmp_path / "sources.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "sources": sources}), encoding="utf-8")
    found, _ = check(load_mapping(path), tmp_path, session, timezone="Europe/Paris", own=[path])
    assert [len(entry.errors) for entry in found] == [0, 1]
    assert found[1].errors[0].startswith("1 of its files are matched by the receipts of a as well, and their lines would count twice")


MEMBERS = {"files": "members.csv", "columns": {"member_id": "id", "objects_to_profiling": "oppose = 'oui'"}}


@pytest.mark.parametrize(
    ("on_receipts", "in_list", "cause"),
    [
        ("{:06}", "{}", "leading zeros"),
        ("u{}", "U{}", "upper and lower case"),
        ("{}", "{}.0", "a .0 at the end"),
        ("FID-{:04}", "{}", "a prefix"),
        ("{:03}-7", "{:03}7", "spaces and marks"),
        ("X{}Y", "{}Z", "tokens of cards"),
    ],
)
def test_ids_that_no_list_holds_are_wrong_and_the_likely_cause_is_told(
    tried: Callable[..., Any], on_receipts: str, in_list: str, cause: str
) -> None:
    lines = "".join(line("2025-01", number, member=on_receipts.format(number)) for number in range(2, 42, 2))
    people = "".join(f"{in_list.format(number)},non\n" for number in range(50))
    ((_, receipts), _) = tried({"lines-2025-01.csv": HEADER + lines, "members.csv": f"id,oppose\n{people}"}, members=MEMBERS)
    (error,) = receipts.errors
    assert error.startswith("none of the 20 sampled ids of members on receipts is in the list")
    assert cause in error


def test_few_ids_in_the_list_are_noted_and_most_are_not(tried: Callable[..., Any]) -> None:
    lines = "".join(line("2025-01", number, member=f"{number:03}") for number in range(0, 100, 2))
    for listed, noted in ((range(10), 1), (range(100), 0)):
        people = "id,oppose\n" + "".join(f"{number:03},non\n" for number in listed)
        ((_, receipts), _) = tried({"lines-2025-01.csv": HEADER + lines, "members.csv": people}, members=MEMBERS)
        assert receipts.errors == []
        assert len(receipts.notes) == noted


def test_an_id_that_is_everybody_s_and_codes_that_a_spreadsheet_rounded_are_told(tried: Callable[..., Any]) -> None:
    lines = "".join(line("2025-01", number, member="0" if number % 4 else f"U{number}", code="3.76E+12") for number in range(400))
    ((receipts,), _) = tried({"lines-2025-01.csv": HEADER + lines})
    assert len(receipts.errors) == 1
    assert receipts.errors[0].startswith("product_key: 400 of 400 sampled values are numbers as a spreadsheet rounds them")
    assert any(note.startswith("one member id is on") for note in receipts.notes)
