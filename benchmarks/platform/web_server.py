"""The web UI's server and its daemon, as people start them, spoken to in GraphQL.

Belongs here: starting, asking, waiting, stopping. Does not belong here: what is promised of runs (`backfill.py`).
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.helpers.report import BenchmarkError

FINISHED = ("SUCCESS", "FAILURE", "CANCELED")
# The daemon looks at backfills every 30 seconds and at its queue every 5, which is most of what a small backfill takes. Python reads a file
# of this name when it starts.
HASTE_FILE = "sitecustomize.py"
HASTE = """import sys

if "dagster._daemon" in sys.orig_argv:
    import dagster._daemon.controller
    from dagster._core.run_coordinator.queued_run_coordinator import QueuedRunCoordinator

    dagster._daemon.controller.DEFAULT_DAEMON_INTERVAL_SECONDS = 2
    dagster._daemon.controller.THREAD_CHECK_INTERVAL = 1
    QueuedRunCoordinator.dequeue_interval_seconds = 1
if "dagster" in sys.orig_argv and "dev" in sys.orig_argv:
    import dagster._cli.dev

    dagster._cli.dev._CHECK_SUBPROCESS_INTERVAL = 1
"""

T = TypeVar("T")

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
    "... on ExecutionStepUpForRetryEvent{stepKey} "
    "... on AssetCheckEvaluationEvent{evaluation{checkName success assetKey{path}}}}}}}"
)


INSTIGATORS = (
    "query($s: RepositorySelector!){sensorsOrError(repositorySelector: $s){... on Sensors{results{name sensorState{status}}}} "
    "schedulesOrError(repositorySelector: $s){... on Schedules{results{name scheduleState{status}}}}}"
)
TICKS = "query($s: SensorSelector!){sensorOrError(sensorSelector: $s){... on Sensor{sensorState{ticks(limit: 50){status timestamp}}}}}"


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
    """`bmyshop-profiles ui` of a data directory, from a copy of the code, on a free port of this machine. A context manager.

    code: directory that holds the package. patience: seconds that anything asked of it may take.
    """

    def __init__(self, code: Path, data: Path, *, environment: Mapping[str, str], patience: int):
        self._patience = patience
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._url = f"http://127.0.0.1:{port}/graphql"
        self._log = data / "server.log"
        command = [sys.executable, "-m", "bmyshop_profiles.cli", "--data-dir", str(data), "ui", "--port", str(port)]
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command,
                cwd=code,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, to be stopped as a whole
            )

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

    def graph_backfill(self, months: Sequence[str], tables: Sequence[str] | None = None) -> tuple[str, list[Run]]:
        """Some months of all tables kept by month, or of some of them, from the asset graph. How it ended, and its runs."""
        assets = [{"path": path} for path in self.month_tables if tables is None or path[-1] in tables]
        backfill = self._launch({"assetSelection": assets, "partitionNames": list(months)})
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

    def retried(self) -> list[str]:
        """Steps that were tried again so far, in any run: also in one that goes on."""
        found: set[str] = set()
        for run in self._ask(RUNS, f={})["runsOrError"]["results"]:
            events = self._ask(EVENTS, id=run["runId"])["logsForRun"]["events"]
            found |= {event["stepKey"] for event in events if event["__typename"] == "ExecutionStepUpForRetryEvent"}
        return sorted(found)

    def runs(self) -> list[Run]:
        """All runs, once none goes on."""
        return self._until("all runs end", lambda: self._finished({}, 0))

    def instigators(self) -> dict[str, str]:
        """Schedules and sensors → RUNNING or STOPPED."""
        found = self._ask(INSTIGATORS, s=self._repository)
        sensors = {each["name"]: each["sensorState"]["status"] for each in found["sensorsOrError"]["results"]}
        return sensors | {each["name"]: each["scheduleState"]["status"] for each in found["schedulesOrError"]["results"]}

    def ticks(self, sensor: str) -> list[str]:
        """How the last ticks of a sensor ended, those that go on left out."""
        found = self._ask(TICKS, s={**self._repository, "sensorName": sensor})["sensorOrError"]["sensorState"]["ticks"]
        return [tick["status"] for tick in found if tick["status"] != "STARTED"]

    def _location(self) -> tuple[str, Any] | None:
        for entry in self._ask(LOCATION)["workspaceOrError"].get("locationEntries", []):
            loaded = entry["locationOrLoadError"] or {}
            if loaded.get("__typename") == "PythonError":
                raise BenchmarkError(f"the definitions do not load: {loaded['message']}")
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
            time.sleep(0.5)
        log = self._log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise BenchmarkError(f"{what}: not within {self._patience} s, or the server ended. Its log ends with:\n{log}")

    def _ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._url, data=body, headers={"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = json.load(answer)
        except urllib.error.HTTPError as refusal:  # with the reason in its body
            content = json.load(refusal)
        if content.get("errors"):
            raise BenchmarkError(f"the server refused: {content['errors']}")
        for value in content["data"].values():
            if "message" in value or str(value.get("__typename", "")).endswith("Error"):
                raise BenchmarkError(f"the server refused: {value}")
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
