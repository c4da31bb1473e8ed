"""By blocks or line by line, a text comes to the same records and the same bad lines; and what can pass as it is, does."""

import csv
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bmyshop_profiles.ingestion.mapping.mapping import Dialect
from bmyshop_profiles.ingestion.reading import again, blocks, careful
from bmyshop_profiles_tests.ingestion.conftest import HEADER
from bmyshop_profiles_tests.ingestion.corpus import CASES, Case, line
from bmyshop_profiles_tests.ingestion.test_any_file import PROPERTY
from bmyshop_profiles_tests.ingestion.test_corpus import test_a_file_comes_to_its_ledger as comes_to_its_ledger

COLUMNS = 3
DIALECTS = [
    Dialect(header=False, names=("a", "b", "c"), **more)
    for more in (
        {},
        {"quote": "'", "delimiter": ";"},
        {"quote": None},
        {"escape": "\\"},
        {"encoding": "cp1252"},
        {"encoding": "latin-1", "skip_lines": 2},
        {"delimiter": "·"},
    )
]
# q: the quote, d: the delimiter
FIELDS = ["", "a", "é", "œ", " ", "\\", "\0", "\ufeff", "'", '"', "a q", "a\rb", "\r", "\x81", "qa", "aq", "qaqb", " qaq", "qaq "]
FIELDS += ["qaq", "qq", "qadbq", "qaqqbq", "qaqqdqqbq", "q a\nbq", "qa\r\nb", "qa\\qbq", "qa\\\\q"]


@st.composite
def texts(draw: st.DrawFn, dialect: Dialect) -> str:
    """Lines of a few fields, most of them as many as there are columns."""
    lines = []
    for count in draw(st.lists(st.sampled_from([0, 1, 2, 3, 3, 3, 3, 3, 3, 4]), max_size=25)):
        fields = draw(st.lists(st.sampled_from(["a", "qaq", *FIELDS]), min_size=count, max_size=count))
        lines.append("d".join(fields) + draw(st.sampled_from(["\n", "\n", "\r\n", "\r\r\n"])))
    text = "".join(lines).removesuffix("\n" if draw(st.booleans()) else "x")
    return text.replace("d", dialect.delimiter).replace("q", dialect.quote or '"')


def records(path: Path, dialect: Dialect, directory: Path) -> tuple[list[list[str]], list[list[str]]]:
    """The good records by number, and the bad ones, of a file that is rewritten."""
    good, bad = directory / "good", directory / "bad"
    counts = careful.rewrite(path, dialect, COLUMNS, good, bad, str)
    with good.open(encoding="utf-8", newline="") as lines, bad.open(encoding="utf-8", newline="") as others:
        read = csv.reader(lines, delimiter=dialect.delimiter, quotechar=blocks.quote_of(dialect), strict=True)
        found = sorted(read, key=lambda record: int(record[0])), list(csv.reader(others))
    assert counts == tuple(map(len, found))
    return found


@pytest.mark.slow
@PROPERTY
@given(st.data(), st.sampled_from(DIALECTS), st.sampled_from([1, 5, 30, 1 << 20]), st.booleans())
def test_blocks_change_nothing(tmp_path: Path, data: st.DataObject, dialect: Dialect, size: int, is_damaged: bool) -> None:
    path = tmp_path / "raw.csv"
    text = data.draw(texts(dialect)).encode(dialect.encoding, "ignore")
    path.write_bytes(text + (b"\xff\xe9,\x81,b\n1,2,3" if is_damaged else b""))

    def all_odd(letters, ends, *_):  # type: ignore[no-untyped-def]
        return np.ones(len(ends), dtype=bool)

    with mock.patch.object(blocks, "_are_ill_formed", all_odd):
        expected = records(path, dialect, tmp_path)
    with mock.patch.object(blocks, "BLOCK", size):
        assert records(path, dialect, tmp_path) == expected


@pytest.mark.parametrize("case", [case for case in CASES if case.reasons], ids=lambda case: case.name)
def test_bad_lines_are_found_wherever_a_block_ends(ingest, monkeypatch, case: Case) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 16)
    comes_to_its_ledger(ingest, case)


@pytest.mark.parametrize(
    "text", ["a,b,c", ",,", '"a","b","c"', '"a,b",c,d', '"a ""b""",c,d', '"""a""",b,c', '"a"",""b",c,d', "a,\0,é", '"a","",""']
)
def test_what_needs_no_care_passes_as_it_is(text: str) -> None:
    block = blocks.look_at(1, f"{text}\n{text}\r\n".encode(), DIALECTS[0], COLUMNS)
    assert block.odd.tolist() == [False, False]
    assert block.plain() == (2, f"1,{text}\n2,{text}\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        "a,b",
        "a,b,c,d",
        'a"b,c,d',
        '"a"b,c,d',
        ' "a",b,c',
        '"a" ,b,c',
        '"a,b,c',
        'a,b,"c',
        'ab"",c,d',
        "a\rb,c,d",
        '"a,b",c',
        "a," * 257 + "b",
    ],
)
def test_what_is_odd_is_so_alone(text: str) -> None:
    block = blocks.look_at(1, f'a,"b",c\n{text}\na,"b",c\n'.encode(), DIALECTS[0], COLUMNS)
    assert block.odd.tolist() == [False, True, False]


def test_an_escape_is_odd_where_it_is_one() -> None:
    text = b'"a\\\\",b,c\n'  # a and one backslash, or two
    assert [blocks.look_at(1, text, dialect, COLUMNS).odd.tolist() for dialect in (DIALECTS[0], DIALECTS[3])] == [[False], [True]]


