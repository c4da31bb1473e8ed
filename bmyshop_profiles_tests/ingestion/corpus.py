"""Small odd and malformed raw files, each with the ledger it must come to. Read by `test_corpus.py`."""

import gzip
import io
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS

FILE = "lines-2025-01.csv"
Counts = tuple[int, int, int, int]


@dataclass(frozen=True)
class Case:
    """One or more files. counts: lines read, accepted, duplicate, refused of each; reasons: line, code, column of each refused
    line; labels: those of the accepted lines; cents: their amounts."""

    name: str
    files: dict[str, bytes]
    counts: list[Counts]
    reasons: list[tuple[int, str, str | None]] = field(default_factory=list)
    labels: list[str | None] | None = None
    cents: list[int] | None = None
    receipts: dict[str, Any] = field(default_factory=dict)
    month: str | None = "2025-01"
    source: dict[str, Any] = field(default_factory=dict)


def line(number: int, **changed: str) -> str:
    """A line of the usual till."""
    fields = {
        "ticket": f"T{number}",
        "sold": "2025-01-03 08:41",
        "shop": "S1",
        "code": "P1",
        "label": "Pain",
        "qty": "1",
        "total": "1.20",
        "member": "",
    } | changed
    return ",".join(fields.values()) + "\n"


def text(*lines: str, header: str = HEADER) -> bytes:
    return (header + "".join(lines)).encode()


def one(name: str, content: bytes, counts: Counts, *reasons: tuple[int, str, str | None], **more: Any) -> Case:
    return Case(name, {more.pop("file", FILE): content}, [counts], list(reasons), **more)


def _receipts(dialect: dict[str, Any] | None = None, **columns: str | None) -> dict[str, Any]:
    kept = {name: value for name, value in {**RECEIPTS["columns"], **columns}.items() if value is not None}
    return {"dialect": dialect or {}, "columns": kept}


