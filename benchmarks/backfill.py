"""Are backfills through Dagster right? Serial runs, graph backfills, job backfills, changed code and a failing check, on one small network.

    python -m benchmarks.backfill [--all-rooms]

Everything goes through what people use: `bmyshop-profiles run` and the web UI's server with its daemon, spoken to in GraphQL.
Only the rooms up to the features are taken, unless all are asked for: what is tried are the runs, and later rooms take minutes.
The package and its SQL are copied, so that code can change without touching the checkout. All of it lives in a temporary
directory, which is removed at the end. Here: launching, comparing pointers. Not here: how long a large month takes (`features.py`).
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from rich.console import Console
from rich.table import Table as RichTable

import bmyshop_profiles
from bmyshop_profiles.engine.catalogue import Catalogue, load_catalogue, sql_directory
from bmyshop_profiles.simulation import simulate

MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04")
LATE = MONTHS[-1]
BROKEN = MONTHS[1]
CHANGED = "receipts"  # the table whose code changes
ROOMS = ("ingestion", "features")
TIMEOUT_SECONDS = 300  # of one backfill
ALL_ROOMS_TIMEOUT_SECONDS = 1800
TARGET_SECONDS = 360  # of all of this, without the later rooms
FINISHED = ("SUCCESS", "FAILURE", "CANCELED")

T = TypeVar("T")
Edit = tuple[str, str, str]  # file below the copy, text in it, text instead
OTHER_DAYPARTS: Edit = ("sql/features/receipts.sql", "between 5 and 8 then 'early'", "between 5 and 9 then 'early'")
TWICE_IN_A_MONTH: Edit = (
    "sql/features/receipts.sql",
    "end as daypart,\nfrom totals\n",
    f"end as daypart,\nfrom totals\ncross join (select unnest([1, 2]) as copy)\nwhere copy = 1 or month(sold_at) = {int(BROKEN[5:])}\n",
)

Pointers = dict[tuple[str, str], dict[str, Any]]  # (table, month or "all") → what current.json says


class BackfillError(Exception):
    """Something that must work for anything to be measured did not."""


@dataclass(frozen=True)
class Row:
    """One promise: what it is, what was expected and seen."""

    name: str
    what: str
    expected: Any
    seen: Any
    at_most: bool = False

    @property
    def ok(self) -> bool:
        """It was kept."""
        return bool(self.seen <= self.expected if self.at_most else self.seen == self.expected)


@dataclass
class Bench:
    """Where things are, what the tables are, and what has been seen so far."""

    root: Path
    key: str
    all_rooms: bool
    catalogue: Catalogue = field(default_factory=lambda: Catalogue([]))
    is_over: bool = False
    rows: list[Row] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    servers: list["Server"] = field(default_factory=list)

    def environment(self, code: str) -> dict[str, str]:
        """Variables of a process that runs a copy of the code: no setting of the caller's reaches it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BMYSHOP_", "DAGSTER_"))}
        return {**kept, "PYTHONPATH": str(self.root / code), "BMYSHOP_PSEUDONYM_KEY": self.key}

    def data(self, name: str, *, like: str | None = None) -> Path:
        """A new data directory; `like` another: with its tables, without its runs."""
        path = self.root / name
        path.mkdir()
        settings = {"sources": str(self.root / "network" / "sources.yaml"), "first_month": MONTHS[0], "last_month": MONTHS[-1]}
        (path / "bmyshop.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()), encoding="utf-8")
        for part in ("lake", "vault") if like else ():
            shutil.copytree(self.root / str(like) / part, path / part)
        return path

    @property
    def patience(self) -> int:
        """Seconds that one backfill, or one serial run, may take."""
        return ALL_ROOMS_TIMEOUT_SECONDS if self.all_rooms else TIMEOUT_SECONDS

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Seconds of a part, among the figures."""
        started = time.monotonic()
        yield
        self.figures[f"{name}_seconds"] = round(time.monotonic() - started, 1)


# --- the code, the command line and the lake


def copy_code(bench: Bench, name: str, *edits: Edit) -> None:
    """A copy of the package and its SQL, edited."""
    shipped, target, forgotten = sql_directory(), bench.root / name, shutil.ignore_patterns("__pycache__", "_sql")
    shutil.copytree(Path(bmyshop_profiles.__file__).parent, target / "bmyshop_profiles", ignore=forgotten)
    shutil.copytree(shipped, target / "sql")
    if not bench.all_rooms:
        definitions = target / "bmyshop_profiles" / "definitions.py"
        text, count = re.subn(r"(?m)^ROOMS = \(.*\)$", f"ROOMS = ({', '.join(ROOMS)})", definitions.read_text(encoding="utf-8"))
        if count != 1:
            raise BackfillError("definitions.py no longer lists its ROOMS in one line: tell this benchmark how else to choose them")
        definitions.write_text(text, encoding="utf-8")
        for room in {path.name for path in (target / "sql").iterdir()} - set(ROOMS):
            shutil.rmtree(target / "sql" / room)
    for file, old, new in edits:
        text = (target / file).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise BackfillError(f"{file} no longer holds {old!r} once: tell this benchmark how else to change it")
        (target / file).write_text(text.replace(old, new), encoding="utf-8")


def command_line(bench: Bench, code: str, data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `bmyshop-profiles` from a copy of the code."""
    command = [sys.executable, "-m", "bmyshop_profiles.cli", "--data-dir", str(data), *words]
    return subprocess.run(
        command, cwd=bench.root / code, env=bench.environment(code), capture_output=True, text=True, timeout=bench.patience, check=False
    )


def serial(bench: Bench, code: str, data: Path) -> Pointers:
    """`run` of all months, one after the other."""
    ended = command_line(bench, code, data, "run", "--months", f"{MONTHS[0]}..{MONTHS[-1]}")
    if ended.returncode != 0:
        raise BackfillError(f"the serial run failed:\n{ended.stdout}\n{ended.stderr}")
    return pointers(data)


def pointers(data: Path) -> Pointers:
    """Every pointer of a lake."""
    found: Pointers = {}
    for path in sorted((data / "lake").glob("*/*/*/current.json")):
        found[path.parent.parent.name, path.parent.name.removeprefix("month=")] = json.loads(path.read_text(encoding="utf-8"))
    return found


def hashes(found: Pointers) -> dict[tuple[str, str], str]:
    """Content hash of every table and month."""
    return {key: str(pointer["content_hash"]) for key, pointer in found.items()}


def versions(found: Pointers) -> dict[tuple[str, str], str]:
    """Version of every table and month: it changes whenever the month is made again."""
    return {key: str(pointer["version"]) for key, pointer in found.items()}


def cells(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Every table and month there should be, inputs first."""
    return [(table.name, month) for table in catalogue.ordered for month in (MONTHS if table.file.by_month else ("all",))]


def inputs_of(catalogue: Catalogue, name: str, month: str) -> list[tuple[str, str]]:
    """Tables and months that a month of a table has to read: the whole window, from the first month on."""
    found = []
    for upstream in catalogue[name].inputs:
        last = MONTHS.index(month) if month in MONTHS else 0
        window = MONTHS[max(0, last + 1 - catalogue[name].window_of(upstream)) : last + 1]
        found += [(upstream, each) for each in (window if catalogue[upstream].file.by_month else ("all",))]
    return found


def downstream(catalogue: Catalogue, start: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Tables and months made from some others, those included."""
    found = set(start)
    for name, month in cells(catalogue):
        if found & set(inputs_of(catalogue, name, month)):
            found.add((name, month))
    return found


def short_months(catalogue: Catalogue, found: Pointers) -> list[str]:
    """Published months that were made from less than their whole window: there must be none."""
    short = []
    for (name, month), pointer in found.items():
        read = {(table, part.removeprefix("month=")) for table, part in (key.split("/") for key in pointer["inputs"])}
        if month in MONTHS and not set(inputs_of(catalogue, name, month)) <= read:
            short.append(f"{name} {month}")
    return short


def windowed(catalogue: Catalogue) -> list[str]:
    """Tables that read more than one month of something."""
    return [table.name for table in catalogue.ordered if any(months > 1 for months in table.file.window.values())]


# --- the web UI's server and its daemon

LOCATION = (
    "{workspaceOrError{... on Workspace{locationEntries{name locationOrLoadError{__typename ... on PythonError{message} "
    "... on RepositoryLocation{repositories{name assetNodes{assetKey{path} isPartitioned}}}}}}}}"
)
LAUNCH_RUN = (
    "mutation($p: ExecutionParams!){launchRun(executionParams: $p){__typename ... on LaunchRunSuccess{run{runId}} ... on Error{message}}}"
)
LAUNCH_BACKFILL = (
    "mutation($p: LaunchBackfillParams!){launchPartitionBackfill(backfillParams: $p)"
    "{__typename ... on LaunchBackfillSuccess{backfillId} ... on Error{message}}}"
)
STATUS = "query($id: String!){partitionBackfillOrError(backfillId: $id){... on PartitionBackfill{status}}}"
RUNS = (
    "query($f: RunsFilter!){runsOrError(filter: $f){... on Runs{results"
    "{runId status creationTime startTime endTime tags{key value} assetSelection{path}}}}}"
)
EVENTS = (
    "query($id: ID!){logsForRun(runId: $id, limit: 5000){... on EventConnection{events{__typename "
    "... on ExecutionStepFailureEvent{stepKey error{message} failureMetadata{description}} "
    "... on AssetCheckEvaluationEvent{evaluation{checkName success assetKey{path}}}}}}}"
)


@dataclass(frozen=True)
class Run:
    """One finished run."""

    run_id: str
    month: str
    status: str
    created: float
    started: float
    ended: float
    tables: tuple[str, ...]


class Server:
    """`bmyshop-profiles ui` of a data directory, from a copy of the code, on a free port of this machine. A context manager."""

    def __init__(self, bench: Bench, code: str, data: Path):
        if bench.is_over:
            raise BackfillError("another lane failed")
        self._patience = bench.patience
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}/graphql"
        self._log = data / "server.log"
        command = [sys.executable, "-m", "bmyshop_profiles.cli", "--data-dir", str(data), "ui", "--port", str(port)]
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command,
                cwd=bench.root / code,
                env=bench.environment(code),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, to be stopped as a whole
            )
        bench.servers.append(self)

    def __enter__(self) -> "Server":
        try:
            location, repository = self._until("the server is up", self._location)
        except BaseException:
            self.stop()
            raise
        self._repository = {"repositoryName": repository["name"], "repositoryLocationName": location}
        self.month_tables = [asset["assetKey"]["path"] for asset in repository["assetNodes"] if asset["isPartitioned"]]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the whole process group, politely first."""
        for chosen, patience in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
            deadline = time.monotonic() + patience
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, chosen)
                while time.monotonic() < deadline:
                    self._process.poll()
                    os.killpg(self._process.pid, 0)
                    time.sleep(0.2)
                continue
            return

    def run_job(self, job: str, month: str | None = None) -> Run:
        """Launch one run of a job and wait for it."""
        tags = [{"key": "dagster/partition", "value": month}] if month else []
        params = {"selector": {"jobName": job, **self._repository}, "executionMetadata": {"tags": tags}, "runConfigData": {}}
        run_id = self._ask(LAUNCH_RUN, p=params)["launchRun"]["run"]["runId"]
        return self._until(f"run of {job}", lambda: self._finished({"runIds": [run_id]}, 1))[0]

    def graph_backfill(self) -> tuple[str, list[Run]]:
        """All months of all tables kept by month, from the asset graph. How it ended, and its runs."""
        assets = [{"path": path} for path in self.month_tables]
        backfill = self._launch({"assetSelection": assets, "partitionNames": list(MONTHS)})
        status = self._until("graph backfill", lambda: self._ended(backfill))
        return status, self._finished({"tags": [{"key": "dagster/backfill", "value": backfill}]}, 1) or []

    def job_backfill(self, job: str, months: Sequence[str]) -> list[Run]:
        """Some months of a job, all launched at once."""
        selector = {"partitionSetName": f"{job}_partition_set", "repositorySelector": self._repository}
        backfill = self._launch({"selector": selector, "partitionNames": list(months)})
        wanted = {"tags": [{"key": "dagster/backfill", "value": backfill}]}
        return self._until(f"job backfill of {job}", lambda: self._finished(wanted, len(months)))

    def failures(self, run: Run) -> dict[str, str]:
        """Step → why it failed."""
        events = self._ask(EVENTS, id=run.run_id)["logsForRun"]["events"]
        failed = [event for event in events if event["__typename"] == "ExecutionStepFailureEvent"]
        return {event["stepKey"]: (event["failureMetadata"] or {}).get("description") or event["error"]["message"] for event in failed}

    def failed_checks(self, run: Run) -> list[str]:
        """Checks that a run recorded as failed."""
        events = self._ask(EVENTS, id=run.run_id)["logsForRun"]["events"]
        found = [event["evaluation"] for event in events if event["__typename"] == "AssetCheckEvaluationEvent"]
        return sorted(f"{check['assetKey']['path'][-1]}: {check['checkName']}" for check in found if not check["success"])

    def _location(self) -> tuple[str, Any] | None:
        for entry in self._ask(LOCATION)["workspaceOrError"].get("locationEntries", []):
            loaded = entry["locationOrLoadError"] or {}
            if loaded.get("__typename") == "PythonError":
                raise BackfillError(f"the definitions do not load: {loaded['message']}")
            if loaded.get("repositories"):
                return entry["name"], loaded["repositories"][0]
        return None

    def _launch(self, params: dict[str, Any]) -> str:
        return str(self._ask(LAUNCH_BACKFILL, p=params)["launchPartitionBackfill"]["backfillId"])

    def _ended(self, backfill: str) -> str | None:
        status = self._ask(STATUS, id=backfill)["partitionBackfillOrError"]["status"]
        return None if status in ("REQUESTED", "FAILING", "CANCELING") else str(status)

    def _finished(self, wanted: dict[str, Any], count: int) -> list[Run] | None:
        runs = self._ask(RUNS, f=wanted)["runsOrError"]["results"]
        if len(runs) < count or any(run["status"] not in FINISHED for run in runs):
            return None
        return sorted(map(_run, runs), key=lambda run: run.started)

    def _until(self, what: str, found: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):  # not up yet, or too busy to answer
                result = found()
                if result is not None:
                    return result
            time.sleep(1)
        log = self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise BackfillError(f"{what}: not within {self._patience} s, or the server ended. Its log ends with:\n{log}")

    def _ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._url, data=body, headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = json.load(answer)
        if content.get("errors"):
            raise BackfillError(f"the server refused: {content['errors']}")
        for value in content["data"].values():
            if "message" in value or str(value.get("__typename", "")).endswith("Error"):
                raise BackfillError(f"the server refused: {value}")
        return content["data"]


def _run(raw: dict[str, Any]) -> Run:
    tags = {tag["key"]: tag["value"] for tag in raw["tags"]}
    started = raw["startTime"] or raw["creationTime"]
    tables = tuple(path["path"][-1] for path in raw["assetSelection"] or [])
    return Run(
        raw["runId"], tags.get("dagster/partition", ""), raw["status"], raw["creationTime"], started, raw["endTime"] or started, tables
    )


def peak(runs: Sequence[Run]) -> int:
    """Most runs that were going at one moment."""
    moments = sorted([(run.started, 1) for run in runs] + [(run.ended, -1) for run in runs])
    going, most = 0, 0
    for _, change in moments:
        going += change
        most = max(most, going)
    return most


# --- what is promised


def same_as_serial(bench: Bench, ready: Callable[[str], Pointers]) -> None:
    """A graph backfill makes what a serial run makes, before and after the code of a table changed."""
    data = bench.data("graph")
    for code in ("as_it_is", "other_dayparts"):
        with Server(bench, code, data) as server:
            if code == "as_it_is":
                server.run_job("references")
            with bench.timed(f"graph_backfill_{code}"):
                status, runs = server.graph_backfill()
        found, expected = hashes(pointers(data)), hashes(ready(code))
        differing = sorted(f"{name} {month}" for name, month in {*found, *expected} if found.get((name, month)) != expected[name, month])
        bench.figures[f"graph_backfill_{code}_runs"] = len(runs)
        bench.figures[f"graph_backfill_{code}_peak_runs"] = peak(runs)
        bench.rows += [
            Row(f"graph_{code}_status", f"{code}: the graph backfill ends", "COMPLETED_SUCCESS", status),
            Row(f"graph_{code}_peak", f"{code}: runs at once", 2, peak(runs)),
            Row(f"graph_{code}_cells", f"{code}: tables × months made", len(cells(bench.catalogue)), len(found)),
            Row(f"graph_{code}_same_hashes", f"{code}: hashes that differ from the serial run's", [], differing),
        ]


def serial_runs(bench: Bench, publish: Callable[[str, Pointers], None]) -> None:
    """The runs to compare with; a month made twice; a change of code; a late month alone after it."""
    data = bench.data("serial")
    with bench.timed("serial"):
        first = serial(bench, "as_it_is", data)
    bench.data("late", like="serial")
    bench.data("broken", like="serial")
    publish("as_it_is", first)
    again = serial(bench, "as_it_is", data)
    remade = sum(versions(first)[key] != versions(again)[key] for key in first)
    changed = [key for key in first if hashes(first)[key] != hashes(again).get(key)]
    bench.rows += [
        Row("twice_remade", "run again: tables × months made again", len(cells(bench.catalogue)), remade),
        Row("twice_same_hashes", "run again: hashes that changed", [], changed),
    ]
    other = serial(bench, "other_dayparts", data)
    publish("other_dayparts", other)
    moved = {key for key in first if hashes(first)[key] != hashes(other)[key]}
    touched = downstream(bench.catalogue, {(CHANGED, month) for month in MONTHS})
    bench.rows += [
        Row("change_moves", f"other dayparts: months of {CHANGED} that changed", len(MONTHS), sum(key[0] == CHANGED for key in moved)),
        Row("change_moves_only", "other dayparts: changed, though not made from it", [], sorted(moved - touched)),
    ]
    late_month_alone(bench)


def late_month_alone(bench: Bench) -> None:
    """After a change of code, the run of a late month says which months were made by other code."""
    data = bench.root / "late"
    before = versions(pointers(data))
    ended = command_line(bench, "other_dayparts", data, "run", "--months", LATE)
    after = versions(pointers(data))
    named = [line.strip() for line in ended.stderr.splitlines() if "was made by other code or settings for" in line]
    bench.figures["late_month_message"] = ended.stderr.strip()
    windows = [name for name in windowed(bench.catalogue) if (name, LATE) in downstream(bench.catalogue, {(CHANGED, MONTHS[0])})]
    bench.rows += [
        Row("late_exit_code", f"other code, {LATE} alone: exit code", 1, ended.returncode),
        Row("late_names_months", "… months named", [", ".join(MONTHS[:-1])], sorted({line.split(" for ")[1] for line in named})),
        Row("late_keeps", "… windowed tables published", [], [name for name in windows if before[name, LATE] != after[name, LATE]]),
    ]


def job_backfills(bench: Bench) -> None:
    """Backfills of the job, which ignore windows: a run that lacks months fails and names them; nothing is silently short."""
    shipped = bench.data("job")
    with Server(bench, "as_it_is", shipped) as server:
        job_backfill(bench, server, shipped, "in_order", MONTHS)
        job_backfill(bench, server, shipped, "descending", MONTHS[::-1])
        empty(server, shipped)
        judge_job(bench, server, shipped, "late_alone", [server.run_job("month", LATE)])


def job_backfill_without_queue(bench: Bench) -> None:
    """The same where somebody took the queue's limit away: two months of the job at once."""
    free = bench.data("job_without_queue")
    text = (bench.root / "as_it_is/bmyshop_profiles/orchestration/dagster.yaml").read_text(encoding="utf-8")
    instance = yaml.safe_load(text)
    del instance["concurrency"]["runs"]["tag_concurrency_limits"]
    (free / "dagster").mkdir()
    (free / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(instance), encoding="utf-8")
    with Server(bench, "as_it_is", free) as server:
        job_backfill(bench, server, free, "two_at_once", MONTHS)


