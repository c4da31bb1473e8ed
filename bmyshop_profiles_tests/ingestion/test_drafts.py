"""Drafts of mappings: what is guessed of files, that a draft loads and reads its own file whole, and that it tells nothing of persons."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.drafts.check import check
from bmyshop_profiles.ingestion.drafts.draft import Draft, draft_of
from bmyshop_profiles.ingestion.drafts.looks import look_at
from bmyshop_profiles.ingestion.mapping.mapping import SourceMapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install
from bmyshop_profiles_tests import realdata
from bmyshop_profiles_tests.ingestion.conftest import KEY

LABELS = ("BAGUETTE", "CAFÉ", "L'ÉQUIPE", "TABAC 20", "EAU 50CL")


def lines(pattern: str, count: int = 60, end: str = "\n") -> str:
    """Lines of a plausible till: 3 articles a receipt, several days, two shops. The pattern's fields are filled in."""
    made = []
    for number in range(count):
        ticket, quantity, price = number // 3, 1 + number % 3, 110 + 10 * (number % 5)
        made.append(
            pattern.format(
                ticket=1000 + ticket,
                day=f"{1 + ticket:02}",
                hour=f"{8 + ticket % 10:02}",
                shop=f"M000{1 + ticket % 2}",
                code=f"{26 + number % 5}",
                label=LABELS[number % 5],
                quantity=quantity,
                price=f"{price // 100},{price % 100:02}",
                price_point=f"{price // 100}.{price % 100:02}",
                total=f"{quantity * price // 100},{quantity * price % 100:02}",
                member=f"U{7000 + ticket}" if ticket % 4 == 0 else "",
            )
        )
    return end.join(made) + end


FRENCH = "{ticket};{day}/01/2025;{hour}:15;{shop};{code};{label};{quantity};{total};{member}"
FRENCH_HEADER = "N° ticket;Date;Heure;Magasin;Code article;Libellé;Qté;Montant TTC;N° adhérent\n"


@pytest.fixture
def draft(tmp_path: Path, session: Session) -> Callable[..., Draft]:
    """Write files and draft their mapping."""

    def make(files: dict[str, str | bytes], **options: Any) -> Draft:
        for name, content in files.items():
            path = tmp_path / "raw" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return draft_of([tmp_path / "raw" / name for name in files], session, root=tmp_path / "raw", **options)

    return make


def loaded(draft: Draft) -> SourceMapping:
    return SourceMapping.model_validate(yaml.safe_load(draft.text))


def receipts_of(draft: Draft) -> Any:
    return loaded(draft).sources[0].receipts


def ledger(session: Session, mapping: SourceMapping, root: Path, target: Path, month: str | None = None) -> tuple[int, int, list[Any]]:
    """Lines read, lines accepted, sum of cents and distinct receipts, after reading a mapping's receipts."""
    install(session.connection, KEY)
    reader, catalogue = Reader(session, mapping, root, "Europe/Paris"), load_catalogue()
    target.mkdir()
    if month:
        reader.month(month, catalogue["receipt_lines"], target)
    else:
        reader.undated("receipts", catalogue["staged_receipt_lines"], target)
    found = session.execute(
        f"select sum(amount_cents)::bigint, count(distinct receipt_key), count(distinct store_key), count(member_key) "
        f"from read_parquet('{target}/*.parquet')"
    ).fetchall()
    entries = reader.ledger.file_records()
    return sum(entry["lines_count"] for entry in entries), sum(entry["accepted_count"] for entry in entries), found


CENTS = sum((1 + number % 3) * (110 + 10 * (number % 5)) for number in range(60))