def test_bytes_that_are_no_text_are_told_by_line_and_as_they_stood() -> None:
    lines = [b"a,b,c", b"\xe9,b,c", b"a,\xc3\xa9,c", b"\xff\xff,\xfe,c", b"a,b,\xc3"]
    block = blocks.look_at(1, b"".join(each + b"\n" for each in lines), DIALECTS[0], COLUMNS)
    assert block.odd.tolist() == [False, True, False, True, True]
    assert [block.line(place) for place in range(5)] == ["a,b,c", lines[1], "a,é,c", lines[3], lines[4]]


def test_what_the_first_reading_wrote_stands_where_only_values_are_wrong(ingest, monkeypatch) -> None:
    """An empty line and a label of two lines make the counts differ; a date is none."""
    monkeypatch.setattr(again, "_write_good", mock.Mock(side_effect=AssertionError("written again")))
    content = HEADER + line(1) + "\n" + line(2, label='"Pain\nlong"') + line(3, sold="?") + line(4)
    read = ingest({"lines-2025-01.csv": content})
    assert sorted(row["receipt_key"] for row in read.rows) == ["till/T1", "till/T2", "till/T4"]
    assert read.counts() == [(4, 3, 0, 1)]
    assert read.reasons() == [("lines-2025-01.csv", 6, "no_value", "sold_at")]


def test_only_files_with_bad_records_are_written_again(ingest, monkeypatch) -> None:
    written = mock.Mock(side_effect=again._write_good)
    monkeypatch.setattr(again, "_write_good", written)
    files = {
        "lines-2025-01-a.csv": HEADER + line(1),
        "lines-2025-01-b.csv": HEADER + line(2) + line(3, label="Pa\0in") + "x\n",
        "lines-2025-01-c.csv": HEADER + line(4) + line(5, sold="?"),
    }
    read = ingest(files)
    assert [call.args[3] for call in written.call_args_list] == [[1]]
    assert sorted(row["receipt_key"] for row in read.rows) == ["till/T1", "till/T2", "till/T3", "till/T4"]
    assert read.counts() == [(1, 1, 0, 0), (3, 2, 0, 1), (2, 1, 0, 1)]
    assert [reason[1:] for reason in read.reasons()] == [(4, "too_few_fields", None), (3, "no_value", "sold_at")]
    assert {row["label"] for row in read.rows} == {"Pain", "Pa\0in"}


def test_values_are_judged_again_only_where_lines_are_missing(ingest, monkeypatch) -> None:
    judged = mock.Mock(side_effect=again._refused_values)
    monkeypatch.setattr(again, "_refused_values", judged)
    files = {"lines-2025-01-a.csv": HEADER + line(1) + "x\n", "lines-2025-01-b.csv": HEADER + line(2) + "x\n" + line(3, sold="?")}
    assert ingest(files).counts() == [(2, 1, 0, 1), (3, 1, 0, 2)]
    [call] = judged.call_args_list
    assert [file.number for _, group in call.args[2] for file, _ in group] == [1]


def test_a_line_outside_of_the_month_comes_back_to_its_receipt_from_one_file_of_several(ingest) -> None:
    inside, outside = line(1, sold="2025-01-31 23:58"), line(1, sold="2025-02-01 00:03", label="Lait")
    files = {
        "lines-2025-01-a.csv": HEADER + inside + outside + line(2, sold="?"),
        "lines-2025-01-b.csv": HEADER + line(3, sold="2025-02-01 00:03"),
    }
    read = ingest(files)
    assert sorted((row["receipt_key"], row["label"], str(row["sold_at"])) for row in read.rows) == [
        ("till/T1", "Lait", "2025-01-31 23:58:00"),
        ("till/T1", "Pain", "2025-01-31 23:58:00"),
    ]
    assert read.counts() == [(3, 2, 0, 1), (1, 0, 0, 1)]


def test_articles_are_counted_as_they_are_read(ingest) -> None:
    """Of nested JSON, a receipt whose article lacks its price is seen by the number of rows alone."""
    columns = {
        "receipt_key": "ticket",
        "sold_at": "moment(sold)",
        "store_key": "shop",
        "product_key": '"a.b.code"',
        "amount_cents": 'cents("a.b.total")',
    }
    receipts = {"files": "lines.jsonl", "dialect": {"format": "json", "lines": "a.b"}, "columns": columns}
    start = '{"ticket": 1, "sold": "2025-01-03 08:41", "shop": 7, "a": {"b": '
    ends = ['[{"code": 1, "total": "1.20"}, {"code": 2}]}}', '{"code": 1}}}', '[{"code": 1, "total": "2.00"}]}}']
    content = "  \n".join(f"{start}{end}\n" for end in ends)
    read = ingest({"lines.jsonl": content}, month=None, receipts=receipts)
    assert [row["amount_cents"] for row in read.rows] == [120, 200]
    assert [reason[1:] for reason in read.reasons()] == [(1, "no_value", "amount_cents"), (3, "no_articles", None)]


def test_a_line_that_only_the_careful_reader_refuses_is_not_read_as_well(ingest) -> None:
    """DuckDB takes lines of up to 2 MB: what it wrote does not stand, though the numbers of lines add up."""
    read = ingest({"lines-2025-01.csv": HEADER + line(1) + line(2, label="x" * 600_000) + line(3, sold="?")})
    assert read.counts() == [(3, 1, 0, 2)]
    assert [reason[1:] for reason in read.reasons()] == [(3, "too_long", None), (4, "no_value", "sold_at")]
