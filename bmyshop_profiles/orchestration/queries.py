"""Questions people ask the lake: one select over views of every table, read-only, and the summary that ends a run."""

from typing import Any

import duckdb

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, Snapshot, TableName
from bmyshop_profiles.engine.session import literal, open_session, relation
from bmyshop_profiles.settings import Settings


def readable(settings: Settings, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of one select.

    Raises:
        BmyshopError: it is not one select, or it fails; it can read the lake and nothing else.
    """
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise BmyshopError(f"the query does not parse: {error}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BmyshopError("one select is expected: the lake is read-only here")
    with (
        _everything(settings) as snapshot,
        open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session,
    ):
        catalogue = load_catalogue()
        session.attach(catalogue, snapshot, list(catalogue))
        session.execute(f"set allowed_directories = [{literal(settings.lake_dir)}]")
        session.execute("set enable_external_access = false")
        session.execute("set lock_configuration = true")
        cursor = session.execute(query, path="the query")
        return [column[0] for column in cursor.description or []], cursor.fetchall()


def view_statements(settings: Settings) -> list[str]:
    """`create view` statements of every table, for any DuckDB on this machine."""
    with _everything(settings) as snapshot:
        return [f"create or replace view {table.name} as\n{relation(table, snapshot)};" for table in load_catalogue().ordered]


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


def _everything(settings: Settings) -> Snapshot:
    lake = Lake(settings.lake_dir)
    names = [TableName(table.room, table.name) for table in load_catalogue().values()]
    return lake.snapshot([(name, partition) for name in names for partition in lake.partitions(name)])


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")