@pytest.mark.parametrize(
    ("name", "content", "dialect"),
    [
        ("a.csv", (FRENCH_HEADER + lines(FRENCH)).encode(), {"delimiter": ";", "decimal": ",", "dates": ("%d/%m/%Y %H:%M",)}),
        ("b.csv", b"\xef\xbb\xbf" + (FRENCH_HEADER + lines(FRENCH)).encode(), {"encoding": "utf-8"}),
        ("c.csv", (FRENCH_HEADER + lines(FRENCH)).encode("cp1252"), {"encoding": "cp1252"}),
        ("d.csv.gz", gzip.compress((FRENCH_HEADER + lines(FRENCH)).encode("cp1252"), mtime=0), {"encoding": "cp1252"}),
        ("e.tsv", (FRENCH_HEADER + lines(FRENCH)).replace(";", "\t").encode(), {"delimiter": "\t"}),
        ("f.csv", (FRENCH_HEADER + lines(FRENCH, end="\r\n")).encode(), {"delimiter": ";"}),
        ("g.csv", ("Export du 31/01/2025\nMagasins : tous\n" + FRENCH_HEADER + lines(FRENCH)).encode(), {"skip_lines": 2}),
        ("h.csv", (FRENCH_HEADER + lines(FRENCH).replace("BAGUETTE", '"BAGUETTE; ""LA"" 20"')).encode(), {"quote": '"', "escape": None}),
        ("i.csv", (FRENCH_HEADER + lines(FRENCH).replace("BAGUETTE", '"BAGUETTE; \\"LA\\" 20"')).encode(), {"escape": "\\"}),
        ("j.csv", (FRENCH_HEADER + lines(FRENCH).replace("BAGUETTE", 'PIZZA 12"')).encode(), {"quote": None}),
        ("k.csv", (FRENCH_HEADER + lines(FRENCH).replace("BAGUETTE", "'BAGUETTE; LA 20'")).encode(), {"quote": "'"}),
        ("l.csv", (FRENCH_HEADER + lines(FRENCH.replace("{total}", "1 00{total} €"))).encode(), {"decimal": ",", "thousands": " "}),
        ("m.csv", (FRENCH_HEADER + lines(FRENCH.replace("{day}/01/2025", "{day}.01.25"))).encode(), {"dates": ("%d.%m.%y %H:%M",)}),
        ("n.csv", (FRENCH_HEADER + lines(FRENCH.replace("{day}/01/2025", "2025-01-{day}"))).encode(), {"dates": ()}),
    ],
)
def test_how_a_file_is_written_is_seen_and_every_line_comes_in(
    draft: Callable[..., Draft], session: Session, tmp_path: Path, name: str, content: bytes, dialect: dict[str, Any]
) -> None:
    found = draft({name: content})
    receipts = receipts_of(found)
    assert {key: getattr(receipts.dialect, key) for key in dialect} == dialect
    assert found.missing == []
    read, accepted, sums = ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out")
    assert (read, accepted) == (60, 60)
    assert sums == [(CENTS + (6_000_000 if name == "l.csv" else 0), 20, 2, 15)]


def test_a_file_without_header_is_named_by_what_it_holds(draft: Callable[..., Draft]) -> None:
    found = draft({"sales.csv": lines(FRENCH)})
    dialect = receipts_of(found).dialect
    assert (dialect.header, dialect.names) == (False, tuple(f"column_{number}" for number in range(1, 10)))
    assert "a file without header is assumed" in found.text
    assert "moment(column_2 || ' ' || column_3)" in found.text


def test_a_first_line_of_data_is_not_printed_as_names_of_columns(draft: Callable[..., Draft]) -> None:
    people = "Zoé;Exemple;;\n" + "".join(f"Zoé{number};Exemple;{1950 + number};2024-01-{1 + number:02}\n" for number in range(20))
    with pytest.raises(BmyshopError) as caught:
        draft({"liste.csv": people})
    assert "Exemple" not in str(caught.value)
    found = draft({"liste.csv": people, "ventes.csv": FRENCH_HEADER + lines(FRENCH)})
    assert "liste.csv was left out: column_1, column_2, column_3, column_4." in found.text
    assert "Exemple" not in found.text


def test_a_line_of_nothing_but_quotes_does_not_make_them_ordinary(draft: Callable[..., Draft]) -> None:
    rows = [["Export"] + [""] * 8, [""] * 9, *(line.split(";") for line in (FRENCH_HEADER + lines(FRENCH)).splitlines())]
    text = "".join(";".join(f'"{value}"' for value in row) + "\n" for row in rows)
    dialect = receipts_of(draft({"quoted.csv": text})).dialect
    assert (dialect.quote, dialect.skip_lines, dialect.header) == ('"', 2, True)


