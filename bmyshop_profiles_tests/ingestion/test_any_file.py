"""Files made from a model of what tills write, any text in them: lines reconcile, and every well-formed line comes through unchanged."""

import csv
import gzip
import io
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS

NAMES = HEADER.strip().split(",")
PROPERTY = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
BAD = st.none() | st.none() | st.sampled_from(["short", "long", "date", "amount"])


@dataclass(frozen=True)
class TillFile:
    """A file, the labels of its well-formed lines by receipt, and where its bad lines stand."""

    content: bytes
    name: str
    dialect: dict[str, Any]
    labels: dict[str, str | None]
    bad_lines: list[int]
    lines_count: int


@st.composite
def till_files(draw: st.DrawFn) -> TillFile:
    delimiter = draw(st.sampled_from(",;\t|"))
    quote = draw(st.sampled_from(['"', "'"]))
    encoding = draw(st.sampled_from(["utf-8", "cp1252", "latin-1"]))
    header, packed, end = draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from(["\n", "\r\n"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    # line ends inside a label: as the file's own, since a file that mixes them has no lines to speak of
    letters = st.characters(codec=encoding, exclude_characters="\r\n\0", exclude_categories=["Cs"])
    piece = st.text(letters, max_size=4) | st.sampled_from(
        [quote, quote + quote, delimiter, '"', "'", " ", "\\"]
    )  # letters alone seldom hit them
    part = st.lists(piece, max_size=3).map("".join)
    label = st.lists(part, min_size=1, max_size=2).map(end.join)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator=end)
    if header:
        writer.writerow(NAMES)
    at_line, labels, bad_lines = 1 + header, {}, []
    described = draw(st.lists(st.tuples(label, BAD), max_size=12))
    for number, (text, bad) in enumerate(described):
        row = [f"T{number}", "2025-01-03 08:41", "S1", "P1", text, "1", "1.20", ""]
        if bad == "date":
            row[1] = "?"
        if bad == "amount":
            row[6] = "?"
        if bad in ("short", "long"):
            row[4] = "x"
        written = out.tell()
        writer.writerow({"short": row[:5], "long": [*row, "x", "y"]}.get(bad or "", row))
        if bad is None:
            labels[f"till/T{number}"] = text or None
        else:
            bad_lines.append(at_line)
        at_line += out.getvalue()[written:].count("\n")
    raw = out.getvalue().encode(encoding)
    if encoding == "utf-8" and draw(st.booleans()):
        raw = b"\xef\xbb\xbf" + raw
    dialect = {"delimiter": delimiter, "quote": quote, "encoding": encoding, "header": header, "names": None if header else NAMES}
    return TillFile(gzip.compress(raw) if packed else raw, "lines.csv" + ".gz" * packed, dialect, labels, bad_lines, len(described))


@pytest.mark.slow
@PROPERTY
@given(till_files())
def test_lines_reconcile_and_good_ones_are_unchanged(ingest, file: TillFile) -> None:
    read = ingest({file.name: file.content}, month=None, receipts={**RECEIPTS, "files": file.name, "dialect": file.dialect})
    assert {row["receipt_key"]: row["label"] for row in read.rows} == file.labels
    assert read.counts() == [(file.lines_count, len(file.labels), 0, len(file.bad_lines))]
    assert [line["line_number"] for line in read.rejected] == file.bad_lines


@pytest.mark.slow
@PROPERTY
@given(st.binary(max_size=200), st.sampled_from(["utf-8", "cp1252", "latin-1"]))
def test_any_bytes_under_a_header_reconcile(ingest, content: bytes, encoding: str) -> None:
    receipts = {**RECEIPTS, "files": "lines.csv", "dialect": {"encoding": encoding}}
    read = ingest({"lines.csv": HEADER.encode() + content}, month=None, receipts=receipts)
    [(lines, accepted, duplicates, refused)] = read.counts()
    assert (accepted, duplicates, refused) == (len(read.rows), 0, len(read.rejected))
    assert lines == accepted + refused
    assert lines > 0 or not content.strip(b"\r\n")


@pytest.mark.slow
@PROPERTY
@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_damage_costs_no_line_before_it_and_few_after(ingest, place: int, damage: bytes) -> None:
    lines = [f'T{number},2025-01-03 08:41,S1,P1,"Pain, n° {number}",1,1.20,\n'.encode() for number in range(10)]
    body = b"".join(lines)
    place = min(place, len(body))
    content = HEADER.encode() + body[:place] + damage + body[place:]
    read = ingest({"lines.csv": content}, month=None, receipts={**RECEIPTS, "files": "lines.csv"})
    hit = sum(len(line) for line in lines[: next((n for n in range(10) if len(b"".join(lines[: n + 1])) >= place), 9)])
    untouched = {f"till/T{number}": f"Pain, n° {number}" for number in range(10) if len(b"".join(lines[: number + 1])) < hit + 1}
    found = {row["receipt_key"]: row["label"] for row in read.rows}
    assert untouched.items() <= found.items()
    assert len(found) >= 7
    [(count, accepted, _, refused)] = read.counts()
    assert count == accepted + refused


def test_the_model_makes_odd_files() -> None:
    """What the properties above would miss if the model made only plain files."""
    seen = set()

    @settings(PROPERTY, max_examples=200)
    @given(till_files())
    def look(file: TillFile) -> None:
        seen.add(("bad", bool(file.bad_lines)))
        seen.add(("several lines", any("\n" in (label or "") for label in file.labels.values())))
        seen.add(("quote", any(file.dialect["quote"] in (label or "") for label in file.labels.values())))

    look()
    assert {("bad", True), ("several lines", True), ("quote", True)} <= seen
