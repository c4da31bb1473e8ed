"""Are backfills through Dagster right? The whole chain by the web UI's server and daemon, beside serial runs, on one small network.

    python -m benchmarks.platform.backfill

Everything goes through what people use: `bmyshop-profiles run` and the web UI's server with its daemon, spoken to in GraphQL. A graph
backfill of all months makes every table of every room, and so does a serial run: the tables must be equal. What changed code, failing
checks and backfills of jobs do is tried on the rooms up to the features: what is tried are the runs, and later rooms take long.
The package and its SQL are copied, so that code can change without touching the checkout. All of it lives in a temporary directory, which
is removed at the end. `--smoke`: one month, as far as receipts. Here: launching, and what is promised. Not here: the server
(`web_server.py`), the copies (`copies.py`), comparing lakes (`helpers/lakes.py`), how long a large month takes (`features.py`).
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from benchmarks.helpers import report
from benchmarks.helpers.lakes import Pointers, differing, pointers
from benchmarks.helpers.report import BenchmarkError, equal
from benchmarks.platform.copies import COPIES, MONTHS, PATIENCE_SECONDS, Bench, copy_code, serial
from benchmarks.platform.promises import CHANGED, failing_check, job_backfill_without_pool, job_backfills, same_as_serial, serial_runs
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.simulation import simulate

TARGET_SECONDS = 900  # of all of this


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
        lambda: job_backfill_without_pool(bench),
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
    month = MONTHS[0]
    by_month = [table for table in bench.short.ordered if table.file.by_month]
    tables = sorted({table.name for table in by_month if table.room == "ingestion"} | {CHANGED})  # one step makes several tables
    data, made = bench.data("smoke"), bench.data("smoke_serial")
    starting = bench.server("short", data)  # starts while the serial run goes on
    before = serial(bench, "short", made, month, "--select", "ingestion")
    for part in ("lake", "vault"):
        shutil.copytree(made / part, data / part, dirs_exist_ok=True)
    with starting as server:
        status, runs = server.graph_backfill([month], tables)
        states, ticks = server.instigators(), server.ticks("raw_files")
    found = {cell: pointer for cell, pointer in pointers(data, bench.short).items() if cell[0] in tables}
    twice = {cell: pointer for cell, pointer in before.items() if cell[0] in tables}
    bench.figures["runs"] = len(runs)
    bench.bars |= {
        "graph: it ends": equal(status, "COMPLETED_SUCCESS"),
        "switched on by nobody": equal((sorted(name for name, state in states.items() if state != "STOPPED"), ticks), ([], [])),
        "graph: tables made": equal(sorted(name for name, _ in found), tables),
        "graph: differ from the serial run's": equal(differing({cell: found[cell] for cell in twice}, twice), []),
    }


def measure(options: argparse.Namespace) -> report.Measured:
    """All promises, or the smallest of them."""
    started = time.monotonic()
    months = MONTHS[:1] if options.smoke else MONTHS
    with tempfile.TemporaryDirectory(prefix="backfill-") as directory:
        bench = Bench(Path(directory), os.urandom(32).hex(), {"first_month": months[0], "last_month": months[-1]})
        (bench.root / "tmp").mkdir()  # a server that is stopped leaves files behind
        for name in COPIES:
            copy_code(bench, name)
        bench.short = load_catalogue(bench.root / "short" / "sql")
        made = simulate(
            bench.root / "network", stores=8, members=options.members, anonymous_shoppers=2 * options.members, months=len(months),
            lines=options.members * 30 * len(months),
        )  # fmt: skip
        bench.figures |= {"lines": made.lines, "receipts": made.receipts}
        with bench.ended():
            (smallest if options.smoke else all_lanes)(bench)
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