def test_two_date_formats_in_one_file_are_both_told(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    half = lines(FRENCH.replace("{day}/01/2025", "2025-01-{day}")).splitlines(keepends=True)
    found = draft({"mixed.csv": FRENCH_HEADER + "".join(lines(FRENCH).splitlines(keepends=True)[:30] + half[30:])})
    assert receipts_of(found).dialect.dates == ("%d/%m/%Y %H:%M",)  # the other one is ISO 8601
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out")[:2] == (60, 60)


def test_a_mistaken_date_makes_no_format(draft: Callable[..., Draft]) -> None:
    text = lines(FRENCH, count=90).replace("05/01/2025", "01/25/2025", 1)
    assert receipts_of(draft({"sales.csv": FRENCH_HEADER + text})).dialect.dates == ("%d/%m/%Y %H:%M",)


def test_day_or_month_first_is_said_to_be_assumed(draft: Callable[..., Draft]) -> None:
    found = draft({"sales.csv": FRENCH_HEADER + lines(FRENCH, count=30)})
    assert any("day or month comes first" in text for text in found.assumed)
    assert not any("day or month" in text for text in draft({"sales.csv": FRENCH_HEADER + lines(FRENCH)}).assumed)


def test_json_with_articles_inside(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    receipts = [
        {
            "ticket": {"id": 500 + number, "store": {"id": f"S{number % 2}"}},
            "sold_at": f"2025-01-{1 + number:02}T09:00:00",
            "total": 3.3,
            "payments": [{"type": "CB"}],
            "articles": [{"ean": "26", "label": "PAIN", "qty": 1, "amount": 1.1}, {"ean": "27", "label": "CAFÉ", "qty": 2, "amount": 2.2}],
        }
        for number in range(20)
    ]
    found = draft({"sales.ndjson": "".join(json.dumps(receipt) + "\n" for receipt in receipts)})
    table = receipts_of(found)
    assert (table.dialect.format, table.dialect.lines) == ("json", "articles")
    assert table.columns["amount_cents"] == 'cents("articles.amount")'
    assert table.columns["label"] == '"articles.label"'
    assert table.columns["store_key"] == '"ticket.store.id"'
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out") == (40, 40, [(20 * 330, 20, 2, 0)])


def zipped(*names: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, FRENCH_HEADER + lines(FRENCH))
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("a.csv", (FRENCH_HEADER + lines(FRENCH)).encode("utf-16"), "utf-16"),
        ("b.csv", (FRENCH_HEADER + lines(FRENCH, end="\r\n")).encode("utf-16-le"), "utf-16"),
        ("c.csv", b"\xfe\xff" + (FRENCH_HEADER + lines(FRENCH)).encode("utf-16-be"), "utf-16"),
        ("d.csv.gz", gzip.compress((FRENCH_HEADER + lines(FRENCH)).encode("utf-16"), mtime=0), "utf-16"),
        ("e.zip", zipped("export.csv"), "utf-8"),
    ],
)
def test_utf16_and_zip_are_read(
    draft: Callable[..., Draft], session: Session, tmp_path: Path, name: str, content: bytes, encoding: str
) -> None:
    found = draft({name: content})
    assert receipts_of(found).dialect.encoding == encoding
    (checked,), _ = check(loaded(found), tmp_path / "raw", session, timezone="Europe/Paris")
    assert (checked.lines, checked.errors) == (60, [])
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out") == (60, 60, [(CENTS, 20, 2, 15)])


def test_an_encoding_that_is_not_the_file_s_is_told_by_check_and_run(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    for written, said in (("utf-16", "utf-8"), ("utf-8", "utf-16")):
        found = draft({"a.csv": (FRENCH_HEADER + lines(FRENCH)).encode(written)})
        other = Draft(found.text.replace(f"encoding: {written}", f"encoding: {said}"), found.root, [], [], [])
        (checked,), _ = check(loaded(other), tmp_path / "raw", session, timezone="Europe/Paris")
        assert "UTF-16; correct the encoding in the mapping" in checked.errors[0]
        with pytest.raises(BmyshopError, match="UTF-16; correct the encoding in the mapping"):
            ledger(session, loaded(other), tmp_path / "raw", tmp_path / f"out-{said}")


def test_an_archive_of_several_files_is_refused(draft: Callable[..., Draft]) -> None:
    with pytest.raises(BmyshopError, match="holds 2 files"):
        draft({"a.zip": zipped("a.csv", "b.csv")})


@pytest.mark.parametrize("indent", [None, 2])
def test_one_json_array_is_read(draft: Callable[..., Draft], session: Session, tmp_path: Path, indent: int | None) -> None:
    receipts = [
        {
            "ticket": n,
            "sold_at": f"2025-01-{1 + n:02}T09:00:00Z",
            "store": "S1",
            "items": [{"ean": "26", "label": "PAIN [1]", "total": 1.1}] * 2,
        }
        for n in range(20)
    ]
    found = draft({"sales.json": json.dumps(receipts, indent=indent, ensure_ascii=False)})
    assert receipts_of(found).dialect.lines == "items"
    (checked,), _ = check(loaded(found), tmp_path / "raw", session, timezone="Europe/Paris")
    assert (checked.lines, checked.errors) == (40, [])
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out") == (40, 40, [(4400, 20, 1, 0)])


def test_parquet(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    rows = [line.split(";") for line in lines(FRENCH).splitlines()]
    table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(FRENCH_HEADER.strip().split(";"))})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    found = draft({"sales.parquet": sink.getvalue().to_pybytes()})
    assert receipts_of(found).dialect.format == "parquet"


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["sales_2025-01.csv"], "sales_{year}-{month}.csv"),
        (["sales_202501.csv", "sales_202502.csv"], "sales_{year}{month}.csv"),
        (["2025/01/sales.csv"], "2025/01/sales.csv"),
        (["sales_20250103.csv", "sales_20250104.csv"], "sales_{year}{month}{day}.csv"),
        (["sales_2025-01.csv", "sales_2025-01_again.csv"], "sales_{year}-{month}*.csv"),
        (["a/sales.csv", "b/sales.csv"], "*/sales.csv"),
        (["sales_1.csv", "sales_2.csv"], "sales_*.csv"),
    ],
)
def test_patterns_of_files(draft: Callable[..., Draft], names: list[str], pattern: str) -> None:
    """Every file holds its own month; those that bear a day hold that day."""
    files = {}
    for name in names:
        text = lines(FRENCH)
        files[name] = FRENCH_HEADER + (text.replace("/01/2025", "/02/2025") if "02.csv" in name else text)
    assert receipts_of(draft(files)).files == pattern