def job_backfill(bench: Bench, server: Server, data: Path, name: str, months: Sequence[str]) -> None:
    """Backfill an empty lake by the job `month`."""
    empty(server, data)
    with bench.timed(f"job_backfill_{name}"):
        runs = server.job_backfill("month", months)
    judge_job(bench, server, data, name, runs)


def empty(server: Server, data: Path) -> None:
    """A lake with nothing in it but what is read once."""
    shutil.rmtree(data / "lake", ignore_errors=True)
    if server.run_job("references").status != "SUCCESS":
        raise BackfillError("the job references failed")


def judge_job(bench: Bench, server: Server, data: Path, name: str, runs: Sequence[Run]) -> None:
    """Each run either made all its windowed tables from whole windows, or failed and named the months it lacked."""
    found = pointers(data)
    problems, lacking = [], {}
    for run in runs:
        reasons = server.failures(run) if run.status == "FAILURE" else {}
        named = {month for reason in reasons.values() for month in _missing_months(reason)}
        absent = [table for table in windowed(bench.catalogue) if (table, run.month) not in found]
        if run.status == "FAILURE":
            lacking[run.month] = sorted(named)
            problems += [f"{run.month}, {step}: {reason}" for step, reason in reasons.items() if not _missing_months(reason)]
            if not reasons or not all(month < run.month for month in named):
                problems.append(f"{run.month}: fails and names {sorted(named)}")
        elif absent:
            problems.append(f"{run.month}: {run.status} without {', '.join(absent)}")
    order = ", ".join(f"{run.month} {run.status.lower()}" for run in runs)
    bench.figures[f"job_{name}_runs"] = order
    bench.figures[f"job_{name}_missing_named"] = lacking
    bench.figures[f"job_{name}_peak_runs"] = peak(runs)
    bench.rows += [
        Row(f"job_{name}_failures_named", f"job, {name} ({order}): runs that hide what they lack", [], problems),
        Row(
            f"job_{name}_not_short",
            f"job, {name}: published from less than their window",
            [],
            short_months(bench.catalogue, found),
        ),
    ]
    if name == "in_order":
        bench.rows.append(Row("job_in_order_peak", "job, in_order: runs at once", 1, peak(runs)))
    if name in ("descending", "late_alone"):
        expected = {run.month: list(MONTHS[: MONTHS.index(run.month)]) for run in runs if run.month != MONTHS[0]}
        bench.rows.append(Row(f"job_{name}_all_named", f"job, {name}: months named by the run of", expected, lacking))


