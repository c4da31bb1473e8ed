"""How fast and in how much memory a network is simulated. `python -m benchmarks.simulate [--lines 1000000 10000000] [--full]`

Plain UTF-8 CSV of one till without defects, truth included; people and shops grow with the lines (300 lines a shopper). Each size runs in
a process of its own, whose peak memory is its own; the machine's floor is DuckDB writing the same columns, already made, as CSV, in the
same run. Where other work shares the processors, MB a second of processor time (`MB/cpu s`) is to be compared, not MB a second. --full:
ten thousand to a hundred million lines (about 12 GB of files, deleted one after the other).
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from bmyshop_profiles.simulation import Parameters, simulate

SIZES = (10_000, 100_000, 1_000_000)
FULL = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
LINES_OF_A_SHOPPER = 300
MONTHS = 12
LEAST_MB_A_SECOND = 100
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "lines": made.lines, "seconds": seconds, "processor_seconds": processor, "mb": size / 1e6, "mb_a_second": size / 1e6 / seconds,
        "mb_a_processor_second": size / 1e6 / processor, "peak_mb": peak,
    }  # fmt: skip


def floor(directory: Path, threads: int) -> float:
    """MB/s at which DuckDB writes the lines of one file back, from memory."""
    source = sorted((directory / "raw" / "caisse_a").iterdir())[0]
    with duckdb.connect(config={"threads": threads}) as con:
        con.execute(f"create table lines as from read_csv('{source}', all_varchar = true)")
        began = time.perf_counter()
        con.execute(f"copy lines to '{directory / 'floor.csv'}' (header)")
        return float((directory / "floor.csv").stat().st_size / 1e6 / (time.perf_counter() - began))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, nargs="+", default=SIZES)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        with tempfile.TemporaryDirectory() as name:
            found = one(options.one, options.threads, Path(name))
            print(json.dumps(found | {"floor_mb_a_second": floor(Path(name), options.threads)}))
        return
    rows = []
    print(f"{'lines':>12s} {'seconds':>8s} {'MB':>8s} {'MB/s':>7s} {'MB/cpu s':>8s} {'floor':>7s} {'peak MB':>8s}")
    for lines in FULL if options.full else options.lines:
        command = [sys.executable, "-m", "benchmarks.simulate", "--one", str(lines), "--threads", str(options.threads)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        print(
            f"{row['lines']:12,d} {row['seconds']:8.1f} {row['mb']:8.1f} {row['mb_a_second']:7.1f} "
            f"{row['mb_a_processor_second']:8.1f} {row['floor_mb_a_second']:7.1f} {row['peak_mb']:8.0f}",
            flush=True,
        )
    last, ten = rows[-1], next((row for row in rows if row["lines"] > 9_000_000), rows[-1])
    growth = last["peak_mb"] / ten["peak_mb"]  # below ten million lines a batch of people is not full, and memory still grows
    bars = {
        "MB a second, largest size": {
            "value": last["mb_a_second"], "target": LEAST_MB_A_SECOND, "met": last["mb_a_second"] >= LEAST_MB_A_SECOND,
        },
        "peak memory in MB, largest size": {"value": last["peak_mb"], "target": MOST_MB, "met": last["peak_mb"] <= MOST_MB},
        "peak memory, largest size against ten million lines": {"value": growth, "target": MOST_GROWTH, "met": growth <= MOST_GROWTH},
    }  # fmt: skip
    print(json.dumps({"figures": {"sizes": rows}, "bars": bars}))


if __name__ == "__main__":
    main()