def test_files_of_one_series_are_one_table_though_each_shows_a_part(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    """The first is plain ASCII without quotes, the second has quotes, the third accents, and its dates are written otherwise."""
    plain = lines(FRENCH).replace("CAFÉ", "CAFE").replace("L'ÉQUIPE", "LE JOUR")
    header = FRENCH_HEADER.replace("°", "o").replace("é", "e")
    quoted = plain.replace("/01/", "/02/").replace("BAGUETTE", '"BAGUETTE; 20"')
    accents = lines(FRENCH.replace("{day}/01/2025", "{day}.03.2025"))
    found = draft(
        {
            "ventes_2025-01.csv": (header + plain).encode(),
            "ventes_2025-02.csv": (header + quoted).encode(),
            "ventes_2025-03.csv": (header + accents).encode("cp1252"),
        }
    )
    (source,) = loaded(found).sources
    dialect = source.receipts.dialect
    assert (source.receipts.files, dialect.encoding, dialect.quote) == ("ventes_{year}-{month}.csv", "cp1252", '"')
    assert set(dialect.dates) == {"%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M"}
    for month in ("2025-01", "2025-02", "2025-03"):
        assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / month, month)[:2] == (60, 60)


def test_a_column_that_later_files_have_more_makes_one_pattern(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    later = lines(FRENCH.replace("/01/2025", "/02/2025") + ";0,00")
    found = draft(
        {"ventes_2025-01.csv": FRENCH_HEADER + lines(FRENCH), "ventes_2025-02.csv": FRENCH_HEADER.replace("\n", ";Remise\n") + later}
    )
    (source,) = loaded(found).sources
    assert source.receipts.files == "ventes_{year}-{month}.csv"
    assert "Columns that only some of the files have are not read: Remise." in found.text
    for month in ("2025-01", "2025-02"):
        assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / month, month)[:2] == (60, 60)


def test_no_file_belongs_to_two_drafted_patterns(draft: Callable[..., Draft]) -> None:
    header = FRENCH_HEADER.replace("Montant TTC", "Montant")
    found = draft(
        {"ventes_2025-01.csv": FRENCH_HEADER + lines(FRENCH), "ventes_2025-02.csv": header + lines(FRENCH.replace("/01/", "/02/"))}
    )
    assert [source.receipts.files for source in loaded(found).sources] == ["ventes_2025-01.csv", "ventes_2025-02.csv"]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("items-2025-01-01-2025-02-01.csv", "items-{year}-{month}-{day}-*.csv"),
        ("items-20250101-20250131.csv", "items-{year}{month}{day}-*.csv"),
        ("2025-01/items-2025-01.csv", "{year}-{month}/items-{year}-{month}.csv"),
    ],
)
def test_a_name_with_two_dates_has_a_pattern_that_matches_it(
    draft: Callable[..., Draft], session: Session, tmp_path: Path, name: str, pattern: str
) -> None:
    found = draft({name: FRENCH_HEADER + lines(FRENCH)})
    assert receipts_of(found).files == pattern
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out", "2025-01")[:2] == (60, 60)


def test_of_gross_and_net_the_net_is_what_a_line_cost(draft: Callable[..., Draft]) -> None:
    text = "Transaction ID,Date,Time,SKU,Item,Qty,Gross Sales,Discounts,Net Sales,Location\n" + "".join(
        f"TX{n},2025-01-{1 + n % 28:02},08:00:30,C{n % 5},ITEM {n % 5},1.0,$2.50,-$0.50,$2.00,Shop {n % 2}\n" for n in range(60)
    )
    columns = receipts_of(draft({"items.csv": text})).columns
    assert (columns["amount_cents"], columns["store_key"]) == ('cents("Net Sales")', "Location")


