"""Questions people ask the lake, read-only: one select over views of every table, an audience, a receipt explained, a run's summary."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bmyshop_profiles.engine.catalogue import load_catalogue, parse, question, tables_read
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, Snapshot, TableName
from bmyshop_profiles.engine.session import Session, as_pattern, literal, open_session, relation
from bmyshop_profiles.months import missions_since
from bmyshop_profiles.settings import Settings

Answer = tuple[list[str], list[tuple[Any, ...]]]


@contextmanager
def views(
    settings: Settings,
    *,
    months: list[str] | None = None,
    windows: Mapping[str, list[str]] | None = None,
    tables: Collection[str] | None = None,
    beside: Path | None = None,
) -> Iterator[Session]:
    """A session in which every table (or those named) is a view, over some months only where they are named (windows: other months of some
    tables); it can read the lake (and `beside`) only."""
    catalogue = load_catalogue()
    wanted = list(catalogue) if tables is None else list(tables)
    with (
        _everything(settings, months, windows, wanted) as snapshot,
        open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session,
    ):
        session.attach(catalogue, snapshot, wanted)
        places = [path for path in (settings.lake_dir, beside) if path]  # as they are, and as the readers' patterns say them
        allowed = ", ".join(literal(text) for path in places for text in dict.fromkeys((str(path), as_pattern(path))))
        session.execute(f"set allowed_directories = [{allowed}]")
        session.execute("set enable_external_access = false")
        session.execute("set lock_configuration = true")
        yield session


def tables_of(*questions: str) -> set[str]:
    """Tables that questions (`sql/questions/`) read: a view of each of the others would cost more than most answers."""
    selects = [question(name) for name in questions]
    return {name for select in selects for name in tables_read(parse(select.sql, select.path))}


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


@dataclass(frozen=True)
class Cell:
    """A shop and a moment, of a month or of the three that end with it. store, daypart: or all. weekday: 1 to 7, 0 for all. hour: 0 to 23,
    −1 for all; an hour lies in one daypart, whatever `daypart` says. period: month or quarter."""

    store: str = "all"
    daypart: str = "all"
    weekday: int = 0
    hour: int = -1
    period: str = "month"


def audience(settings: Settings, month: str, cell: Cell, kind: str = "all") -> Answer:
    """The groups of a cell, whatever may be sold of them. kind: category, mission, profile or all. Profiles have no hours, weekdays or
    quarters. Names of profiles: `histories.py`.

    Raises:
        BmyshopError: nothing is known of the month, or of the shop in it; or the cell is too small to be published.
    """
    asked: dict[str, str | int] = {
        "store": cell.store,
        "daypart": cell.daypart,
        "weekday": cell.weekday,
        "hour": cell.hour,
        "period": cell.period,
    }
    with views(settings, tables=tables_of("audience", "visits_of_month")) as session:
        names, rows = _answer(session, "audience", month=month, kind=kind, missions_since=missions_since(month), **asked)
        receipts: dict[str, int] = dict(_answer(session, "visits_of_month", month=month, store=cell.store)[1])
    if rows:
        return names, rows
    if not receipts:
        raise BmyshopError(f"no audience has been made for {month}: run that month first (status says which)")
    if cell.store not in receipts:
        raise BmyshopError(f"shop {cell.store} has no receipts in {month}")
    raise BmyshopError(
        f"{cell.store}, {cell.daypart}, {month}: nothing is published: fewer than {settings.receipts_to_publish} receipts or people "
        f"({settings.fine_receipts} receipts for an hour or a weekday's daypart), or no such groups (profiles have no weekdays, hours or "
        "quarters)"
    )


def explain(settings: Settings, receipt: str, month: str | None = None) -> Answer:
    """Which items of a receipt moved its posterior: one row per profile and term, in nats against the mean of the profiles.

    month: where it is known, only that month is searched.

    Raises:
        BmyshopError: there is no such receipt, or no projection for its month.
    """
    if month is None:
        with views(settings, tables=tables_of("month_of_receipt")) as session:
            _, found = _answer(session, "month_of_receipt", receipt=receipt)
        if not found:
            raise BmyshopError(f"there is no receipt {receipt}; keys look like source/…, as in the table receipts")
        month = found[0][0]
    with views(settings, months=[month], tables=tables_of("explain", "month_of_receipt")) as session:
        names, rows = _answer(session, "explain", receipt=receipt, variant=settings.semi_supervised)
        is_there = rows and _answer(session, "month_of_receipt", receipt=receipt)[1]
    if not rows:
        raise BmyshopError(f"no profiles were projected in {month}: run that month first, or it had no members")
    if not is_there:
        raise BmyshopError(f"there is no receipt {receipt} in {month}")
    return names, rows


def ingestion_summary(settings: Settings) -> list[str]:
    """What was read and what became of it, in words."""
    with views(settings, tables=tables_of("what_was_read", "who_was_seen")) as session:
        _, files = _answer(session, "what_was_read")
        _, people = _answer(session, "who_was_seen")
    read, accepted, duplicates, rejected, files_count = (_number(value) for value in files[0])
    members, stores, receipts, _ = (_number(value) for value in people[0])
    identified = f"{100 * people[0][3] / people[0][2]:.1f} %" if people[0][2] else "none"
    return [
        f"{read} receipt lines were read from {files_count} files: {accepted} accepted, {duplicates} duplicates, {rejected} rejected.",
        f"They make {receipts} receipts in {stores} shops; {identified} of them identified, from {members} members.",
    ]


def _answer(session: Session, name: str, **parameters: str | int) -> Answer:
    asked = question(name)
    cursor = session.execute(asked.sql, parameters, path=asked.path)
    return [column[0] for column in cursor.description or []], cursor.fetchall()


def _everything(
    settings: Settings,
    months: list[str] | None,
    windows: Mapping[str, list[str]] | None = None,
    tables: Collection[str] | None = None,
) -> Snapshot:
    lake, catalogue = Lake(settings.lake_dir), load_catalogue()

    def wanted(name: TableName) -> set[str] | None:
        own = (windows or {}).get(name.name, months)
        return None if own is None else {f"month={month}" for month in own}

    chosen = [catalogue[name] for name in (catalogue if tables is None else tables)]
    names = {TableName(table.room, table.name): table.file.by_month for table in chosen}
    return lake.snapshot(
        [
            (name, partition)
            for name, by_month in names.items()
            for partition in lake.partitions(name)
            if not by_month or (own := wanted(name)) is None or partition in own
        ]
    )


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")
