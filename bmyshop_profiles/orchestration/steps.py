"""One step of a run: take the window, build, report. Every table asset goes through here, made by SQL or by Python.

Here: the guard of inputs and windows, checks inside the step, metadata. Not here: what the rows are (the rooms), how they are
stored (`engine`).
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd

from bmyshop_profiles.engine.build import Build, CheckResult, Writer, build
from bmyshop_profiles.engine.catalogue import PERSON_KEYS, Catalogue, Table
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, LakeBusyError, Snapshot, TableName, partition_of
from bmyshop_profiles.engine.lineage import Origins, column_origins
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.orchestration.code import Code, parameters
from bmyshop_profiles.orchestration.jobs import fact_tables
from bmyshop_profiles.orchestration.made_again import make_stale_again
from bmyshop_profiles.orchestration.partitions import partitions_read
from bmyshop_profiles.orchestration.resources import DuckDBEngine, LakeResource
from bmyshop_profiles.settings import Settings

PERSONAL = {"bmyshop/personal_data": "pseudonyms"}  # tag of tables with a key of a person
RETRIES = 3  # of a step whose table another run is writing
Outcome = dg.MaterializeResult | dg.AssetCheckResult


@dataclass(frozen=True)
class House:
    """What every step needs to know: the tables, the settings."""

    catalogue: Catalogue
    settings: Settings

    @functools.cached_property
    def facts(self) -> frozenset[str]:
        """Tables that no window separates from the raw files."""
        return frozenset(fact_tables(self.catalogue))

    @functools.cached_property
    def made_again(self) -> dg.AutomationCondition[dg.AssetKey]:
        """When windowed months are made again. One for all tables: it looks at the lake once for all of them."""
        return make_stale_again(self.catalogue, self.settings)

    def kind(self, table: Table) -> str:
        """list (read once), fact (of its month alone) or windowed."""
        return "list" if not table.file.by_month else "fact" if table.name in self.facts else "windowed"


@dataclass(frozen=True)
class Inputs:
    """What a step has in hand: frames, a session in which every input is a view, parameters, and the settings where these do not suffice.

    `snapshot`: the versions behind the views, for an engine that reads files itself.

    `frames` holds, for a table that Python makes, what each of its `<table>.<frame>.sql` selects, and its inputs whole, sorted by key.
    `figures` is for what a table's page shall show beside its rows: table → name → figure, filled by the computation.
    """

    session: Session
    lake: Lake
    month: str | None
    parameters: Mapping[str, Any]
    settings: Settings
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    snapshot: Snapshot | None = None


# Given what is in hand, one writer per table of the step, in the order in which they must run.
Writers = Callable[[Inputs], Mapping[str, Writer]]


def asset_spec(house: House, name: str, *, deps: Sequence[dg.AssetDep], kinds: set[str]) -> dg.AssetSpec:
    """How Dagster knows a table: its documentation, columns, code version and dependencies."""
    table = house.catalogue[name]
    columns = [dg.TableColumn(key, column.type, column.description) for key, column in table.file.columns.items()]
    return dg.AssetSpec(
        name,
        deps=deps,
        group_name=table.room,
        description=f"{table.file.description.strip()}\n\nOne row per {table.file.grain}.",
        owners=list(house.settings.owners),
        kinds=kinds,
        tags={
            "bmyshop/kind": house.kind(table),
            **(PERSONAL if set(table.file.columns) & set(PERSON_KEYS) else {}),
        },
        automation_condition=house.made_again if house.kind(table) == "windowed" else None,
        code_version=Code(house.catalogue, house.settings).own(table),
        metadata={
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/table_name": f"{table.room}.{table.name}",
        },
    )


def markdown(text: str) -> dg.MarkdownMetadataValue:
    """A text that the table's page shows as Markdown, for `Inputs.figures`."""
    return dg.MetadataValue.md(text)


def check_specs(table: Table) -> list[dg.AssetCheckSpec]:
    """A table's checks, as Dagster lists them."""
    return [
        dg.AssetCheckSpec(check.name, asset=table.name, description=check.description, blocking=check.blocking) for check in table.checks
    ]


def run_step(
    context: dg.AssetExecutionContext,
    house: House,
    names: Sequence[str],
    writers: Writers,
    origins: Callable[[str], Origins] | None = None,
) -> Iterator[Outcome]:
    """Build the tables of a step for the run's month, publish them all or none, and tell Dagster.

    `origins` gives the column lineage of tables that Python makes; that of SQL is read from it.

    Raises:
        dg.Failure: an input is missing or was made by other code, a blocking check failed, or something a person can mend is wrong.
    """
    duckdb, lake = _resources(context)
    month = context.partition_key if context.has_partition_key else None
    try:
        with contextlib.ExitStack() as stack:
            code = Code(house.catalogue, house.settings)
            session = stack.enter_context(duckdb.session())
            snapshot = stack.enter_context(_inputs(house, names, month, lake, code))
            upstream = sorted({each for name in names for each in house.catalogue[name].inputs} - set(names))
            session.attach(house.catalogue, snapshot, upstream)
            inputs = Inputs(session, lake, month, parameters(house.settings, month), house.settings, snapshot=snapshot)
            made = writers(inputs)
            hashes = snapshot.input_hashes()
            builds = [Build(house.catalogue[name], partition_of(month), write, code.whole(name), hashes) for name, write in made.items()]
            build(lake, session, builds)
    except LakeBusyError as error:
        context.log.warning(f"{error}; tried again in {house.settings.lock_seconds:g} s")
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=house.settings.lock_seconds) from error
    except BmyshopError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    for item in builds:
        for result in item.checks:
            yield _check_outcome(item.table, result, month)
    refused = [f"{item.table.name}: {result.check.name} ({result.failing} rows)" for item in builds for result in item.refused]
    if refused:
        raise dg.Failure(f"nothing was published: checks failed: {'; '.join(refused)}", allow_retries=False)
    for item in builds:
        found = origins(item.table.name) if origins else column_origins(item.table, house.catalogue)
        yield _materialization(item, month, found, inputs.figures.get(item.table.name, {}))