def test_a_known_export_is_named_and_its_columns_play_their_parts(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    """Of an order that has several lines the first alone says shop, total and when it was paid."""
    header = "Name,Paid at,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Location,Id\n"
    text = ""
    for number in range(40):
        when = f"2025-01-{1 + number % 28:02} 10:01:22 +0100"
        text += f"#{1000 + number},{when},30.50,{when},1,Print,16.00,PRN,Shop,555{number}\n#{1000 + number},,,{when},2,Mug,7.25,MUG,,\n"
    found = draft({"orders.csv": header + text})
    assert "Looks like Shopify orders" in found.text
    assert receipts_of(found).columns["receipt_key"] == "Name"
    assert loaded(found).sources[0].timezone == "UTC"
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out") == (80, 80, [(40 * 3050, 40, 1, 0)])


SQUARE = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,"
    "Payment ID,Device Name,Notes,Details,Event Type,Location,Customer ID,Customer Name\n"
)
SUMUP = (
    "Account,Date,Time,Type,Transaction ID,Receipt Number,Payment Method,Quantity,Description,Currency,Price (Gross),Price (Net),Tax,"
    "Tax rate,Transaction refunded\n"
)
ODOO = "Order Ref,Created on,Line No,Product,Quantity,Unit Price,Discount (%),Subtotal w/o Tax,Subtotal,Customer\n"


@pytest.mark.parametrize(
    ("name", "header", "line", "amount", "label"),
    [
        (
            "Square items",
            SQUARE,
            "2025-01-{day:02},08:00:{n:02},Paris,Pains,PAIN {kind},2.0,,P{kind},,$2.50,-$0.50,$2.00,$0.11,TX{n},PY{n},iPad,,,Sale,Foix,,",
            '"Net Sales"',
            "Item",
        ),
        (
            "SumUp sales",
            SUMUP,
            "shop@example.org,{day:02}.01.25,11:{n:02},Sales,TD4K{n:04},S2025{n:07},Cash,2,PAIN {kind},EUR,2.00,1.90,0.10,5.5%,",
            '"Price (Gross)"',
            "Description",
        ),
        (
            "Odoo point of sale order lines",
            ODOO,
            "Shop/{n:04},2025-01-{day:02} 08:41:{n:02},Order{n:05},[P{kind}] PAIN {kind},2.00,1.25,20.00,1.90,2.00,",
            "Subtotal",
            "Product",
        ),
    ],
)
def test_exports_of_tills_are_known_by_their_columns(
    draft: Callable[..., Draft], session: Session, tmp_path: Path, name: str, header: str, line: str, amount: str, label: str
) -> None:
    """Two pieces for 2.00, taxes and discount included, on each of sixty lines."""
    text = header + "".join(line.format(n=n, day=13 + n % 15, kind=n % 5) + "\n" for n in range(60))
    found = draft({"export.csv": text})
    assert f"Looks like {name}" in found.text
    columns = receipts_of(found).columns
    assert (columns["amount_cents"], columns["label"]) == (f"cents({amount})", label)
    assert "member_id" not in columns
    read, accepted, [(cents, tickets, _, _)] = ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out")
    assert (read, accepted, cents, tickets) == (60, 60, 60 * 200, 60)


def test_whole_amounts_are_a_doubt(draft: Callable[..., Draft]) -> None:
    header = "ticket,sold_at,ean,amount\n"
    for times, expression in ((1, "cents(amount)"), (100, "number(amount)::bigint")):
        text = "".join(f"{n},2025-01-{1 + n % 28:02} 10:00,26,{(1 + n % 7) * times}\n" for n in range(60))
        found = draft({f"sales_{times}.csv": header + text})
        assert receipts_of(found).columns["amount_cents"] == expression
        assert any("are whole numbers: taken for" in each for each in found.assumed)


def test_what_a_file_of_receipts_lacks_is_said(draft: Callable[..., Draft]) -> None:
    text = "ticket;date;article;qte\n" + "".join(f"{n};{1 + n:02}/01/2025;PAIN;1\n" for n in range(30))
    with pytest.raises(BmyshopError, match="ventes.csv looks like receipts, but no column holds a readable amount or price"):
        draft({"ventes.csv": text.replace("article", "x").replace("ticket", "ticket")})


