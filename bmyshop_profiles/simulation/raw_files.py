"""Files as four tills export them, with what goes wrong in real exports. What was bought is drawn in `drawing`.

`caisse_a`: UTF-8 CSV; `caisse_b`: cp1252, semicolons, decimal commas, gzip; `caisse_c`: a JSON document per receipt; `caisse_d`: Parquet
of text. Lines of a file are numbered as an editor shows them, a header being line 1 (rows of Parquet: from 1). Every defect is told to
the truth.
"""

import gzip
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from bmyshop_profiles.engine.session import listed, literal
from bmyshop_profiles.simulation.mixing import WORD

# Lines written wrongly, per line (documents: per receipt) and kind of defect.
_TEXT = {"too_many_fields": 0.0002, "unreadable_date": 0.0002, "unreadable_amount": 0.0002, "other_month": 0.0001}
DEFECT_RATES: dict[str, dict[str, float]] = {
    "caisse_a": _TEXT,
    "caisse_b": _TEXT,
    "caisse_c": {"cut_document": 0.0002, "unreadable_amount": 0.0002},
    "caisse_d": {name: _TEXT[name] for name in ("unreadable_date", "unreadable_amount", "other_month")},
}
FLAVOURS = tuple(DEFECT_RATES)
RESENT_RECEIPTS = 200
_HEADERS = {
    "caisse_a": "shop,till,ticket,sold_at,ean,label,family,qty,unit_price,total,member,card,payment",
    "caisse_b": "Magasin;Caisse;N° ticket;Date;Heure;Code article;Libellé;Famille;Quantité;Prix unitaire;Montant;Adhérent;Carte;Règlement",
}
_PATHS = {
    "caisse_a": "raw/caisse_a/receipts_{month}{part}.csv",
    "caisse_b": "raw/caisse_b/tickets_{digits}{part}.csv.gz",
    "caisse_c": "raw/caisse_c/documents_{month}{part}.ndjson",
    "caisse_d": "raw/caisse_d/ventes_{month}{part}.parquet",
}
_OPTIONS = "format csv, header false, quote '', escape '', delimiter '\x01'"

# Receipts of one source as its files tell of them; `receipts` and `lines` are those of `drawing`, `goods` those of `pricing`.
_TEXTS = """
create or replace temp table texts as
select
    receipt, lines_count, shop, till, ticket, sold_at, is_cash,
    if(has_app, shoppers.member, null) as member,
    if(shows_card, shoppers.card, null) as card,
from receipts
inner join shop_texts using (shop_row)
inner join shoppers using (shopper)
where source_row = $source_row
"""

_ARTICLES = """
with damaged as (select receipt, line, item, dice, {defect} as defect from lines where source_row = $source_row),
articles as (select receipt, line, defect, goods.* from damaged inner join goods using (item))
"""

_CAISSE_A = """
, heads as materialized (  -- else DuckDB makes these texts once a line, after the join
    select
        receipt, shop, till, ticket, sold_at,
        concat(shop, ',', till, ',', ticket, ',', sold_at::varchar, ',') as start,
        concat(',', member, ',', card, ',', if(is_cash, 'cash', 'card')) as tail,
    from texts
)
select concat(
    case defect
        when 'unreadable_date' then concat(shop, ',', till, ',', ticket, strftime(sold_at, ',%Y-13-%d %H:%M:%S,'))
        when 'other_month' then concat(shop, ',', till, ',', ticket, ',', (sold_at - interval 45 day)::varchar, ',')
        else start
    end,
    comma_text, if(defect = 'unreadable_amount', 'O', ''), tail, if(defect = 'too_many_fields', ',ANNULE,1', '')
) as text
from articles
inner join heads using (receipt)
order by receipt, line
"""

_CAISSE_B = """
select concat(
    shop, ';', till, ';', ticket, ';',
    case defect
        when 'unreadable_date' then strftime(sold_at, '%d/13/%Y')
        when 'other_month' then strftime(sold_at - interval 45 day, '%d/%m/%Y')
        else day_text
    end,
    ';', time_text, ';', semicolon_text, if(defect = 'unreadable_amount', 'O', ''),
    ';', member, ';', card, ';', if(is_cash, 'espèces', 'carte'),
    if(defect = 'too_many_fields', ';ANNULE;1', '')
) as text
from articles
inner join (select *, strftime(sold_at, '%d/%m/%Y') as day_text, strftime(sold_at, '%H:%M') as time_text from texts) as texts
    using (receipt)
order by receipt, line
"""

_CAISSE_C = """
, documents as (
    select
        receipt,
        bool_or(defect = 'cut_document') as is_cut,
        string_agg(
            concat(
                '{"code":"', ean, '","label":', to_json(label), ',"family":', to_json(family), ',"qty":', quantity, ',"total":"',
                total, if(defect = 'unreadable_amount', 'O', ''), '"}'
            ), ',' order by line
        ) as articles,
    from articles group by receipt
)
select concat(
    '{"ticket":', ticket, ',"till":{"shop":"', shop, '","number":', till, '},"sold_at":"', strftime(sold_at, '%Y-%m-%dT%H:%M:%S'), '",',
    '"member":', coalesce('"' || member || '"', 'null'), ',"card":', coalesce('"' || card || '"', 'null'), ',"articles":[',
    if(is_cut, articles[:10], articles || ']}')
) as text
from documents
inner join texts using (receipt)
order by receipt
"""