def _resources(context: dg.AssetExecutionContext) -> tuple[DuckDBEngine, Lake]:
    found: LakeResource = context.resources.lake
    return context.resources.duckdb, found.lake()


def _inputs(house: House, names: Sequence[str], month: str | None, lake: Lake, code: Code) -> Snapshot:
    """The versions a step reads. The guard: every one of them must be there, for every month of a window, made by today's code.

    Without the second half a table would be stamped with today's code though its inputs, or some months of them, are of another.
    """
    wanted: dict[tuple[TableName, str], None] = {}
    for name in names:
        table = house.catalogue[name]
        for upstream in set(table.inputs) - set(names):
            source = house.catalogue[upstream]
            for partition in partitions_read(table, source, month, house.settings):
                wanted[TableName(source.room, source.name), partition] = None
    snapshot = lake.snapshot(sorted(wanted, key=lambda key: (key[0].name, key[1])))
    missing: dict[str, list[str]] = {}
    outdated: dict[str, list[str]] = {}
    for (table_name, partition), version in snapshot.versions.items():
        if version is None:
            missing.setdefault(table_name.name, []).append(partition.removeprefix("month="))
        elif version.code_hash != code.whole(table_name.name):
            outdated.setdefault(table_name.name, []).append(partition.removeprefix("month="))
    if missing or outdated:
        snapshot.close()
        raise BmyshopError(_guard_message(", ".join(names), month, missing, outdated))
    return snapshot


def _guard_message(names: str, month: str | None, missing: Mapping[str, list[str]], outdated: Mapping[str, list[str]]) -> str:
    lines = [f"{names}{f' of {month}' if month else ''} cannot be made:"]
    lines += [f"  {table} is missing for {', '.join(months)}" for table, months in missing.items()]
    lines += [f"  {table} was made by other code or settings for {', '.join(months)}" for table, months in outdated.items()]
    lines.append("Materialise these first. A backfill from the asset graph does it in the right order; a backfill of a job does not.")
    return "\n".join(lines)


def _check_outcome(table: Table, result: CheckResult, month: str | None) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if result.check.blocking else dg.AssetCheckSeverity.WARN
    metadata: dict[str, Any] = {"failing_rows": result.failing, **({"month": month} if month else {})}
    if result.examples:
        records = [dg.TableRecord({key: _plain(value) for key, value in row.items()}) for row in result.examples]
        metadata["examples"] = dg.MetadataValue.table(records, schema=dg.TableSchema([dg.TableColumn(key) for key in result.examples[0]]))
    return dg.AssetCheckResult(
        asset_key=table.name, check_name=result.check.name, passed=result.passed, severity=severity, metadata=metadata
    )


def _plain(value: Any) -> str | int | float | bool:
    return value if isinstance(value, (str, int, float, bool)) else str(value)


def _materialization(item: Build, month: str | None, origins: Origins, figures: Mapping[str, Any]) -> dg.MaterializeResult:
    assert item.version is not None
    version = item.version
    metadata: dict[str, Any] = {
        "dagster/partition_row_count" if month else "dagster/row_count": version.rows,
        "content_hash": version.content_hash,
        "files": ", ".join(version.files),
        **item.figures,
        **figures,
    }
    if item.note:
        metadata["note"] = item.note
    window = {name: months for name, months in item.table.file.window.items() if months > 1}
    for name, months in window.items():
        found = [key for key in version.inputs if key.startswith(f"{name}/")]
        metadata[f"window of {name}"] = f"{len(found)} of {months} months: {found[0].split('=')[1]} to {found[-1].split('=')[1]}"
    if origins:
        metadata["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(dg.AssetKey(table), source) for table, source in found]
                for column, found in origins.items()
                if found
            }
        )
        # the open-source UI keeps the entry above but does not draw it
        metadata["columns come from"] = dg.MetadataValue.table(
            [
                dg.TableRecord({"column": column, "comes from": ", ".join(f"{table}.{source}" for table, source in found)})
                for column, found in origins.items()
            ]
        )
    return dg.MaterializeResult(asset_key=item.table.name, metadata=metadata, data_version=dg.DataVersion(version.content_hash))
