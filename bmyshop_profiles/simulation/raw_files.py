"""Files as the two tills export them, with what goes wrong in real exports. What was bought is drawn in `visits`.

Lines of a file are numbered as an editor shows them: the header is line 1. Every defect written is returned for the truth.
"""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.simulation.model import DEFECT_RATES, RESENT_RECEIPTS

# One row of `selection` per line to write; `shoppers`, `stores` and `products` are tables of the connection.
_CAISSE_A = """
select
    stores.shop,
    selection.till,
    selection.ticket,
    case defect
        when 'unreadable_date' then strftime(sold_at, '%Y-13-%d %H:%M:%S')
        when 'other_month' then strftime(sold_at - interval 45 day, '%Y-%m-%d %H:%M:%S')
        else strftime(sold_at, '%Y-%m-%d %H:%M:%S')
    end as sold_at,
    products.ean,
    products.label,
    products.family,
    quantity as qty,
    (unit_cents::decimal(12, 2) / 100)::decimal(12, 2) as unit_price,
    (quantity * unit_cents::decimal(12, 2) / 100)::decimal(12, 2)::varchar || if(defect = 'unreadable_amount', 'O', '') as total,
    if(has_app, shoppers.member, null) as member,
    if(has_card, shoppers.card, null) as card,
from selection
join stores on stores.position = selection.store
join products on products.position = selection.product
join shoppers on shoppers.shopper = selection.shopper
order by selection.position
"""

_CAISSE_B = """
select
    stores.shop as "Magasin",
    selection.till as "Caisse",
    selection.ticket as "N° ticket",
    case defect
        when 'unreadable_date' then strftime(sold_at, '%d/13/%Y')
        when 'other_month' then strftime(sold_at - interval 45 day, '%d/%m/%Y')
        else strftime(sold_at, '%d/%m/%Y')
    end as "Date",
    strftime(sold_at, '%H:%M') as "Heure",
    products.ean as "Code article",
    products.label as "Libellé",
    products.family as "Famille",
    replace(quantity::decimal(12, 3)::varchar, '.', ',') as "Quantité",
    replace((unit_cents::decimal(12, 2) / 100)::decimal(12, 2)::varchar, '.', ',') as "Prix unitaire",
    replace((quantity * unit_cents::decimal(12, 2) / 100)::decimal(12, 2)::varchar, '.', ',')
        || if(defect = 'unreadable_amount', 'O', '') as "Montant",
    if(has_app, shoppers.member, null) as "Adhérent",
    if(has_card, shoppers.card, null) as "Carte",
from selection
join stores on stores.position = selection.store
join products on products.position = selection.product
join shoppers on shoppers.shopper = selection.shopper
order by selection.position
"""


def receipts_file(source: str, month: str) -> str:
    """Where the receipts of a month go, under the directory of the network."""
    return f"raw/caisse_a/receipts_{month}.csv" if source == "caisse_a" else f"raw/caisse_b/tickets_{month.replace('-', '')}.csv.gz"


def write_receipts(
    rng: np.random.Generator, con: duckdb.DuckDBPyConnection, directory: Path, source: str, month: str, lines: pd.DataFrame
) -> pd.DataFrame:
    """Write the lines of one source and month, damage some of them, and return the defects (file, line, kind)."""
    file = receipts_file(source, month)
    defect = _draw_defects(rng, len(lines))
    wide = _write(con, directory / file, source, lines, defect)
    return pd.DataFrame({"file": file, "line": wide + 2, "kind": defect[wide].astype(str)})


def write_resend(con: duckdb.DuckDBPyConnection, directory: Path, month: str, lines: pd.DataFrame, defects: pd.DataFrame) -> pd.DataFrame:
    """Repeat some whole receipts of `caisse_a`, sent a second time in a small file of their own, and return its lines as defects."""
    file = receipts_file("caisse_a", month)
    damaged = defects.loc[defects["file"] == file, "line"].to_numpy() - 2
    sound = np.setdiff1d(lines["receipt"].unique(), lines["receipt"].iloc[damaged])
    chosen = sound[len(sound) // 2 :][: min(RESENT_RECEIPTS, max(1, len(sound) // 10))]
    repeated = lines[lines["receipt"].isin(chosen)]
    resend = file.replace(".csv", "_resend.csv")
    _write(con, directory / resend, "caisse_a", repeated, np.full(len(repeated), "none", dtype=object))
    return pd.DataFrame({"file": resend, "line": np.arange(len(repeated)) + 2, "kind": "duplicate_receipt"})


def _draw_defects(rng: np.random.Generator, count: int) -> np.ndarray:
    """The kind of defect of each line, mostly none; at least one line of each kind where there are lines enough."""
    numbers = [min(max(1, round(rate * count)), count // len(DEFECT_RATES)) for rate in DEFECT_RATES.values()]
    damaged = rng.choice(count, size=sum(numbers), replace=False) if count else np.empty(0, dtype=np.int64)
    defect = np.full(count, "none", dtype=object)
    defect[damaged] = np.repeat(list(DEFECT_RATES), numbers)
    return defect


def _write(con: duckdb.DuckDBPyConnection, path: Path, source: str, lines: pd.DataFrame, defect: np.ndarray) -> np.ndarray:
    """Write one file and return the positions of its damaged lines."""
    selection = lines.assign(position=np.arange(len(lines)), defect=pd.Categorical(defect, categories=["none", *DEFECT_RATES]))
    plain = path.with_suffix(".plain")
    con.register("selection", selection)
    rows = con.sql(_CAISSE_A if source == "caisse_a" else _CAISSE_B)
    rows.write_csv(str(plain), sep="," if source == "caisse_a" else ";", header=True, quotechar='"', escapechar='"')
    con.unregister("selection")
    text = _widen(plain, set(np.flatnonzero(defect == "too_many_fields") + 1), ",ANNULE,1" if source == "caisse_a" else ";ANNULE;1")
    if source == "caisse_a":
        with path.open("wb") as target:
            target.writelines(line.encode("utf-8") for line in text)
    else:  # no name and no time in the gzip header: the same lines give the same bytes
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed, io.BufferedWriter(packed, 1 << 20) as target:
            target.writelines(line.encode("cp1252") for line in text)
    plain.unlink()
    return np.flatnonzero(defect != "none")


def _widen(path: Path, numbers: set[int], extra: str) -> Iterator[str]:
    """The lines of a text file (the header is 0), some with fields too many."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines):
            yield f"{line[:-1]}{extra}\n" if number in numbers else line