def test_of_a_long_series_three_files_are_looked_at(draft: Callable[..., Draft], monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(
        "bmyshop_profiles.ingestion.drafts.draft.look_at", lambda path, session: looked.append(path.name) or look_at(path, session)
    )
    files = {f"sales_202501{day:02}.csv": FRENCH_HEADER + lines(FRENCH) for day in range(1, 29)}
    assert receipts_of(draft(files)).files == "sales_{year}{month}{day}.csv"
    assert looked == ["sales_20250101.csv", "sales_20250115.csv", "sales_20250128.csv"]


def test_the_date_of_an_export_is_no_month_of_its_lines(draft: Callable[..., Draft]) -> None:
    assert receipts_of(draft({"export_2025-06.csv": FRENCH_HEADER + lines(FRENCH)})).files == "export_2025-06.csv"


def test_a_shop_told_by_file_names(draft: Callable[..., Draft]) -> None:
    pattern = FRENCH.replace("{shop};", "")
    header = FRENCH_HEADER.replace("Magasin;", "")
    found = receipts_of(draft({f"{shop}/sales_2025-01.csv": header + lines(pattern) for shop in ("lyon", "paris")}))
    assert (found.files, found.columns["store_key"]) == ("{store}/sales_{year}-{month}.csv", "file_store")
    assert found.columns["receipt_key"].startswith("concat_ws('/', file_store, ")


def test_unit_prices_are_multiplied_and_totals_are_not(draft: Callable[..., Draft]) -> None:
    header = "ticket,sold_at,article,quantity,price\n"
    unit = "{ticket},2025-01-{day} {hour}:00,{label},{quantity},{price_point}"
    found = draft({"unit.csv": header + lines(unit, count=15)})
    assert receipts_of(found).columns["amount_cents"] == "round(number(quantity) * number(price) * 100)::bigint"
    assert any("is a unit price" in text for text in found.assumed)  # too few lines to tell
    many = "".join(f"{number},2025-01-02 10:00,{LABELS[number % 5]},{1 + number % 4},1.20\n" for number in range(200))
    found = draft({"same.csv": header + many})
    assert "it stays the same whatever the quantity" in found.text
    assert not any("unit price" in text for text in found.assumed)
    many = "".join(
        f"{number},2025-01-02 10:00,{LABELS[number % 5]},{1 + number % 4},{1.2 * (1 + number % 4):.2f}\n" for number in range(200)
    )
    assert receipts_of(draft({"grows.csv": header + many})).columns["amount_cents"] == "cents(price)"


def test_numbers_that_start_again_each_day_are_seen(draft: Callable[..., Draft]) -> None:
    header = "ticket,sold_at,ean,amount\n"
    again = "".join(f"{number % 10},2025-01-{1 + number // 10:02} 10:00,26,1.20\n" for number in range(100))
    found = receipts_of(draft({"again.csv": header + again}))
    assert found.columns["receipt_key"] == "concat_ws('/', strftime(moment(sold_at), '%Y-%m-%d'), ticket)"
    onward = "".join(f"{number},2025-01-{1 + number // 10:02} 10:00,26,1.20\n" for number in range(100))
    assert receipts_of(draft({"onward.csv": header + onward})).columns["receipt_key"] == "ticket"


def test_what_is_missing_is_said_and_the_draft_still_loads(draft: Callable[..., Draft]) -> None:
    found = draft({"sales.csv": "jour,prix\n" + "".join(f"2025-01-{1 + n:02},1.20\n" for n in range(20))})
    assert loaded(found)
    assert found.missing == ["receipts: receipt_key", "receipts: product_key"]
    assert "MISSING: no column looks like a ticket's number" in found.text
    assert "no time was found" in found.text
    assert "ASSUMED: all receipts are of one shop" in found.text


def test_voided_tickets_are_offered(draft: Callable[..., Draft]) -> None:
    header = FRENCH_HEADER.replace("\n", ";Annulé\n")
    text = lines(FRENCH + ";N").replace(";N\n", ";O\n", 4)
    assert receipts_of(draft({"sales.csv": header + text})).voided == "Annulé = 'O'"


def test_lists_are_told_apart(draft: Callable[..., Draft]) -> None:
    found = draft(
        {
            "ventes.csv": FRENCH_HEADER + lines(FRENCH),
            "clients.csv": "id;prenom;nom;date de naissance;inscription\n"
            + "".join(f"U{7000 + n};Zoé{n};Exemple{n};{1 + n:02}/02/1980;2024-01-{1 + n:02}\n" for n in range(20)),
            "magasins.csv": "Magasin;Nom;Code postal;Ville\nM0001;Chez Exemple;69001;Lyon\nM0002;Autre Exemple;75001;Paris\n",
            "articles.csv": "EAN;Libellé;Famille\n" + "".join(f"{26 + n};{LABELS[n]};{'PAIN' if n else 'BAR'}\n" for n in range(5)),
        }
    )
    source = loaded(found).sources[0]
    assert source.members is not None
    assert source.members.columns == {
        "member_id": "id",
        "first_name": "prenom",
        "last_name": "nom",
        "birth_year": 'year(moment("date de naissance"))',
        "joined_on": "moment(inscription)::date",
    }
    assert source.stores is not None
    assert source.stores.columns == {"store_key": "Magasin", "name": "Nom", "postcode": '"Code postal"', "city": "Ville"}
    assert source.products is not None
    assert source.products.columns == {"product_key": "EAN", "label": "Libellé", "family": "Famille"}
    assert not [name for name in ("Zoé", "Exemple", "U70", "1980") if name in found.text]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\n\n\n", "is empty"),
        ("a.csv", b"date;prix" + bytes(40), "hold zeros"),
        ("a.json", b"[1, 2]", "none of the files looks like"),
        ("a.zip", b"not a zip", "cannot be read"),
        ("a.csv.gz", gzip.compress(b"a;b\n" * 1000, mtime=0)[:12] + b"\xff" * 9, "cannot be read"),
        ("a.parquet", b"PAR1 broken", "is not a readable Parquet file"),
        ("a.csv.gz", b"not gzip", "cannot be read"),
        ("a.csv.gz", gzip.compress(b"a;b\n" * 1000, mtime=0)[:-20], "cannot be read"),
        ("a.csv", b"x;y\n1;2\n", "none of the files looks like"),
        ("a.csv", b"PK\x03\x04....xl/workbook.xml", "is an Excel workbook"),
        ("a.csv", b"PK\x03\x04 anything", "is a zip archive, not text; unpack it"),
        ("a.xls", b"\xd0\xcf\x11\xe0....", "is an old Excel workbook"),
        ("a.xls", b"<html><table><tr><td>Ticket</td></tr></table></html>", "is a page of HTML or XML"),
        ("a.csv", b"%PDF-1.7 ....", "is a PDF document"),
        ("a.csv", gzip.compress(b"a;b\n", mtime=0), "let its name end in .gz"),
    ],
)
def test_a_file_of_no_use_is_named(draft: Callable[..., Draft], name: str, content: bytes, message: str) -> None:
    with pytest.raises(BmyshopError, match=message) as caught:
        draft({name: content})
    assert name in str(caught.value)