def _parquet(**columns: list[Any]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


L1, L2, L3 = line(1), line(2), line(3)
LABELS = [
    "'; drop table receipt_lines; --",
    "<script>alert(1)</script>",
    '=HYPERLINK("x";"y")',
    "../../etc/passwd",
    "%s %d {month} $1 \\1",
    "null",
    "\u202egnirts",
    "🥐 café crème",
    "-- comment",
    "C:\\caisse\\n",
]

PLAIN = [
    one("two good lines", text(L1, L2), (2, 2, 0, 0)),
    one("header only", text(), (0, 0, 0, 0)),
    one("header without line end", HEADER.strip().encode(), (0, 0, 0, 0)),
    one("empty file", b"", (0, 0, 0, 0)),
    one("last line without line end", text(L1, L2.strip()), (2, 2, 0, 0)),
    one("carriage returns", text(L1, L2).replace(b"\n", b"\r\n"), (2, 2, 0, 0)),
    one("byte order mark", b"\xef\xbb\xbf" + text(L1), (1, 1, 0, 0)),
    one("byte order mark and a bad line", b"\xef\xbb\xbf" + text(L1, "x\n"), (2, 1, 0, 1), (3, "too_few_fields", None)),
    one("empty lines are no lines", text(L1, "\n", "\n", L2, "\n"), (2, 2, 0, 0)),
    one("empty lines keep the numbers of others", text(L1, "\n", "x\n", L2), (3, 2, 0, 1), (4, "too_few_fields", None)),
    one("a line of blanks", text(L1, "   \n", L2), (3, 2, 0, 1), (3, "too_few_fields", None)),
    one("a line of commas", text(L1, ",,,,,,,\n"), (2, 1, 0, 1), (3, "no_value", "receipt_key")),
    one("one field too many", text(L1, L2.strip() + ",x\n"), (2, 1, 0, 1), (3, "too_many_fields", None)),
    one("one field too few", text(L1, "T2,2025-01-03 08:41,S1,P1,Pain,1,1.20\n"), (2, 1, 0, 1), (3, "too_few_fields", None)),
    one("cut in the middle of the last line", text(L1, L2)[:-9], (2, 1, 0, 1), (3, "too_few_fields", None)),
    one("every line bad", text("a\n", "b\n"), (2, 0, 0, 2), (2, "too_few_fields", None), (3, "too_few_fields", None)),
    one("a header in the middle, of two exports put together", text(L1, HEADER, L2), (3, 2, 0, 1), (3, "no_value", "sold_at")),
    one("a total under the lines", text(L1, "TOTAL,,,,,,1.20,\n"), (2, 1, 0, 1), (3, "no_value", "sold_at")),
    one("a stray quote inside a field", text(L1, line(2, label='Pain 12" long')), (2, 2, 0, 0), labels=["Pain", 'Pain 12" long']),
    one("a field that opens a quote and closes it too early", text(L1, line(2, label='"a"b')), (2, 1, 0, 1), (3, "bad_quotes", None)),
    one("a quote never closed on the last line", text(L1, line(2, label='"Pain')), (2, 1, 0, 1), (3, "bad_quotes", None)),
    one("a quote never closed amid others", text(L1, line(2, label='"Pain'), L3), (3, 2, 0, 1), (3, "bad_quotes", None)),
    one("quoted fields with everything in them", text(line(1, label='"a,b ""c""\nd"')), (1, 1, 0, 0), labels=['a,b "c"\nd']),
    one("an empty quoted field is empty", text(line(1, label='""')), (1, 1, 0, 0), labels=[None]),
    one(
        "labels that look like code",
        text(*(line(n, label='"' + s.replace('"', '""') + '"') for n, s in enumerate(LABELS))),
        (10, 10, 0, 0),
        labels=LABELS,
    ),
    one(
        "labels that look like code, beside a bad line",
        text(*(line(n, label='"' + s.replace('"', '""') + '"') for n, s in enumerate(LABELS)), "x\n"),
        (11, 10, 0, 1),
        (12, "too_few_fields", None),
        labels=LABELS,
    ),
    one("outer blanks of a label stay", text(line(1, label="  Pain ")), (1, 1, 0, 0), labels=["  Pain "]),
    one(
        "a label of 200,000 characters",
        text(line(1, label="x" * 200_000), "x\n"),
        (2, 1, 0, 1),
        (3, "too_few_fields", None),
        labels=["x" * 200_000],
    ),
    one("a line longer than any till writes", text(L1, line(2, label="x" * 3_000_000)), (2, 1, 0, 1), (3, "too_long", None)),
    one("bytes of another encoding", text(L1) + b"T2,2025-01-03 08:41,S1,P1,Caf\xe9,1,1.20,\n", (2, 1, 0, 1), (3, "not_text", None)),
    one("a NUL in a label", text(L1, line(2, label="Pa\0in")), (2, 2, 0, 0), labels=["Pain", "Pa\0in"]),
    one("no member column in the mapping", text(L1), (1, 1, 0, 0), receipts=_receipts(member_id=None)),
]

VALUES = [
    one("a refund", text(line(1, qty="-1", total="-1.20")), (1, 1, 0, 0), cents=[-120]),
    one("a free article", text(line(1, total="0.00")), (1, 1, 0, 0), cents=[0]),
    one("a quantity of zero", text(line(1, qty="0", total="0")), (1, 1, 0, 0), cents=[0]),
    one("a weight", text(line(1, qty="0.345", total="2.07")), (1, 1, 0, 0), cents=[207]),
    one("the article .", text(line(1, code=".", label=".")), (1, 1, 0, 0), labels=["."]),
    one("the article NONE", text(line(1, code="NONE", label="NONE")), (1, 1, 0, 0), labels=["NONE"]),
    one("no label", text(line(1, label="")), (1, 1, 0, 0), labels=[None]),
    one("no article code", text(L2, line(1, code="")), (2, 1, 0, 1), (3, "no_value", "product_key")),
    one("no shop", text(L2, line(1, shop="")), (2, 1, 0, 1), (3, "no_value", "store_key")),
    one("no ticket", text(L2, line(1, ticket="")), (2, 1, 0, 1), (3, "no_value", "receipt_key")),
    one("no amount", text(L2, line(1, total="")), (2, 1, 0, 1), (3, "no_value", "amount_cents")),
    one("a letter O in an amount", text(L2, line(1, total="1.2O")), (2, 1, 0, 1), (3, "no_value", "amount_cents")),
    one("an amount beyond any till", text(L2, line(1, total="9" * 30)), (2, 1, 0, 1), (3, "no_value", "amount_cents")),
    one("a quantity in words", text(L2, line(1, qty="one")), (2, 1, 0, 1), (3, "no_value", "quantity")),
    one("a 30th of February", text(L2, line(1, sold="2025-02-30 08:41")), (2, 1, 0, 1), (3, "no_value", "sold_at")),
    one("hour 24", text(L2, line(1, sold="2025-01-03 24:10")), (2, 1, 0, 1), (3, "no_value", "sold_at")),
    one("another month", text(L2, line(1, sold="2025-02-03 08:41")), (2, 1, 0, 1), (3, "outside_month", "sold_at")),
    one("a till whose clock was reset", text(L2, line(1, sold="1970-01-01 00:00")), (2, 1, 0, 1), (3, "implausible", "sold_at")),
    one("a date in the future", text(L2, line(1, sold="2199-01-01 00:00")), (2, 1, 0, 1), (3, "implausible", "sold_at")),
    one(
        "the future, in a file of all months",
        text(L2, line(1, sold="2199-01-01 00:00")),
        (2, 1, 0, 1),
        (3, "implausible", "sold_at"),
        receipts={"files": FILE},
        month=None,
    ),
    one("the hour that spring leaves out", text(line(1, sold="2025-03-30 02:30")), (1, 1, 0, 0), month="2025-03", file="lines-2025-03.csv"),
    one(
        "voided tickets",
        text(L1, line(2, label="ANNULE"), line(3, label="ANNULE")),
        (3, 1, 0, 2),
        (3, "voided", None),
        (4, "voided", None),
        receipts={"voided": "label = 'ANNULE'"},
    ),
    one("a voiding expression that gives nothing voids nothing", text(L1), (1, 1, 0, 0), receipts={"voided": "member = 'x'"}),
    one("a shop that no list has", text(line(1, shop="UNKNOWN")), (1, 1, 0, 0)),
    one(
        "a receipt that crosses the month's last midnight",
        text(line(1, sold="2025-01-31 23:58"), line(1, sold="2025-02-01 00:03"), line(2, sold="2025-02-01 00:04")),
        (3, 2, 0, 1),
        (4, "outside_month", "sold_at"),
    ),
    one(
        "a receipt that began before the month's first midnight",
        text(line(1, sold="2024-12-31 23:58"), line(1, sold="2025-01-01 00:03")),
        (2, 2, 0, 0),
    ),
    one(
        "one ticket number, weeks apart, is not one visit",
        text(line(1, sold="2025-01-03 08:41"), line(1, sold="2025-02-03 08:41")),
        (2, 1, 0, 1),
        (3, "outside_month", "sold_at"),
    ),
    one(
        "the key may hold the date where numbers start again every day",
        text(line(1), line(1, sold="2025-01-04 08:41")),
        (2, 2, 0, 0),
        receipts=_receipts(receipt_key="concat_ws('/', shop, sold[:10], ticket)"),
    ),
]

DIALECTS = [
    one(
        "decimal commas, thousands, currency signs",
        "ticket;sold;shop;code;label;qty;total;member\n1;2025-01-03 08:41;S;P;a;1,5;1 234,50 €;\n2;2025-01-03 08:41;S;P;b;1;-0,99;\n"
        "3;2025-01-03 08:41;S;P;c;1;1.20;\n".encode(),
        (3, 2, 0, 1),
        (4, "no_value", "amount_cents"),
        cents=[123450, -99],
        receipts=_receipts({"delimiter": ";", "decimal": ",", "thousands": " "}, quantity="number(qty)", amount_cents="cents(total)"),
    ),
    one(
        "several date formats in one file",
        text(line(1, sold="03/01/2025 08:41"), line(2, sold="03-01-25"), line(3), line(4, sold="2025.01.03")),
        (4, 3, 0, 1),
        (5, "no_value", "sold_at"),
        receipts=_receipts({"dates": ["%d/%m/%Y %H:%M", "%d-%m-%y"]}, sold_at="moment(sold)"),
    ),
    one("tabs", text(L1, header=HEADER).replace(b",", b"\t"), (1, 1, 0, 0), receipts={"dialect": {"delimiter": "\t"}}),
    one(
        "no quotes at all",
        text(line(1, label='"Pain'), line(2, label='a"b"')),
        (2, 2, 0, 0),
        labels=['"Pain', 'a"b"'],
        receipts={"dialect": {"quote": None}},
    ),
    one(
        "no quotes at all, beside a bad line",
        text(line(1, label='"Pain'), "x\n"),
        (2, 1, 0, 1),
        (3, "too_few_fields", None),
        labels=['"Pain'],
        receipts={"dialect": {"quote": None}},
    ),
    one(
        "backslash before quotes",
        text(line(1, label='"a \\"b\\""')),
        (1, 1, 0, 0),
        labels=['a "b"'],
        receipts={"dialect": {"escape": "\\"}},
    ),
    one(
        "single quotes",
        text(line(1, label="'a,b'"), "x\n"),
        (2, 1, 0, 1),
        (3, "too_few_fields", None),
        labels=["a,b"],
        receipts={"dialect": {"quote": "'"}},
    ),
    one("no header", text(L1, L2, header=""), (2, 2, 0, 0), receipts={"dialect": {"header": False, "names": HEADER.strip().split(",")}}),
    one(
        "no header, a bad first line",
        text("x\n", L2, header=""),
        (2, 1, 0, 1),
        (1, "too_few_fields", None),
        receipts={"dialect": {"header": False, "names": HEADER.strip().split(",")}},
    ),
    one(
        "lines before the header",
        b"Caisse 1;\nexport du 3\n" + text(L1, "x\n"),
        (2, 1, 0, 1),
        (5, "too_few_fields", None),
        receipts={"dialect": {"skip_lines": 2}},
    ),
    one(
        "cp1252",
        text(line(1, label="Œuf à 1 €")).decode().encode("cp1252"),
        (1, 1, 0, 0),
        labels=["Œuf à 1 €"],
        receipts={"dialect": {"encoding": "cp1252"}},
    ),
    one(
        "a byte that cp1252 does not have",
        text(L1) + b"T2,2025-01-03 08:41,S1,P1,\x81,1,1.20,\n",
        (2, 1, 0, 1),
        (3, "not_text", None),
        receipts={"dialect": {"encoding": "cp1252"}},
    ),
    one(
        "latin-1",
        text(line(1, label="café")).decode().encode("latin-1"),
        (1, 1, 0, 0),
        labels=["café"],
        receipts={"dialect": {"encoding": "latin-1"}},
    ),
    one(
        "gzip, with a bad line",
        gzip.compress(text(L1, "x\n")),
        (2, 1, 0, 1),
        (3, "too_few_fields", None),
        file=FILE + ".gz",
        receipts={"files": "lines-{year}-{month}.csv.gz"},
    ),
    one(
        "zstd, with a bad line",
        pa.compress(text(L1, "x\n"), codec="zstd", asbytes=True),
        (2, 1, 0, 1),
        (3, "too_few_fields", None),
        file=FILE + ".zst",
        receipts={"files": "lines-{year}-{month}.csv.zst"},
    ),
    one("a column more than the mapping knows", text("1," + L1, header="extra," + HEADER), (1, 1, 0, 0)),
]

_NESTED = {
    "files": "lines-{year}-{month}.jsonl",
    "dialect": {"format": "json", "lines": "articles"},
    "columns": {
        "receipt_key": "ticket",
        "sold_at": "moment(sold)",
        "store_key": '"shop.id"',
        "product_key": '"articles.code"',
        "label": '"articles.label"',
        "amount_cents": 'cents("articles.total")',
        "member_id": "member",
    },
}
_ARTICLES = [{"code": 1, "label": "Pain", "total": 1.2}, {"code": 2, "label": 'a "b"\n', "total": "0.30"}]


def nested(**changed: Any) -> str:
    receipt = {"ticket": "T1", "sold": "2025-01-03T08:41:00", "shop": {"id": 7}, "articles": _ARTICLES, "member": None} | changed
    return json.dumps(receipt) + "\n"


def documents(name: str, content: str | bytes, counts: Counts, *reasons: tuple[int, str, str | None], **more: Any) -> Case:
    raw = content.encode() if isinstance(content, str) else content
    return one(name, raw, counts, *reasons, file="lines-2025-01.jsonl", receipts=_NESTED, **more)


NESTED = [
    documents("nested articles", nested(), (2, 2, 0, 0), labels=["Pain", 'a "b"\n'], cents=[120, 30]),
    documents("a line that is no JSON", nested() + "{oops\n" + nested(ticket="T2"), (5, 4, 0, 1), (2, "not_json", None)),
    documents("a receipt cut short", nested() + nested()[:40], (3, 2, 0, 1), (2, "not_json", None)),
    documents("a receipt without articles", nested() + nested(articles=[]), (3, 2, 0, 1), (2, "no_articles", None)),
    documents("a receipt with null articles", nested(articles=None), (1, 0, 0, 1), (1, "no_articles", None)),
    documents(
        "one bad article among good ones",
        nested(articles=[*_ARTICLES, {"code": 3, "total": "?"}]),
        (3, 2, 0, 1),
        (1, "no_value", "amount_cents"),
    ),
    documents(
        "two bad articles of one receipt",
        nested(articles=[{"code": 3}, {"total": 1}]),
        (2, 0, 0, 2),
        (1, "no_value", "amount_cents"),
        (1, "no_value", "product_key"),
    ),
    documents("empty lines between documents", nested() + "\n\n" + nested(ticket="T2"), (4, 4, 0, 0)),
    documents("JSON that is no text", nested().encode() + b'{"ticket":"\xff"}\n', (3, 2, 0, 1), (2, "not_text", None)),
    documents("a list instead of a receipt", nested() + "[1, 2]\n", (3, 2, 0, 1), (2, "no_articles", None)),
]

_COLUMNAR = {"files": "lines-{year}-{month}.parquet", "dialect": {"format": "parquet"}}
_ROWS = {"ticket": ["1", "2"], "sold": ["2025-01-03 08:41"] * 2, "shop": [7, 7], "code": [1, 2], "label": ["a", "b"], "qty": [1, 1],
         "total": [1.2, 3.4], "member": [None, None]}  # fmt: skip

SEVERAL = [
    Case("a file twice", {"lines-2025-01-a.csv": text(L1), "lines-2025-01-b.csv": text(L1)}, [(1, 1, 0, 0), (1, 0, 1, 0)],
         receipts={"files": "lines-{year}-{month}-*.csv"}),
    Case("a bad file twice", {"lines-2025-01-a.csv": text(L1, "x\n"), "lines-2025-01-b.csv": text(L1, "x\n")}, [(2, 1, 0, 1), (2, 0, 2, 0)],
         [(3, "too_few_fields", None)], receipts={"files": "lines-{year}-{month}-*.csv"}),
    Case("a line of a receipt in two files counts as often as where it is most often",
         {"lines-2025-01-a.csv": text(L1), "lines-2025-01-b.csv": text(L1, L1, L2)},
         [(1, 1, 0, 0), (3, 2, 1, 0)], receipts={"files": "lines-{year}-{month}-*.csv"}),
    Case("a good, a bad and an empty file",
         {"lines-2025-01-a.csv": text(L1), "lines-2025-01-b.csv": text(L2, "x\n"), "lines-2025-01-c.csv": b""},
         [(1, 1, 0, 0), (2, 1, 0, 1), (0, 0, 0, 0)], [(3, "too_few_fields", None)], receipts={"files": "lines-{year}-{month}-*.csv"}),
    Case("files by day and shop", {"S1/20250103.csv": text(L1), "S2/20250104.csv": text(L2, "x\n"), "S2/20250201.csv": text(L3)},
         [(1, 1, 0, 0), (2, 1, 0, 1)], [(3, "too_few_fields", None)],
         receipts={"files": "{store}/{year}{month}{day}.csv", **_receipts(store_key="file_store")}),
    Case("a clean Parquet file", {"lines-2025-01.parquet": _parquet(**_ROWS)}, [(2, 2, 0, 0)], cents=[120, 340], receipts=_COLUMNAR),
    Case("a Parquet file with bad rows",
         {"lines-2025-01.parquet": _parquet(**{**_ROWS, "sold": ["2025-01-03 08:41", None]})}, [(2, 1, 0, 1)],
         [(2, "no_value", "sold_at")], cents=[120], receipts=_COLUMNAR),
    Case("a receipt that crosses midnight in a file of all months",
         {"all.csv": text(line(1, sold="2025-01-31 23:58"), line(1, sold="2025-02-01 00:03"), line(2, sold="2025-02-01 00:04"))},
         [(3, 3, 0, 0)], receipts={"files": "all.csv"}, month=None),
]  # fmt: skip

CASES = [*PLAIN, *VALUES, *DIALECTS, *NESTED, *SEVERAL]
