"""Running months one after the other from Python: what the command line and the demo do, through Dagster and its instance."""

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources as package_files
from pathlib import Path
from typing import Any

import dagster as dg

from bmyshop_profiles.engine.catalogue import Catalogue
from bmyshop_profiles.privacy.closed import close_to_others
from bmyshop_profiles.settings import Settings

FORMER_INSTANCES = ("010012b3fef6a5c4",)  # digests of files `dagster.yaml` that earlier versions wrote
LOGGER = "bmyshop_profiles.progress"
LOGGERS: dict[str, Any] = {"loggers": {"progress": {}}}  # run configuration: steps to the handler below, nothing to the console


@dg.logger
def progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """The Python logger that `StepHandler` listens to."""
    return logging.getLogger(LOGGER)


@dataclass(frozen=True)
class Warned:
    """A check that warned. month: None for the lists. rows: how many break it. figures: what the only one says, if it is about all rows."""

    table: str
    check: str
    month: str | None
    rows: int
    figures: str


@dataclass(frozen=True)
class RunResult:
    """How a run ended. `failure` is the reason of the step that failed, in words. `warned`: in the order of the steps."""

    success: bool
    failure: str | None = None
    warned: tuple[Warned, ...] = ()


class _StepHandler(logging.Handler):
    def __init__(self, on_step: Callable[[str], None]):
        super().__init__()
        self._on_step = on_step

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None and event.event_type_value in ("STEP_SUCCESS", "STEP_FAILURE") and event.step_key:
            self._on_step(event.step_key)


@contextlib.contextmanager
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of a data directory, the one its UI shows."""
    home = prepare_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    with dg.DagsterInstance.from_config(str(home)) as found:
        yield found


def prepare_home(settings: Settings) -> Path:
    """DAGSTER_HOME of a data directory, with our `dagster.yaml` unless somebody put another there; a former one of ours is replaced."""
    close_to_others(settings.data_dir)
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    path = home / "dagster.yaml"
    if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest()[:16] in FORMER_INSTANCES:
        shipped = package_files.files("bmyshop_profiles.orchestration") / "dagster.yaml"
        path.write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    return home


def run_job(
    definitions: dg.Definitions,
    found: dg.DagsterInstance,
    job: str,
    *,
    month: str | None = None,
    tables: Sequence[str] | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> RunResult:
    """Run a job (for a month; only some of its tables, if named) in this process and wait for it."""
    handler, logger = _StepHandler(on_step), logging.getLogger(LOGGER)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        result = definitions.resolve_job_def(job).execute_in_process(
            instance=found,
            partition_key=month,
            asset_selection=[dg.AssetKey(name) for name in tables] if tables is not None else None,
            run_config=LOGGERS,
            raise_on_error=False,
        )
    finally:
        logger.removeHandler(handler)
    return RunResult(result.success, None if result.success else _failure(result), _warned(result, month))


def steps_of(definitions: dg.Definitions, job: str, tables: Sequence[str] | None = None) -> list[str]:
    """Names of the steps a job will run."""
    resolved = definitions.resolve_job_def(job)
    if tables is not None:
        resolved = resolved.get_subset(asset_selection={dg.AssetKey(name) for name in tables})
    return sorted(node.name for node in resolved.graph.nodes)


def in_words(warned: Sequence[Warned], catalogue: Catalogue) -> list[str]:
    """Lines that name the checks that warned, in which months, by how many rows, what should hold, and where to look; none without any."""
    if not warned:
        return []
    by_check: dict[tuple[str, str], list[Warned]] = {}
    for each in sorted(warned, key=lambda one: (one.table, one.check, one.month or "")):
        by_check.setdefault((each.table, each.check), []).append(each)
    count = len(by_check)
    lines = [
        f"{count} check{'s' if count > 1 else ''} warned. {'Their tables are' if count > 1 else 'Its table is'} published all the same:"
    ]
    for (table, name), found in by_check.items():
        check = next(check for check in catalogue[table].checks if check.name == name)
        lines += [f"  {table}, {name}: {_where(found)}", f"    should hold: {check.description}"]
    lines.append("The rows that break a check: bmyshop-profiles ui, the page of its table, Checks.")
    return lines


def _where(found: list[Warned]) -> str:
    if len(found) > 4:
        rows = sum(each.rows for each in found)
        return f"{rows} rows in {len(found)} months, {found[0].month} to {found[-1].month}"
    return ", ".join(
        f"{each.rows} row{'s' if each.rows > 1 else ''} in {each.month or 'the lists'}" + (f" ({each.figures})" if each.figures else "")
        for each in found
    )


def _warned(result: dg.ExecuteInProcessResult, month: str | None) -> tuple[Warned, ...]:
    found = []
    for outcome in result.get_asset_check_evaluations():
        if outcome.passed or outcome.severity is not dg.AssetCheckSeverity.WARN:
            continue
        rows, examples = outcome.metadata["failing_rows"].value, outcome.metadata.get("examples")
        only: dict[str, Any] = dict(examples.records[0].data) if rows == 1 and isinstance(examples, dg.TableMetadataValue) else {}
        found.append(Warned(outcome.asset_key.to_user_string(), outcome.check_name, month, int(str(rows)), figures(only)))
    return tuple(found)


def figures(row: Mapping[str, Any]) -> str:
    """A row of figures in words; nothing where it has a key or a text: it is one of many then, and says little by itself."""
    if not all(isinstance(value, int | float) for value in row.values()):
        return ""
    return ", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items())


def _failure(result: dg.ExecuteInProcessResult) -> str:
    """What each failed step said."""
    reasons: dict[str, None] = {}
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE":
            data = event.step_failure_data
            error = data.error if data else None
            description = data.user_failure_data.description if data and data.user_failure_data else None
            if description:
                reasons[description] = None
            elif error is not None:
                reasons[f"{event.step_key}: {(error.cause or error).message.strip()}"] = None
    return "\n".join(reasons) or "the run failed before its first step"