SECRETS = st.sampled_from(
    ["jeanne.exemple@exemple.fr", "06 12 34 56 78", "+33 6 12 34 56 78", "0612345678", "4970 1012 3456 7890", "4970101234567890"]
    + ["FR76 3000 6000 0112 3456 7890 189", "Mme Exemple", "M. Exemple"]
)


@pytest.mark.slow
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 8), secret=SECRETS, header=st.booleans(), every=st.sampled_from([1, 7]))
def test_nothing_that_reaches_a_person_is_printed_wherever_it_stands(
    session: Session, tmp_path: Path, place: int, secret: str, header: bool, every: int
) -> None:
    text = []
    for number, line in enumerate(lines(FRENCH).splitlines()):
        fields = line.split(";")
        if number % every == 0:
            fields[place] = secret
        text.append(";".join(fields))
    path = tmp_path / "sales.csv"
    path.write_text((FRENCH_HEADER if header else "") + "\n".join(text), encoding="utf-8")
    try:
        told = draft_of([path], session).text
    except BmyshopError as error:
        told = str(error)
    assert secret not in told.replace("\n        # ", " ")


@pytest.mark.slow
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=12), min_size=3, max_size=6))
@example(["", "", "A{"])  # no header is seen: the draft lists the names
def test_a_draft_loads_whatever_the_columns_are_called(session: Session, tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "ventes.csv"
    known = ["date", "prix", "ticket", "article", "quantité"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in [*known, *names]]
    body = "".join(f"2025-01-{1 + n:02},{n}.20,{n},PAIN,1,{','.join('x' for _ in names)}\n" for n in range(30))
    path.write_text(",".join(quoted) + "\n" + body, encoding="utf-8")
    assert loaded(draft_of([path], session)).sources


def test_titles_repeated_headers_and_totals_are_no_sales(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    body = lines(FRENCH).splitlines(keepends=True)
    title = "Export caisse - Boutique;;;;;;;;\nPériode du 01/01/2025 au 20/01/2025;;;;;;;;\n;;;;;;;;\n"
    found = draft({"e.csv": title + FRENCH_HEADER + "".join(body[:30]) + FRENCH_HEADER + "".join(body[30:]) + "TOTAL;;;;;;;264,60;\n"})
    receipts = receipts_of(found)
    assert (receipts.dialect.skip_lines, receipts.dialect.header) == (3, True)
    assert receipts.voided == "\"N° ticket\" = 'N° ticket' or \"N° ticket\" = 'TOTAL'"
    assert "Lines that repeat the header, or hold totals, are no sales" in found.text
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out")[1:] == (60, [(CENTS, 20, 2, 15)])


@pytest.mark.parametrize("word", ["NULL", "\\N", "n/a", "-"])
def test_a_word_that_stands_for_nothing_is_no_member(draft: Callable[..., Draft], session: Session, tmp_path: Path, word: str) -> None:
    text = "".join(f"{line}{word if line.endswith(';') else ''}\n" for line in lines(FRENCH).splitlines())
    found = draft({"e.csv": FRENCH_HEADER + text})
    assert receipts_of(found).dialect.nulls == (word,)
    assert "ASSUMED" in next(line for line in found.text.splitlines() if "stand for nothing" in line)
    assert ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out")[2] == [(CENTS, 20, 2, 15)]


def test_an_article_called_so_is_no_word_for_nothing(draft: Callable[..., Draft]) -> None:
    assert receipts_of(draft({"e.csv": FRENCH_HEADER + lines(FRENCH).replace("BAGUETTE", "-")})).dialect.nulls == ()


@pytest.mark.parametrize("end", ["\r", "\r\r\n", "\r\n"])
def test_carriage_returns_are_in_no_key(draft: Callable[..., Draft], session: Session, tmp_path: Path, end: str) -> None:
    text = (FRENCH_HEADER + lines(FRENCH)).replace("\n", end)
    bad = f"9999;01/01/2025;TROP;COURT{end}"
    for name, content, read in (("a.csv", text, 60), ("b.csv", text + bad, 61)):
        found = draft({name: content})
        counted = ledger(session, loaded(found), tmp_path / "raw", tmp_path / f"out-{name}")
        assert counted == (read, 60, [(CENTS, 20, 2, 15)]), name
        keys = session.execute(f"select distinct member_key from read_parquet('{tmp_path}/out-{name}/*.parquet') order by 1").fetchall()
        assert len(keys) == 6


def test_one_nul_byte_is_one_line_for_check_and_run_alike(draft: Callable[..., Draft], session: Session, tmp_path: Path) -> None:
    text = (FRENCH_HEADER + lines(FRENCH, count=90).replace("CAFÉ", "CAF\0É", 1)).encode()
    found = draft({"a.csv": text})
    (checked,), _ = check(loaded(found), tmp_path / "raw", session, timezone="Europe/Paris")
    read, accepted, _ = ledger(session, loaded(found), tmp_path / "raw", tmp_path / "out")
    assert (checked.lines, checked.refused_count) == (read, read - accepted)
    assert accepted >= 89


def test_a_late_quote_is_seen_where_readers_look_at_the_first_lines(draft: Callable[..., Draft]) -> None:
    plain = lines(FRENCH, count=3000).splitlines()
    plain = [";".join([*line.split(";")[:1], f"{1 + number % 28:02}/01/2025", *line.split(";")[2:]]) for number, line in enumerate(plain)]
    late = plain * 30 + [plain[0].replace("BAGUETTE", '"PLAT; 6,50"')] + plain
    assert receipts_of(draft({"late.csv": FRENCH_HEADER + "\n".join(late)})).dialect.quote == '"'


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["french_bakery/bakery_sales.csv.gz"], (234_005, 136_451)),
        (["online_retail/online_retail_2010_2011.parquet"], (541_909, 25_900)),
    ],
)
def test_drafts_of_public_files_read_them_whole(session: Session, tmp_path: Path, files: list[str], expected: tuple[int, int]) -> None:
    root = realdata.shared(files[0].split("/")[0])
    found = draft_of([root / name for name in files], session)
    assert found.missing == []
    read, accepted, sums = ledger(session, loaded(found), found.root, tmp_path / "out")
    assert (read, accepted, sums[0][1]) == (expected[0], expected[0], expected[1])


@pytest.mark.slow
@pytest.mark.realdata
def test_the_draft_of_the_complete_journey_reads_it_whole(session: Session, tmp_path: Path) -> None:
    root = realdata.complete_journey()
    found = draft_of([root / f"{name}.parquet" for name in ("transactions", "products", "demographics")], session)
    assert any("timezone" in text for text in found.assumed)  # the hours look like another zone's
    read, accepted, sums = ledger(session, loaded(found), found.root, tmp_path / "out")
    assert (read, accepted, sums[0][1:3]) == (1_469_307, 1_469_307, (155_848, 457))
