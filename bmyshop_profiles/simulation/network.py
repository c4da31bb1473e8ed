"""`simulate`: draws a network month by month, has its files written, and keeps the truth apart. The one entry to this room."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import model
from bmyshop_profiles.simulation.mapping import sources_mapping
from bmyshop_profiles.simulation.people import SOURCES, draw_members, draw_shoppers, draw_stores, kind_items
from bmyshop_profiles.simulation.products import catalogue
from bmyshop_profiles.simulation.raw_files import write_receipts, write_resend
from bmyshop_profiles.simulation.visits import MonthOfReceipts, Network, days_of, draw_month, mean_basket

_MARK = "truth/kinds.parquet"

_RECEIPTS = """
select
    stores.source,
    stores.shop,
    till,
    sold_at::date as day,
    ticket,
    concat_ws(
        '/',
        stores.shop,
        if(stores.source = 'caisse_a', strftime(sold_at, '%Y-%m-%d'), strftime(sold_at, '%d/%m/%Y')),
        till,
        ticket
    ) as receipt_key,
    sold_at::timestamp as sold_at,
    shopper,
    has_app and member is not null as is_identified,
    line_count,
    amount_cents,
    strftime(sold_at, '%Y-%m') as month,
from receipts_of_month
join stores on stores.position = receipts_of_month.store
join shoppers using (shopper)
order by receipts_of_month.position
"""

_SHOPPERS = """
select
    shopper,
    member,
    card,
    kind,
    sex,
    birth_year,
    list_filter([home_1, home_2, home_3], lambda home: home is not null) as home_stores,