def _missing_months(reason: str) -> list[str]:
    parts = [line.split(" is missing for ")[1] for line in reason.splitlines() if " is missing for " in line]
    return sorted({month for part in parts for month in part.strip().split(", ")})


def failing_check(bench: Bench) -> None:
    """A blocking check that fails in one month keeps that month's pointer, and what reads it is not made."""
    data = bench.root / "broken"
    before = pointers(data)
    with Server(bench, "twice_in_a_month", data) as server, bench.timed("graph_backfill_failing_check"):
        status, runs = server.graph_backfill()
        recorded = sorted({check for run in runs for check in server.failed_checks(run) if check.startswith(CHANGED)})
        reasons = [reason for run in runs for reason in server.failures(run).values()]
    after = pointers(data)
    blocked = downstream(bench.catalogue, {(CHANGED, BROKEN)})
    by_month = {cell for cell in cells(bench.catalogue) if cell[1] != "all"}
    remade = {key for key in by_month if versions(before)[key] != versions(after)[key]}
    later = sorted({month for name, month in (blocked & by_month) - remade if name in windowed(bench.catalogue)})
    bench.figures["failing_check_status"] = status
    bench.figures["failing_check_reasons"] = reasons
    bench.figures["failing_check_runs"] = ", ".join(f"{run.month} ({len(run.tables)} tables) {run.status.lower()}" for run in runs)
    bench.rows += [
        Row("failing_check_status", "failing check: the graph backfill ends", "COMPLETED_FAILED", status),
        Row("failing_check_recorded", "… checks recorded as failed", [f"{CHANGED}: key_is_unique"], recorded),
        Row("failing_check_pointer", f"… {CHANGED} {BROKEN}: version", versions(before)[CHANGED, BROKEN], versions(after)[CHANGED, BROKEN]),
        Row("failing_check_held_back", "… made, though they read it", [], sorted(remade & blocked)),
        Row("failing_check_later", "… months whose windowed tables it holds back", list(MONTHS[1:]), later),
        Row("failing_check_others", "… not made, though they do not read it", [], sorted(by_month - blocked - remade)),
    ]


