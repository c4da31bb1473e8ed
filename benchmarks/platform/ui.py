"""Does the web UI look after itself? A late file, a busy lake and a failing check, with the server and the daemon that people start.

    python -m benchmarks.platform.ui

A lake of six months is made without one till's file of the third month; then the file comes, while the UI runs unattended: the sensor must
see it, read its month, and all windows that read that month must be made again by conditions, without a person. The tables must be those of
a fresh run. A lake that another writer holds for a while must be tried again; a check that fails must stop what is behind it and nothing
else. `--smoke`: what would be switched on, without a server. Here: these three. Not here: backfills (`backfill.py`), the server
(`web_server.py`).
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.helpers import report
from benchmarks.helpers.lakes import differing, pointers, versions
from benchmarks.helpers.report import BenchmarkError, at_most, equal
from benchmarks.platform.copies import MONTHS, PATIENCE_SECONDS, Bench, command_line, copy_code, serial
from benchmarks.platform.promises import failing_check
from benchmarks.platform.web_server import Server
from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.months import month_plus, months_between
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import simulate

LATE_MONTHS = tuple(months_between(MONTHS[0], month_plus(MONTHS[0], 5)))
LATE = LATE_MONTHS[2]
TARGET_SECONDS = 1800  # from the file's coming to the last table made again: ticks of 30 and 60 seconds, a process a run


def unattended(bench: Bench, data: Path) -> Server:
    """The web UI of a data directory, with everything switched on."""
    environment = {**bench.environment("as_it_is"), "BMYSHOP_UNATTENDED": "true"}
    bench.servers.append(Server(bench.root / "as_it_is", data, environment=environment, patience=PATIENCE_SECONDS))
    return bench.servers[-1]


def late_file(bench: Bench) -> None:
    """A file of the third of six months comes when all are made."""
    settings = {"first_month": LATE_MONTHS[0], "last_month": LATE_MONTHS[-1], "lock_seconds": 60}
    bench.settings = settings
    data, fresh = bench.data("late_file"), bench.data("fresh")
    (raw,) = (bench.root / "network" / "raw" / "caisse_b").glob(f"*{LATE.replace('-', '')}*")
    aside = bench.root / raw.name
    shutil.move(raw, aside)
    with bench.timed("made_without_the_file"):
        before = serial(bench, "as_it_is", data, f"{LATE_MONTHS[0]}..{LATE_MONTHS[-1]}")
    with ThreadPoolExecutor(1) as pool, unattended(bench, data) as server:
        _until("the sensors have looked once", lambda: len(server.ticks("stale_windows")) > 0 and len(server.ticks("raw_files")) > 0)
        came = time.monotonic()
        shutil.copy(aside, raw)
        made = pool.submit(serial, bench, "as_it_is", fresh, f"{LATE_MONTHS[0]}..{LATE_MONTHS[-1]}")
        _until(
            "the late file is read",
            lambda: versions(pointers(data, bench.catalogue))["file_ledger", LATE] != versions(before)["file_ledger", LATE],
        )
        bench.figures["read_after_seconds"] = round(time.monotonic() - came)
        _until("no window is stale", lambda: not _stale(bench, data), every=10)
        seconds = round(time.monotonic() - came)
        runs = server.runs()
        expected = made.result()
    found = pointers(data, bench.catalogue)
    remade = {cell for cell in found if versions(found)[cell] != versions(before).get(cell)}
    bench.figures |= {"mended_after_seconds": seconds, "runs_unattended": len(runs), "tables_x_months_made_again": len(remade)}
    bench.bars |= {
        "late file: differ from a fresh run's": equal(differing(found, expected), []),
        "late file: months made again before the file's": equal(sorted(cell for cell in remade if cell[1] < LATE and cell[1] != "all"), []),
        "late file: runs that failed": equal([f"{run.month} {run.tables}" for run in runs if run.status != "SUCCESS"], []),
        "late file: seconds until all is mended": at_most(seconds, TARGET_SECONDS),
    }


def busy_lake(bench: Bench) -> None:
    """Another writer holds a table for a while: the step waits, is tried again and succeeds."""
    bench.settings = {"first_month": MONTHS[0], "last_month": MONTHS[0], "lock_seconds": 4}
    data = bench.data("busy")
    serial(bench, "short", data, MONTHS[0])
    lock = data / "lake" / "features" / "receipts" / f"month={MONTHS[0]}" / ".lock"
    with ThreadPoolExecutor(1) as pool, bench.server("short", data) as server:
        with held(lock):
            ran = pool.submit(server.run_job, "facts", MONTHS[0])
            _until("a step is tried again", lambda: ran.done() or server.retried())
        run, retried = ran.result(), server.retried()
    bench.bars |= {
        "busy lake: the run ends": equal(run.status, "SUCCESS"),
        "busy lake: steps tried again": equal(retried, ["receipts"]),
    }


@contextlib.contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a lock of the lake, as a writer does."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def smallest(bench: Bench) -> None:
    """What the server would switch on; the server itself is tried by the smallest backfill."""
    settings = Settings(data_dir=bench.root, unattended=True, **bench.settings)
    definitions = build_definitions(settings)
    states = {each.name: each.default_status.value for each in [*(definitions.schedules or []), *(definitions.sensors or [])]}
    bench.figures["instigators"] = len(states)
    bench.bars["switched on"] = equal(sorted(name for name, state in states.items() if state != "RUNNING"), [])


def _stale(bench: Bench, data: Path) -> list[str]:
    told = command_line(bench, "as_it_is", data, "status", "--format", "json")
    if told.returncode != 0:
        raise BenchmarkError(f"status failed:\n{told.stderr}")
    return [f"{row['table']} {row['month']}" for row in json.loads(told.stdout) if row["stale"]]


def _until(what: str, found, *, every: float = 2) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not found():
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{what}: not within {PATIENCE_SECONDS} s")
        time.sleep(every)


def measure(options: argparse.Namespace) -> report.Measured:
    """All three, or the smallest of them."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ui-") as directory:
        bench = Bench(Path(directory), os.urandom(32).hex(), {"first_month": LATE_MONTHS[0], "last_month": LATE_MONTHS[0]})
        (bench.root / "tmp").mkdir()
        for name in () if options.smoke else ("as_it_is", "short", "twice_in_a_month"):
            copy_code(bench, name)
        if not options.smoke:
            simulate(
                bench.root / "network", stores=8, members=options.members, anonymous_shoppers=2 * options.members, months=len(LATE_MONTHS),
                lines=options.members * 30 * len(LATE_MONTHS),
            )  # fmt: skip
        with bench.ended():
            if options.smoke:
                smallest(bench)
            else:
                bench.short = load_catalogue(bench.root / "short" / "sql")
                late_file(bench)
                busy_lake(bench)
                bench.settings = {"first_month": MONTHS[0], "last_month": MONTHS[-1]}
                serial(bench, "short", bench.data("broken"), f"{MONTHS[0]}..{MONTHS[-1]}")
                failing_check(bench)
    bench.figures["total_seconds"] = round(time.monotonic() - started)
    report.show([{"figure": name, "value": value} for name, value in bench.figures.items()])
    return bench.figures, dict(sorted(bench.bars.items()))


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything; 0 when every promise was kept."""
    parser = report.parser(__doc__)
    parser.add_argument("--members", type=int, default=200)
    return report.run(measure, parser, argv, smoke={"members": 20})


if __name__ == "__main__":
    sys.exit(main())
