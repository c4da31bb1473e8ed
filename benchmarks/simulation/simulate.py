"""How fast and in how much memory a network is simulated. `python -m benchmarks.simulation.simulate [--lines 1000000 10000000] [--full]`

Plain UTF-8 CSV of one till without defects, truth included; people and shops grow with the lines (300 lines a shopper). Each size runs in
a process of its own, whose peak memory is its own; the machine's floor is DuckDB writing the same columns, already made, as CSV, in the
same run. Where other work shares the processors, `mb_a_processor_second`, of processor time, is to be compared, not MB a second. --full:
ten thousand to a hundred million lines (about 12 GB of files, deleted one after the other).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.helpers import report
from bmyshop_profiles.simulation import Parameters, simulate

SIZES = (10_000, 100_000, 1_000_000)
FULL = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
LINES_OF_A_SHOPPER = 300
MONTHS = 12
LEAST_MB_A_SECOND = 90
MOST_MB = 1500  # what a full batch of people and a full chunk of lines take
MOST_GROWTH = 1.2  # of peak memory, from ten million lines to the largest size


def one(lines: int, threads: int, directory: Path) -> dict[str, float]:
    """Simulate once; seconds, of wall and of processors, bytes, peak memory."""
    shoppers = max(lines // LINES_OF_A_SHOPPER, 50)
    began, worked = time.perf_counter(), time.process_time()
    made = simulate(
        directory, stores=max(shoppers // 400, 4), members=max(shoppers // 10, 1), anonymous_shoppers=shoppers, months=MONTHS, lines=lines,
        parameters=Parameters(flavours=("caisse_a",), defects=0.0), threads=threads,
    )  # fmt: skip
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    size = sum(path.stat().st_size for path in (directory / "raw" / "caisse_a").iterdir())
    peak = report.peak_gigabytes() * 1024
    return {
        "lines": made.lines, "seconds": seconds, "processor_seconds": processor, "mb": size / 1e6, "mb_a_second": size / 1e6 / seconds,
        "mb_a_processor_second": size / 1e6 / processor, "peak_mb": peak,
    }  # fmt: skip


def both(lines: int, threads: int) -> dict[str, float]:
    """`one` and `floor`, of files that are gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        found = one(lines, threads, Path(name))
        return {**found, "floor_mb_a_second": floor(Path(name), threads)}


def floor(directory: Path, threads: int) -> float:
    """MB/s at which DuckDB writes the lines of one file back, from memory."""
    source = sorted((directory / "raw" / "caisse_a").iterdir())[0]
    with duckdb.connect(config={"threads": threads}) as con:
        con.execute(f"create table lines as from read_csv('{source}', all_varchar = true)")
        began = time.perf_counter()
        con.execute(f"copy lines to '{directory / 'floor.csv'}' (header)")
        return float((directory / "floor.csv").stat().st_size / 1e6 / (time.perf_counter() - began))


def measure(options: argparse.Namespace) -> report.Measured:
    """Each size in a process of its own, but for the smallest."""
    rows = []
    for lines in FULL if options.full else options.lines:
        rows.append(both(lines, options.threads) if options.smoke else report.apart(both, lines, options.threads))
    report.show(rows)
    last, ten = rows[-1], next((row for row in rows if row["lines"] > 9_000_000), rows[-1])
    growth = last["peak_mb"] / ten["peak_mb"]  # below ten million lines a batch of people is not full, and memory still grows
    bars = {
        "MB a second, largest size": report.at_least(last["mb_a_second"], LEAST_MB_A_SECOND),
        "peak memory in MB, largest size": report.at_most(last["peak_mb"], MOST_MB),
        "peak memory, largest size against ten million lines": report.at_most(growth, MOST_GROWTH),
    }
    return {"sizes": rows}, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=SIZES)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    return report.run(measure, parser, argv, smoke={"lines": [1000]})


if __name__ == "__main__":
    sys.exit(main())