# --- all of it


class Board:
    """Where the serial runs are put, and waited for by who compares with them."""

    def __init__(self, patience: int) -> None:
        self._patience = patience
        self._found: dict[str, Pointers] = {}
        self.closed = False

    def publish(self, name: str, found: Pointers) -> None:
        self._found[name] = found

    def wait(self, name: str) -> Pointers:
        deadline = time.monotonic() + self._patience
        while name not in self._found and not self.closed and time.monotonic() < deadline:
            time.sleep(0.2)
        if name not in self._found:
            raise BackfillError(f"no serial run of {name} to compare with")
        return self._found[name]


def measure(bench: Bench) -> None:
    """Lanes side by side: most of a backfill is waiting for the daemon, which looks every 30 seconds."""
    board = Board(bench.patience)

    def serial_lane() -> None:
        try:
            serial_runs(bench, board.publish)
        finally:
            board.closed = True
        failing_check(bench)

    lanes: list[Callable[[], None]] = [
        serial_lane,
        lambda: same_as_serial(bench, board.wait),
        lambda: job_backfills(bench),
        lambda: job_backfill_without_queue(bench),
    ]
    with ThreadPoolExecutor(len(lanes)) as pool:
        futures = [pool.submit(lane) for lane in lanes]
        try:
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()
        finally:
            board.closed = bench.is_over = True
            for server in bench.servers:  # after a failure or Ctrl-C: the lanes that go on lose their servers, and end
                server.stop()