from shoppers
order by shopper
"""


@dataclass(frozen=True)
class SimulatedNetwork:
    """What `simulate` wrote."""

    directory: Path
    sources: Path  # the source mapping
    months: tuple[str, ...]
    lines: int  # of receipts, in all raw files, headers apart
    receipts: int  # different ones
    defects: dict[str, int]  # lines by kind of defect


def simulate(
    directory: Path,
    *,
    seed: int = 0,
    stores: int = 40,
    members: int = 3000,
    anonymous_shoppers: int = 30_000,
    first_month: str = "2025-01",
    months: int = 4,
    lines: int = 1_000_000,
    progress: Callable[[str], None] | None = None,
) -> SimulatedNetwork:
    """Write raw files, source mapping and truth of a made-up network under `directory`. The same arguments give the same bytes.

    `lines` is what the whole network sells, roughly. `truth/` says who is who and is for evaluation only. Receipts in the truth
    are as they were at the till, before their lines were damaged on the way to a file.
    """
    for name, value, least in (("stores", stores, 2), ("members", members, 1), ("anonymous_shoppers", anonymous_shoppers, 0)):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
    if months < 1 or lines < 1:
        raise ValueError(f"months and lines must be at least 1, not {months} and {lines}")
    say = progress or (lambda text: None)
    keys = tuple(str(np.datetime64(first_month, "M") + number) for number in range(months))
    directory = Path(directory)
    _prepare(directory)

    say(f"{stores} shops, {members} members, {anonymous_shoppers} anonymous shoppers")
    network, member_list = _draw_network(seed, stores, members, anonymous_shoppers, keys, lines)
    with duckdb.connect(config={"threads": 1}) as con:  # one thread: rows leave in the order they came
        _write_kinds(con, directory)
        _create_tables(con, network)
        _write_lists(con, directory, member_list)
        written, defects = 0, []
        for number, month in enumerate(keys):
            rng = np.random.default_rng([seed, 1, number])
            drawn = draw_month(rng, month, network)
            _keep_receipts(con, drawn)
            found = _write_month(rng, con, directory, drawn, network, is_resent=number == months // 2)
            defects.append(found)
            repeated = int((found["kind"] == "duplicate_receipt").sum())
            written += len(drawn.lines) + repeated
            say(f"{month}: {len(drawn.receipts)} receipts, {len(drawn.lines) + repeated} lines")
        receipts = _write_truth(con, directory, pd.concat(defects, ignore_index=True))
    sources_mapping(directory)
    counts = Counter(kind for found in defects for kind in found["kind"])
    return SimulatedNetwork(directory, directory / "sources.yaml", keys, written, receipts, dict(sorted(counts.items())))


def _prepare(directory: Path) -> None:
    """Make the folders; receipts of an earlier simulation go, anybody else's files are refused."""
    is_ours = (directory / _MARK).exists()
    for folder in ("raw/caisse_a", "raw/caisse_b", "truth"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    present = sorted([*directory.glob("raw/caisse_a/*"), *directory.glob("raw/caisse_b/*")])
    if present and not is_ours:
        raise FileExistsError(f"{present[0]} was not written by the simulator; choose an empty directory")
    for file in present:
        file.unlink()


def _draw_network(
    seed: int, stores: int, members: int, anonymous_shoppers: int, months: tuple[str, ...], lines: int
) -> tuple[Network, pd.DataFrame]:
    rng = np.random.default_rng([seed, 0])
    products = catalogue()
    shops = draw_stores(rng, stores)
    items = kind_items(rng, products)
    first_day = np.datetime64(months[0], "D")
    days = len(days_of(months[0], months[-1]))
    shoppers = draw_shoppers(rng, items, shops, members=members, anonymous_shoppers=anonymous_shoppers, first_day=first_day, days=days)
    expected = float((shoppers.visits * mean_basket()[shoppers.kind]).sum()) * days / 30
    return Network(shops, products, items, shoppers, lines / expected), draw_members(rng, shoppers)


def _create_tables(con: duckdb.DuckDBPyConnection, network: Network) -> None:
    products = pd.DataFrame(
        [(product.ean, product.label, product.family) for product in network.products], columns=["ean", "label", "family"]
    )
    frames = {"shoppers": network.shoppers.table, "stores": network.stores, "products": products}
    for name, frame in frames.items():
        con.register("frame", frame.assign(position=np.arange(len(frame))))
        con.execute(f"create table {name} as from frame order by position")
        con.unregister("frame")


def _write_lists(con: duckdb.DuckDBPyConnection, directory: Path, members: pd.DataFrame) -> None:
    con.sql("select shop, name, type, postcode, city from stores order by position").write_csv(
        str(directory / "raw/stores.csv"), header=True
    )
    con.sql("select ean, label, family from products order by position").write_csv(str(directory / "raw/products.csv"), header=True)
    members.to_csv(directory / "raw/members.csv", index=False, lineterminator="\n")


def _keep_receipts(con: duckdb.DuckDBPyConnection, drawn: MonthOfReceipts) -> None:
    """Add the month to the truth about receipts."""
    count = len(drawn.receipts)
    receipt = drawn.lines["receipt"].to_numpy()
    amount = (drawn.lines["quantity"] * drawn.lines["unit_cents"]).to_numpy()
    totals = np.bincount(receipt, weights=amount, minlength=count).astype(np.int64)
    con.register(
        "receipts_of_month",
        drawn.receipts.drop(columns="day").assign(
            position=np.arange(count), line_count=np.bincount(receipt, minlength=count), amount_cents=totals
        ),
    )
    con.execute("create table if not exists receipts as " + _RECEIPTS + " limit 0")
    con.execute("insert into receipts " + _RECEIPTS)
    con.unregister("receipts_of_month")


def _write_month(
    rng: np.random.Generator, con: duckdb.DuckDBPyConnection, directory: Path, drawn: MonthOfReceipts, network: Network, *, is_resent: bool
) -> pd.DataFrame:
    """Write the files of a month and return their defects."""
    receipt = drawn.lines["receipt"].to_numpy()
    lines = drawn.lines.assign(**{name: drawn.receipts[name].to_numpy()[receipt] for name in drawn.receipts.columns})
    from_a = (network.stores["source"] == SOURCES[0]).to_numpy()[lines["store"].to_numpy()]
    defects = []
    for source, chosen in zip(SOURCES, (from_a, ~from_a), strict=True):
        defects.append(write_receipts(rng, con, directory, source, drawn.month, lines[chosen]))
    if is_resent:
        defects.append(write_resend(con, directory, drawn.month, lines[from_a], defects[0]))
    return pd.concat(defects, ignore_index=True)


def _write_kinds(con: duckdb.DuckDBPyConnection, directory: Path) -> None:
    """The first file written: it marks the directory as ours, should the simulation be stopped half-way."""
    kinds = pd.DataFrame([(number, kind.name, kind.share) for number, kind in enumerate(model.KINDS, 1)], columns=["kind", "name", "share"])
    con.from_df(kinds).write_parquet(str(directory / _MARK))


def _write_truth(con: duckdb.DuckDBPyConnection, directory: Path, defects: pd.DataFrame) -> int:
    """Write the truth and return the number of receipts."""
    truth = directory / "truth"
    con.sql(_SHOPPERS).write_parquet(str(truth / "shoppers.parquet"))
    receipts = con.table("receipts")
    receipts.write_parquet(str(truth / "receipts.parquet"))
    con.from_df(defects).write_parquet(str(truth / "defects.parquet"))
    return len(receipts)