_CAISSE_D = """
select
    shop, till, ticket,
    case defect
        when 'unreadable_date' then strftime(sold_at, '%Y-13-%d %H:%M:%S')
        when 'other_month' then strftime(sold_at - interval 45 day, '%Y-%m-%d %H:%M:%S')
        else sold_at::varchar
    end as sold_at,
    ean, label, family, quantity::varchar as qty,
    total || if(defect = 'unreadable_amount', 'O', '') as total,
    member, card
from articles
inner join texts using (receipt)
order by receipt, line
"""

# where in the file the defects of a chunk are, $start being the lines before it
_PLACES = """
, places as (
    select
        receipt,
        sum(lines_count) over (order by receipt)::bigint - lines_count as first_line,
        row_number() over (order by receipt) as document,
    from texts
)
select {place} + $start as line, defect as kind
from articles
inner join places using (receipt)
where defect is not null
order by 1, articles.line
"""

_SELECTS = {"caisse_a": _CAISSE_A, "caisse_b": _CAISSE_B, "caisse_c": _CAISSE_C, "caisse_d": _CAISSE_D}


@dataclass
class SourceFile:
    """One file being written, chunk by chunk."""

    path: Path
    name: str
    lines: int = 0  # lines in it so far, header included


def file_name(flavour: str, month: str, part: str = "") -> str:
    """Where the receipts of a month go, below the directory of the network."""
    return _PATHS[flavour].format(month=month, digits=month.replace("-", ""), part=part)


def defect_case(flavour: str, factor: float) -> str:
    """SQL that gives the kind of defect of a line, or of a document told by its first line, from its `dice`, a word."""
    whens, bound = [], 0.0
    for kind, rate in DEFECT_RATES[flavour].items():
        bound += rate * factor
        first = " and line = 0" if kind == "cut_document" else ""
        whens.append(f"when dice < {round(round(bound, 9) * WORD)}{first} then '{kind}'")
    return f"case {' '.join(whens)} end" if factor else "null::varchar"


def write_chunk(con: duckdb.DuckDBPyConnection, flavour: str, number: int, file: SourceFile, *, factor: float) -> pd.DataFrame:
    """Append the lines of a source among `receipts` and `lines` to its file; return the defects: file, line, kind."""
    con.execute(_TEXTS, {"source_row": number})
    articles = _ARTICLES.format(defect=defect_case(flavour, factor))
    parameters = {"source_row": number}
    _append(con, flavour, articles + _SELECTS[flavour], parameters, file)
    start = file.lines
    counts = con.execute("select coalesce(sum(lines_count), 0)::bigint, count(*) from texts").fetchall()[0]
    file.lines += counts[1] if flavour == "caisse_c" else counts[0]
    if not factor:
        return pd.DataFrame({"file": [], "line": [], "kind": []})
    place = "document" if flavour == "caisse_c" else "first_line + line + 1"
    found = con.execute(f"{articles} {_PLACES.format(place=place)}", parameters | {"start": start}).df()
    return found.assign(file=file.name)[["file", "line", "kind"]]


def write_resend(con: duckdb.DuckDBPyConnection, number: int, file: SourceFile, *, factor: float) -> pd.DataFrame:
    """Repeat some whole sound receipts of `caisse_a`, sent a second time in a file of their own; return its lines as defects."""
    articles = _ARTICLES.format(defect=defect_case("caisse_a", factor))
    con.execute(
        f"create or replace temp table sound as {articles} select receipt, min(dice) as dice from articles "
        "inner join damaged using (receipt, line) group by receipt having count(articles.defect) = 0",
        {"source_row": number},
    )
    con.execute(
        "create or replace temp table resent as select receipt from sound order by dice, receipt "
        f"limit (select least({RESENT_RECEIPTS}, greatest(1, count(*) // 10)) from sound)"
    )
    sound = _ARTICLES.format(defect="null::varchar").replace("from lines where", "from lines semi join resent using (receipt) where")
    _append(con, "caisse_a", sound + _CAISSE_A, {"source_row": number}, file)
    lines = con.execute("select count(*) from lines semi join resent using (receipt)").fetchall()[0]
    return pd.DataFrame({"file": file.name, "line": range(2, lines[0] + 2), "kind": "duplicate_receipt"})


def _append(con: duckdb.DuckDBPyConnection, flavour: str, select: str, parameters: dict[str, int], file: SourceFile) -> None:
    part = file.path.with_name(f".{file.path.stem}.part")
    if flavour == "caisse_d":
        if file.lines:
            earlier = file.path.rename(file.path.with_suffix(".earlier"))
            select = f"from read_parquet({listed([earlier])}) union all ({select})"
        con.execute(f"copy ({select}) to {literal(file.path)} (format parquet, compression zstd)", parameters)
        file.path.with_suffix(".earlier").unlink(missing_ok=True)
        return
    is_first = file.lines == 0 and flavour in _HEADERS
    options = _OPTIONS.replace("header false", "header true") if is_first else _OPTIONS
    named = select.replace(") as text\n", f') as "{_HEADERS[flavour]}"\n') if is_first else select
    con.execute(f"copy ({named}) to {literal(part)} ({options})", parameters)
    if is_first:
        file.lines = 1
    if flavour == "caisse_b":
        _pack(part, file.path)
    elif not file.path.exists():
        part.rename(file.path)
    else:
        with part.open("rb") as read, file.path.open("ab") as write:
            shutil.copyfileobj(read, write, 1 << 20)
    part.unlink(missing_ok=True)


def _pack(part: Path, target: Path) -> None:
    """Append as cp1252, gzipped. No name and no time in the header: the same lines give the same bytes."""
    with (
        part.open(encoding="utf-8", newline="") as read,
        target.open("ab") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="cp1252", newline="") as write,
    ):
        shutil.copyfileobj(read, write, 1 << 20)