def report(bench: Bench) -> bool:
    """The table, then one JSON object. Whether every promise was kept."""
    table = RichTable("what", "expected", "seen", "ok", box=None, header_style="bold")
    order = ("graph", "twice", "change", "late", "job", "failing", "total")  # of the lanes, which end as they like
    for row in sorted(bench.rows, key=lambda row: order.index(row.name.partition("_")[0])):
        expected, seen = _shown(row.expected), _shown(row.seen)
        if row.ok and len(expected) > 80:
            expected, seen = "as before", "as before"
        table.add_row(row.what, expected, seen, "yes" if row.ok else "NO")
    console = Console(width=170, highlight=False, markup=False)
    console.print(table)
    console.print()
    for name, value in bench.figures.items():
        console.print(f"{name}: {value}", soft_wrap=True)
    bars = {row.name: {"value": row.seen, "target": row.expected, "met": row.ok} for row in bench.rows}
    print(json.dumps({"figures": bench.figures, "bars": bars}, ensure_ascii=False))
    return all(row.ok for row in bench.rows)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "none" if not value else "; ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run everything; 0 when every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--all-rooms", action="store_true", help="not only ingestion and features; takes much longer")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="backfill-") as directory:
        bench = Bench(Path(directory), os.urandom(32).hex(), all_rooms=arguments.all_rooms)
        for name, edits in (("as_it_is", ()), ("other_dayparts", (OTHER_DAYPARTS,)), ("twice_in_a_month", (TWICE_IN_A_MONTH,))):
            copy_code(bench, name, *edits)
        bench.catalogue = load_catalogue(bench.root / "as_it_is" / "sql")
        made = simulate(bench.root / "network", stores=8, members=200, anonymous_shoppers=1000, months=len(MONTHS), lines=40_000)
        bench.figures |= {"lines": made.lines, "receipts": made.receipts}
        measure(bench)
    seconds = round(time.monotonic() - started)
    bench.figures["total_seconds"] = seconds
    if not bench.all_rooms:
        bench.rows.append(Row("total_seconds", "seconds for all of it, at most", TARGET_SECONDS, seconds, at_most=True))
    return 0 if report(bench) else 1


if __name__ == "__main__":
    sys.exit(main())
