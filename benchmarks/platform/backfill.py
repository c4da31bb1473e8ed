"""Are backfills through Dagster right? The whole chain by the web UI's server and daemon, beside serial runs, on one small network.

    python -m benchmarks.platform.backfill

Everything goes through what people use: `bmyshop-profiles run` and the web UI's server with its daemon, spoken to in GraphQL. A graph
backfill of all months makes every table of every room, and so does a serial run: the tables must be equal. What changed code, failing
checks and backfills of jobs do is tried on the rooms up to the features: what is tried are the runs, and later rooms take long.
The package and its SQL are copied, so that code can change without touching the checkout. All of it lives in a temporary directory, which
is removed at the end. `--smoke`: one month, as far as receipts. Here: launching, and what is promised. Not here: the server
(`web_server.py`), comparing lakes (`helpers/lakes.py`), how long a large month takes (`features.py`).
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import bmyshop_profiles
from benchmarks.helpers import report
from benchmarks.helpers.lakes import Pointers, cells, differing, downstream, hashes, made_from, pointers, short_months, versions, windowed
from benchmarks.helpers.report import BenchmarkError, equal
from benchmarks.platform.web_server import HASTE, HASTE_FILE, Run, Server, peak
from bmyshop_profiles.engine.catalogue import Catalogue, load_catalogue, sql_directory
from bmyshop_profiles.simulation import simulate

MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04")
LATE = MONTHS[-1]
BROKEN = MONTHS[1]
CHANGED = "receipts"  # the table whose code changes
LAST_SHORT_ROOM = "features"
PATIENCE_SECONDS = 3600  # of one backfill, or one serial run
TARGET_SECONDS = 900  # of all of this
CHEAP = {"typology_runs": 1, "gate_draws": 1, "natural_draws": 0, "quality_folds": 2}  # what is tried are the runs, not the figures

Edit = tuple[str, str, str]  # file below the copy, text in it, text instead
DAYPARTS: Edit = ("sql/features/receipts.sql", "between 5 and 8 then 'early'", "between 5 and 9 then 'early'")
TWICE: Edit = (
    "sql/features/receipts.sql",
    "end as daypart,\nfrom totals\n",
    f"end as daypart,\nfrom totals\ncross join (select unnest([1, 2]) as copy)\nwhere copy = 1 or month(sold_at) = {int(BROKEN[5:])}\n",
)
COPIES: dict[str, tuple[Edit, ...]] = {"as_it_is": (), "short": (), "other_dayparts": (DAYPARTS,), "twice_in_a_month": (TWICE,)}


@dataclass
class Bench:
    """Where things are, what the tables are (of all rooms, of the rooms up to the features), and what has been seen so far."""

    root: Path
    key: str
    settings: dict[str, Any]
    catalogue: Catalogue = field(default_factory=load_catalogue)
    short: Catalogue = field(default_factory=lambda: Catalogue([]))
    is_over: bool = False
    bars: dict[str, report.Bar] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)

    def environment(self, code: str) -> dict[str, str]:
        """Variables of a process that runs a copy of the code: no setting of the caller's reaches it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BMYSHOP_", "DAGSTER_"))}
        return {**kept, "PYTHONPATH": str(self.root / code), "BMYSHOP_PSEUDONYM_KEY": self.key, "TMPDIR": str(self.root / "tmp")}

    def data(self, name: str, *, like: str | None = None) -> Path:
        """A new data directory; `like` another: with its tables, without its runs."""
        path = self.root / name
        path.mkdir()
        settings = {"sources": str(self.root / "network" / "sources.yaml"), **self.settings, **CHEAP}
        (path / "bmyshop.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()), encoding="utf-8")
        for part in ("lake", "vault") if like else ():
            shutil.copytree(self.root / str(like) / part, path / part)
        return path

    def server(self, code: str, data: Path) -> Server:
        """The web UI of a data directory, from a copy of the code."""
        if self.is_over:
            raise BenchmarkError("another lane failed")
        self.servers.append(Server(self.root / code, data, environment=self.environment(code), patience=PATIENCE_SECONDS))
        return self.servers[-1]

    def stop(self) -> None:
        """End all servers: lanes that still go on lose theirs, and end."""
        self.is_over = True
        for server in self.servers:
            server.stop()

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Seconds of a part, among the figures."""
        started = time.monotonic()
        yield
        self.figures[f"{name}_seconds"] = round(time.monotonic() - started, 1)


# --- the code and the command line


def copy_code(bench: Bench, name: str) -> None:
    """A copy of the package and its SQL, edited; all but the one as it is without the rooms after the features."""
    target, forgotten = bench.root / name, shutil.ignore_patterns("__pycache__", "_sql")
    shutil.copytree(Path(bmyshop_profiles.__file__).parent, target / "bmyshop_profiles", ignore=forgotten)
    shutil.copytree(sql_directory(), target / "sql")
    (target / HASTE_FILE).write_text(HASTE, encoding="utf-8")
    if name != "as_it_is":
        of_room = [table.name for table in bench.catalogue.values() if table.room == LAST_SHORT_ROOM]
        keep_rooms(target, {bench.catalogue[table].room for table in made_from(bench.catalogue, of_room)})
    for file, old, new in COPIES[name]:
        replace_once(target / file, re.escape(old), new)


def keep_rooms(target: Path, rooms: set[str]) -> None:
    """Take the other rooms out of a copy of the code. Rooms that are kept must read no other."""
    names = ", ".join(path.name for path in sorted((target / "sql").iterdir()) if path.name in rooms)
    replace_once(target / "bmyshop_profiles" / "definitions.py", r"(?m)^ROOMS = \(.*\)$", f"ROOMS = ({names})")
    for path in (target / "sql").iterdir():
        if path.name not in rooms:
            shutil.rmtree(path)


def replace_once(path: Path, pattern: str, new: str) -> None:
    """Change a text that stands once in a file."""
    text, count = re.subn(pattern, lambda _: new, path.read_text(encoding="utf-8"))
    if count != 1:
        raise BenchmarkError(f"{path.name} holds {count} times {pattern!r}, not once: tell this benchmark how else to change it")
    path.write_text(text, encoding="utf-8")


def command_line(bench: Bench, code: str, data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `bmyshop-profiles` from a copy of the code."""
    command = [sys.executable, "-m", "bmyshop_profiles.cli", "--data-dir", str(data), *words]
    return subprocess.run(
        command, cwd=bench.root / code, env=bench.environment(code), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def serial(bench: Bench, code: str, data: Path, months: str, *words: str) -> Pointers:
    """`run` of some months, one after the other; what is then there of the tables that the code knows."""
    ended = command_line(bench, code, data, "run", "--months", months, *words)
    if ended.returncode != 0:
        raise BenchmarkError(f"the serial run failed:\n{ended.stdout}\n{ended.stderr}")
    return pointers(data, bench.catalogue if code == "as_it_is" else bench.short)


# --- what is promised


def same_as_serial(bench: Bench, ready: Callable[[str], Pointers]) -> None:
    """A graph backfill makes what a serial run makes: all rooms, and the rooms up to the features after the code of a table changed."""
    data = bench.data("graph")
    for code, catalogue in (("as_it_is", bench.catalogue), ("other_dayparts", bench.short)):
        with bench.server(code, data) as server:
            if code == "as_it_is":
                server.run_job("references")
            with bench.timed(f"graph_backfill_{code}"):
                status, runs = server.graph_backfill(MONTHS)
        found = pointers(data, catalogue)
        bench.figures[f"graph_backfill_{code}_runs"] = len(runs)
        bench.bars |= {
            f"graph, {code}: it ends": equal(status, "COMPLETED_SUCCESS"),
            f"graph, {code}: runs at once": equal(peak(runs), 2),
            f"graph, {code}: rooms": equal(
                sorted({catalogue[name].room for name, _ in found}), sorted({t.room for t in catalogue.values()})
            ),
            f"graph, {code}: tables × months made": equal(len(found), len(cells(catalogue, MONTHS))),
            f"graph, {code}: differ from the serial run's": equal(differing(found, ready(code)), []),
        }


def serial_runs(bench: Bench, publish: Callable[[str, Pointers], None]) -> None:
    """The runs to compare with; a month made twice; a change of code; a late month alone after it."""
    data = bench.data("serial")
    with bench.timed("serial"):
        first = serial(bench, "as_it_is", data, f"{MONTHS[0]}..{LATE}")
    bench.figures["tables_without_rows"] = sorted({name for name, _ in first} - {name for (name, _), each in first.items() if each["rows"]})
    publish("as_it_is", first)
    for name in ("other", "late", "broken"):
        bench.data(name, like="serial")
    other = serial(bench, "other_dayparts", bench.root / "other", f"{MONTHS[0]}..{LATE}")
    publish("other_dayparts", other)
    again = serial(bench, "as_it_is", data, LATE)
    kept = {cell for cell in cells(bench.catalogue, MONTHS) if cell[1] not in (LATE, "all")}
    remade = {cell for cell in first if versions(first)[cell] != versions(again).get(cell)}
    of_late = {cell for cell in first if cell[1] == LATE}
    moved = {cell for cell in other if hashes(first)[cell] != hashes(other)[cell]}
    touched = downstream(bench.short, {(CHANGED, month) for month in MONTHS}, MONTHS)
    bench.bars |= {
        f"twice: tables of {LATE} made again": equal(len(remade & of_late), len(of_late)),
        "twice: tables of other months made again": equal(sorted(remade & kept), []),
        "twice: hashes that changed": equal(differing(again, first), []),
        f"change, other dayparts: months of {CHANGED} that changed": equal(sum(name == CHANGED for name, _ in moved), len(MONTHS)),
        "change, other dayparts: changed, though not made from it": equal(sorted(moved - touched), []),
    }
    late_month_alone(bench)


def late_month_alone(bench: Bench) -> None:
    """After a change of code, the run of a late month says which months were made by other code."""
    data = bench.root / "late"
    before = versions(pointers(data, bench.short))
    ended = command_line(bench, "other_dayparts", data, "run", "--months", LATE)
    after = versions(pointers(data, bench.short))
    named = [line.strip() for line in ended.stderr.splitlines() if "was made by other code or settings for" in line]
    bench.figures["late_month_message"] = ended.stderr.strip()
    windows = [name for name in windowed(bench.short) if (name, LATE) in downstream(bench.short, {(CHANGED, MONTHS[0])}, MONTHS)]
    bench.bars |= {
        f"late, other code, {LATE} alone: exit code": equal(ended.returncode, 1),
        "late: months named": equal(sorted({line.split(" for ")[1] for line in named}), [", ".join(MONTHS[:-1])]),
        "late: windowed tables published": equal([name for name in windows if before[name, LATE] != after[name, LATE]], []),
    }


def job_backfills(bench: Bench) -> None:
    """Backfills of the job, which ignore windows: a run that lacks months fails and names them; nothing is silently short."""
    shipped = bench.data("job")
    with bench.server("short", shipped) as server:
        job_backfill(bench, server, shipped, "in_order", MONTHS)
        job_backfill(bench, server, shipped, "descending", MONTHS[::-1])
        empty(server, shipped)
        judge_job(bench, server, shipped, "late_alone", [server.run_job("month", LATE)])


def job_backfill_without_queue(bench: Bench) -> None:
    """The same where somebody took the queue's limit away: two months of the job at once."""
    free = bench.data("job_without_queue")
    text = (bench.root / "short/bmyshop_profiles/orchestration/dagster.yaml").read_text(encoding="utf-8")
    instance = yaml.safe_load(text)
    del instance["concurrency"]["runs"]["tag_concurrency_limits"]
    (free / "dagster").mkdir()
    (free / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(instance), encoding="utf-8")
    with bench.server("short", free) as server:
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
        raise BenchmarkError("the job references failed")


def judge_job(bench: Bench, server: Server, data: Path, name: str, runs: Sequence[Run]) -> None:
    """Each run either made all its windowed tables from whole windows, or failed and named the months it lacked."""
    found = pointers(data, bench.short)
    problems, lacking = [], {}
    for run in runs:
        reasons = server.failures(run) if run.status == "FAILURE" else {}
        named = {month for reason in reasons.values() for month in _missing_months(reason)}
        absent = [table for table in windowed(bench.short) if (table, run.month) not in found]
        if run.status == "FAILURE":
            lacking[run.month] = sorted(named)
            problems += [f"{run.month}, {step}: {reason}" for step, reason in reasons.items() if not _missing_months(reason)]
            if not reasons or not all(month < run.month for month in named):
                problems.append(f"{run.month}: fails and names {sorted(named)}")
        elif absent:
            problems.append(f"{run.month}: {run.status} without {', '.join(absent)}")
    bench.figures[f"job_{name}_runs"] = ", ".join(f"{run.month} {run.status.lower()}" for run in runs)
    bench.figures[f"job_{name}_missing_named"] = lacking
    bench.figures[f"job_{name}_peak_runs"] = peak(runs)
    bench.bars |= {
        f"job, {name}: runs that hide what they lack": equal(problems, []),
        f"job, {name}: published from less than their window": equal(short_months(bench.short, found, MONTHS), []),
    }
    if name == "in_order":
        bench.bars["job, in_order: runs at once"] = equal(peak(runs), 1)
    if name in ("descending", "late_alone"):
        expected = {run.month: list(MONTHS[: MONTHS.index(run.month)]) for run in runs if run.month != MONTHS[0]}
        bench.bars[f"job, {name}: months named by the run of"] = equal(lacking, expected)


def _missing_months(reason: str) -> list[str]:
    parts = [line.split(" is missing for ")[1] for line in reason.splitlines() if " is missing for " in line]
    return sorted({month for part in parts for month in part.strip().split(", ")})


def failing_check(bench: Bench) -> None:
    """A blocking check that fails in one month keeps that month's pointer, and what reads it is not made."""
    data = bench.root / "broken"
    before = versions(pointers(data, bench.short))
    with bench.server("twice_in_a_month", data) as server, bench.timed("graph_backfill_failing_check"):
        status, runs = server.graph_backfill(MONTHS)
        recorded = sorted({check for run in runs for check in server.failed_checks(run) if check.startswith(CHANGED)})
        reasons = [reason for run in runs for reason in server.failures(run).values()]
    after = versions(pointers(data, bench.short))
    blocked = downstream(bench.short, {(CHANGED, BROKEN)}, MONTHS)
    by_month = {cell for cell in cells(bench.short, MONTHS) if cell[1] != "all"}
    remade = {cell for cell in by_month if before[cell] != after[cell]}
    later = sorted({month for name, month in (blocked & by_month) - remade if name in windowed(bench.short)})
    bench.figures["failing_check_reasons"] = reasons
    bench.figures["failing_check_runs"] = ", ".join(f"{run.month} ({len(run.tables)} tables) {run.status.lower()}" for run in runs)
    bench.bars |= {
        "failing check: the graph backfill ends": equal(status, "COMPLETED_FAILED"),
        "failing check: recorded as failed": equal(recorded, [f"{CHANGED}: key_is_unique"]),
        f"failing check: version of {CHANGED} {BROKEN}": equal(after[CHANGED, BROKEN], before[CHANGED, BROKEN]),
        "failing check: made, though they read it": equal(sorted(remade & blocked), []),
        "failing check: months whose windowed tables it holds back": equal(later, list(MONTHS[1:])),
        "failing check: not made, though they do not read it": equal(sorted(by_month - blocked - remade), []),
    }


# --- all of it


class Board:
    """Where the serial runs are put, and waited for by who compares with them."""

    def __init__(self) -> None:
        self._found: dict[str, Pointers] = {}
        self.closed = False

    def publish(self, name: str, found: Pointers) -> None:
        self._found[name] = found

    def wait(self, name: str) -> Pointers:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while name not in self._found and not self.closed and time.monotonic() < deadline:
            time.sleep(0.2)
        if name not in self._found:
            raise BenchmarkError(f"no serial run of {name} to compare with")
        return self._found[name]


def all_lanes(bench: Bench) -> None:
    """Lanes side by side: most of a backfill is waiting."""
    board = Board()

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
            board.closed = True
            bench.stop()


def smallest(bench: Bench) -> None:
    """A graph backfill of one month of a few tables, made before by a serial run."""
    data, month = bench.data("smoke"), MONTHS[0]
    by_month = [table for table in bench.short.ordered if table.file.by_month]
    tables = sorted({table.name for table in by_month if table.room == "ingestion"} | {CHANGED})  # one step makes several tables
    before = serial(bench, "short", data, month, "--select", "ingestion")
    with bench.server("short", data) as server:
        status, runs = server.graph_backfill([month], tables)
    found = {cell: pointer for cell, pointer in pointers(data, bench.short).items() if cell[0] in tables}
    twice = {cell: pointer for cell, pointer in before.items() if cell[0] in tables}
    bench.figures["runs"] = len(runs)
    bench.bars |= {
        "graph: it ends": equal(status, "COMPLETED_SUCCESS"),
        "graph: tables made": equal(sorted(name for name, _ in found), tables),
        "graph: differ from the serial run's": equal(differing({cell: found[cell] for cell in twice}, twice), []),
    }


def measure(options: argparse.Namespace) -> report.Measured:
    """All promises, or the smallest of them."""
    started = time.monotonic()
    copies = ["short"] if options.smoke else list(COPIES)
    months = MONTHS[:1] if options.smoke else MONTHS
    with tempfile.TemporaryDirectory(prefix="backfill-") as directory:
        bench = Bench(Path(directory), os.urandom(32).hex(), {"first_month": months[0], "last_month": months[-1]})
        (bench.root / "tmp").mkdir()  # a server that is stopped leaves files behind
        for name in copies:
            copy_code(bench, name)
        bench.short = load_catalogue(bench.root / "short" / "sql")
        made = simulate(
            bench.root / "network", stores=8, members=options.members, anonymous_shoppers=2 * options.members, months=len(months),
            lines=options.members * 30 * len(months),
        )  # fmt: skip
        bench.figures |= {"lines": made.lines, "receipts": made.receipts}
        former = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: servers must not outlive this
        try:
            (smallest if options.smoke else all_lanes)(bench)
        finally:
            bench.stop()
            signal.signal(signal.SIGTERM, former)
    seconds = round(time.monotonic() - started)
    bench.figures["total_seconds"] = seconds
    report.show([{"figure": name, "value": value} for name, value in bench.figures.items()])
    return bench.figures, dict(sorted(bench.bars.items())) | {"total seconds": report.at_most(seconds, TARGET_SECONDS)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything; 0 when every promise was kept."""
    parser = report.parser(__doc__)
    parser.add_argument("--members", type=int, default=200)
    return report.run(measure, parser, argv, smoke={"members": 20})


if __name__ == "__main__":
    sys.exit(main())
