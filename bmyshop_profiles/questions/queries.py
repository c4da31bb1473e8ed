"""Questions people ask the lake, read-only: one select over views of every table, an audience, a receipt explained, a run's summary."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, Snapshot, TableName
from bmyshop_profiles.engine.session import Session, as_pattern, literal, open_session, relation
from bmyshop_profiles.settings import Settings

Answer = tuple[list[str], list[tuple[Any, ...]]]


@contextmanager
def views(settings: Settings, *, months: list[str] | None = None, beside: Path | None = None) -> Iterator[Session]:
    """A session in which every table is a view, over some months only where they are named; it can read the lake (and `beside`) only."""
    with (
        _everything(settings, months) as snapshot,
        open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session,
    ):
        catalogue = load_catalogue()
        session.attach(catalogue, snapshot, list(catalogue))
        places = [path for path in (settings.lake_dir, beside) if path]  # as they are, and as the readers' patterns say them
        allowed = ", ".join(literal(text) for path in places for text in dict.fromkeys((str(path), as_pattern(path))))
        session.execute(f"set allowed_directories = [{allowed}]")
        session.execute("set enable_external_access = false")
        session.execute("set lock_configuration = true")
        yield session


def readable(settings: Settings, query: str) -> Answer:
    """Column names and rows of one select.

    Raises:
        BmyshopError: it is not one select, or it fails.
    """
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise BmyshopError(f"the query does not parse: {error}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BmyshopError("one select is expected: the lake is read-only here")
    with views(settings) as session:
        cursor = session.execute(query, path="the query")
        return [column[0] for column in cursor.description or []], cursor.fetchall()


def view_statements(settings: Settings) -> list[str]:
    """`create view` statements of every table, for any DuckDB on this machine."""
    with _everything(settings, None) as snapshot:
        return [f"create or replace view {table.name} as\n{relation(table, snapshot)};" for table in load_catalogue().ordered]


AUDIENCE = """
select
    group_name as profile_key, mix_share, low_share, high_share,
    affinity_index, affinity_low, affinity_high, receipts_count, people, is_people_estimated, is_published
from store_audience where store_key = $store and daypart = $daypart order by mix_share desc, group_name
"""


def audience(settings: Settings, month: str, store: str, daypart: str) -> Answer:
    """The mix of a cell, one row per profile, whatever the gate says of it. store, daypart: or all. Names: `histories.py`.

    Raises:
        BmyshopError: nothing is known of the month, or of the shop in it; or the cell is too small to be published.
    """
    with views(settings, months=[month]) as session:
        cursor = session.execute(AUDIENCE, {"store": store, "daypart": daypart})
        names, rows = [column[0] for column in cursor.description or []], cursor.fetchall()
        if not rows and not session.execute("select 1 from store_audience limit 1").fetchall():
            raise BmyshopError(
                f"no audience has been made for {month}: run that month first, or there were no profiles (status says which)"
            )
        if not rows:
            raise BmyshopError(f"shop {store} has no receipts {daypart} in {month}")
    if not rows[0][names.index("is_published")]:
        raise BmyshopError(
            f"{store}, {daypart}, {month}: fewer than {settings.receipts_to_publish} receipts or people; nothing is published"
        )
    return names, rows


MONTH_OF_RECEIPT = "select month from receipts where receipt_key = $receipt"
EXPLAIN = """
with items as (
    select products.item_key, min(products.label) as label
    from receipt_lines inner join products using (product_key, month)
    where receipt_key = $receipt and quantity > 0 group by all
),
weights as (from item_evidence where target = 'profile' and variant = $variant),
known as (select items.item_key, label, group_name, weight_micronats / 1e6 as weight from items inner join weights using (item_key)),
terms as (
    select group_name, label as what, weight / sqrt((select count(distinct item_key) from known)) as nats from known
    union all
    select group_name, '(sans le ticket)', coefficient from evidence_calibration
    where target = 'profile' and variant = $variant and term = 'intercept'
),
posteriors as (select group_name, exp(sum(nats)) / sum(exp(sum(nats))) over () as posterior from terms group by group_name),
priors as (
    select group_name, coefficient as prior from evidence_calibration
    where target = 'profile' and variant = $variant and term = 'prior_share'
)
select
    group_name as profile_key, $month as month, round(prior, 4) as prior, round(posterior, 4) as posterior,
    what, round(nats - avg(nats) over (partition by what), 4) as nats
from terms inner join posteriors using (group_name) inner join priors using (group_name)
order by posterior desc, group_name, abs(nats) desc, what
"""


def explain(settings: Settings, receipt: str) -> Answer:
    """Which items of a receipt moved its posterior: one row per profile and term, in nats against the mean of the profiles.

    Raises:
        BmyshopError: there is no such receipt, or no projection for its month.
    """
    with views(settings) as session:
        found = session.execute(MONTH_OF_RECEIPT, {"receipt": receipt}).fetchall()
    if not found:
        raise BmyshopError(f"there is no receipt {receipt}; keys look like source/…: select receipt_key from receipts limit 5")
    with views(settings, months=[found[0][0]]) as session:
        cursor = session.execute(EXPLAIN, {"receipt": receipt, "variant": settings.semi_supervised, "month": found[0][0]})
        names, rows = [column[0] for column in cursor.description or []], cursor.fetchall()
    if not rows:
        raise BmyshopError(f"no profiles were projected in {found[0][0]}: run that month first, or it had no members")
    return names, rows


def ingestion_summary(settings: Settings) -> list[str]:
    """What was read and what became of it, in words."""
    _, files = readable(
        settings,
        "select coalesce(sum(lines_count), 0), coalesce(sum(accepted_count), 0), coalesce(sum(duplicate_count), 0), "
        "coalesce(sum(rejected_count), 0), count(*) from (from file_ledger where kind = 'receipts' union all by name "
        "from staged_file_ledger where kind = 'receipts')",
    )
    counts = "select count(distinct member_key), count(distinct store_key), count(*), count(member_key) from receipts"
    _, people = readable(settings, counts)
    read, accepted, duplicates, rejected, files_count = (_number(value) for value in files[0])
    members, stores, receipts, _ = (_number(value) for value in people[0])
    identified = f"{100 * people[0][3] / people[0][2]:.1f} %" if people[0][2] else "none"
    return [
        f"{read} receipt lines were read from {files_count} files: {accepted} accepted, {duplicates} duplicates, {rejected} rejected.",
        f"They make {receipts} receipts in {stores} shops; {identified} of them identified, from {members} members.",
    ]


def _everything(settings: Settings, months: list[str] | None) -> Snapshot:
    lake = Lake(settings.lake_dir)
    wanted = None if months is None else {f"month={month}" for month in months}
    names = {TableName(table.room, table.name): table.file.by_month for table in load_catalogue().values()}
    return lake.snapshot(
        [
            (name, partition)
            for name, by_month in names.items()
            for partition in lake.partitions(name)
            if wanted is None or not by_month or partition in wanted
        ]
    )


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")
