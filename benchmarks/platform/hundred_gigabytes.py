"""A hundred gigabytes of receipts on this machine: every table of every month, as the schedule makes them, one month after the other.

    python -m benchmarks.platform.hundred_gigabytes --directory DIR [--months 24] [--lines 60000000]

By default 24 months of 60 million lines (about 4.2 GB of text each) in four flavours of tills with their defects, 7,000 shops, 100,000
members who come and go, 2 million other shoppers. A month is simulated, run, and its raw files are deleted. `months.json` in DIR tells each
month that is done: a run that was cut goes on where it was. `--months 2 --lines 2000000` for a quick look.
Of every step: seconds, peak memory, bytes read and written by the process (its worker processes left out). Beside it, in the same process
and over the same lines, what any engine must do to see each receipt once. Not here: ingestion against a bare copy (`ingestion/speed.py`).
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.helpers import report
from benchmarks.helpers.report import BenchmarkError, at_least, at_most
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.engine.session import listed, open_session
from bmyshop_profiles.months import month_plus
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters, simulate
from bmyshop_profiles.simulation.raw_files import FLAVOURS

FIRST = "2023-01"
MINUTES, GIGABYTES, GROWTH, SCORING, LAKE_SHARE, THROUGHPUT = 4.0, 8.0, 1.2, 3.0, 0.25, 1.4
READ = ("staged_receipts", "receipt_lines")  # steps that read raw files: held to their own bars
FACTS = "facts"  # the job whose months need no other
BARE = "select receipt_key, count(*) as lines_count from read_parquet({files}) group by 1"


def settings_of(directory: Path, months: int, **chosen: Any) -> Settings:
    """Of the lake of the benchmark."""
    last = month_plus(FIRST, months - 1)
    return Settings(
        data_dir=directory, sources=Path("simulated/sources.yaml"), first_month=FIRST, last_month=last, memory_limit="2GB", **chosen
    )


def simulated(options: argparse.Namespace, month: str) -> dict[str, float]:
    """The raw files of a month: seconds, lines, bytes. Receipts in the truth are not needed, and not small."""
    directory, start = options.directory / "simulated", time.perf_counter()
    network = simulate(
        directory,
        stores=options.stores,
        members=options.members,
        anonymous_shoppers=options.anonymous,
        first_month=FIRST,
        months=options.months,
        lines=options.lines * options.months,
        parameters=Parameters(flavours=tuple(FLAVOURS)),
        month=month,
    )
    shutil.rmtree(directory / "truth" / "receipts", ignore_errors=True)
    return {"seconds": time.perf_counter() - start, "lines": network.lines, "bytes": sum(path.stat().st_size for path in raw(directory))}


def raw(simulated: Path) -> list[Path]:
    """Files of receipts there are."""
    return [path for flavour in FLAVOURS for path in sorted((simulated / "raw" / flavour).glob("*")) if path.is_file()]


class Meter:
    """What each step took, from one call to the next. Memory: the peak since the last call."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self._last = self._now()

    def __call__(self, name: str) -> None:
        now, peak = self._now(), report.peak_gigabytes()
        seconds, read, written = (after - before for after, before in zip(now, self._last, strict=True))
        self.steps.append({"step": name, "seconds": seconds, "peak_gb": peak, "read_gb": read / 1e9, "written_gb": written / 1e9})
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        self._last = self._now()

    @staticmethod
    def _now() -> tuple[float, int, int]:
        told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        return time.perf_counter(), int(told["rchar"]), int(told["wchar"])


def run_job(directory: Path, months: int, job: str, month: str | None, threads: int = 2) -> list[dict[str, Any]]:
    """Steps of a job, as `bmyshop-profiles run` makes them; in a process of its own.

    Raises:
        BenchmarkError: the run failed.
    """
    from joblib.externals.loky import get_reusable_executor

    from bmyshop_profiles.definitions import build_definitions
    from bmyshop_profiles.orchestration import runs

    settings = settings_of(directory, months, threads=threads)
    definitions, meter = build_definitions(settings), Meter()
    with runs.instance(settings) as instance:
        result = runs.run_job(definitions, instance, job, month=month, on_step=meter)
    if not result.success:
        raise BenchmarkError(f"{job} {month}: {result.failure}")
    get_reusable_executor().shutdown()  # a process of a pool would wait for its own workers, and they for it
    return meter.steps


def bare_seconds(directory: Path, months: int, month: str) -> float:
    """Seconds to see every receipt of a month once, counted and written, under the limits of a run."""
    settings = settings_of(directory, months)
    lake, name, partition = Lake(settings.lake_dir), TableName("ingestion", "receipt_lines"), partition_of(month)
    with (
        open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session,
        lake.snapshot([(name, partition)]) as snapshot,
        tempfile.TemporaryDirectory(dir=directory, ignore_cleanup_errors=True) as scratch,
    ):
        start = time.perf_counter()
        session.write(BARE.format(files=listed(snapshot.files(name, partition))), Path(scratch))
        return time.perf_counter() - start


def lake_bytes(directory: Path, month: str) -> int:
    """Of what is published for a month, the versions before it left out."""
    lake = Lake(directory / "lake")
    return sum(lake.size(TableName(table.room, table.name), partition_of(month)) for table in load_catalogue().values())


def side_by_side(directory: Path, months: int, pair: list[str]) -> float:
    """Throughput of two months at once, a thread each, over that of one after the other with both threads: facts only."""
    start = time.perf_counter()
    for month in pair:
        report.apart(run_job, directory, months, FACTS, month, 2)
    serial = time.perf_counter() - start
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        start = time.perf_counter()
        for done in [pool.submit(run_job, directory, months, FACTS, month, 1) for month in pair]:
            done.result()
    return serial / (time.perf_counter() - start)


def one_month(options: argparse.Namespace, month: str, *, keep: bool) -> dict[str, Any]:
    """Simulate, run, measure, delete."""
    made = simulated(options, month)
    if month == FIRST:
        report.apart(run_job, options.directory, options.months, "references", None)
    start = time.perf_counter()
    steps = report.apart(run_job, options.directory, options.months, "month", month)
    seconds, bare = time.perf_counter() - start, bare_seconds(options.directory, options.months, month)
    if not keep:
        for path in raw(options.directory / "simulated"):
            path.unlink()
    return {
        "month": month,
        "done": time.strftime("%Y-%m-%d %H:%M"),
        "lines": made["lines"],
        "raw_gb": made["bytes"] / 1e9,
        "simulate_s": made["seconds"],
        "run_s": seconds,
        "read_s": sum(step["seconds"] for step in steps if step["step"] in READ),
        "peak_gb": max(step["peak_gb"] for step in steps),
        "lake_gb": lake_bytes(options.directory, month) / 1e9,
        "scoring_s": sum(step["seconds"] for step in steps if step["step"] == "store_evidence"),
        "bare_s": bare,
        "steps": steps,
    }


def measure(options: argparse.Namespace) -> report.Measured:
    """All months not yet done; figures of all."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        options.directory = (options.directory or Path(scratch)).absolute()
        options.directory.mkdir(parents=True, exist_ok=True)
        return _measured(options)


def _measured(options: argparse.Namespace) -> report.Measured:
    months = [month_plus(FIRST, number) for number in range(options.months)]
    size = {name: getattr(options, name) for name in ("months", "lines", "stores", "members", "anonymous")}
    kept = options.directory / "months.json"
    told: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {"size": size, "months": []}
    if told["size"] != size:
        raise BenchmarkError(f"{kept} tells of another size: {told['size']}")
    done = told["months"]
    for month in months[len(done) :]:
        found = one_month(options, month, keep=month in months[-2:])
        print(
            f"{month}: {found['lines']:,} lines, {found['raw_gb']:.2f} GB of files; {found['run_s']:.0f} s, of which read "
            f"{found['read_s']:.0f}; peak {found['peak_gb']:.1f} GB; lake {found['lake_gb']:.2f} GB",
            flush=True,
        )
        done.append(found)
        kept.write_text(json.dumps(told, indent=1), encoding="utf-8")
    if "throughput" not in told and len(months) > 1:
        told["throughput"] = side_by_side(options.directory, options.months, months[-2:])
        kept.write_text(json.dumps(told, indent=1), encoding="utf-8")
    show(done)
    rest = [each["run_s"] - each["read_s"] for each in done]
    middle = rest[min(11, len(rest) - 1)]
    bars = {
        "minutes of a month beside reading": at_most(max(rest) / 60, MINUTES),
        "peak GB": at_most(max(each["peak_gb"] for each in done), GIGABYTES),
        "last month ÷ month 12": at_most(rest[-1] / middle, GROWTH),
        "scoring ÷ a count by receipt": at_most(max(each["scoring_s"] / each["bare_s"] for each in done), SCORING),
        "lake ÷ raw text": at_most(sum(each["lake_gb"] for each in done) / sum(each["raw_gb"] for each in done), LAKE_SHARE),
    }
    if "throughput" in told:
        bars["two months at once ÷ one with both threads"] = at_least(told["throughput"], THROUGHPUT)
    return {"months": done, "throughput": told.get("throughput"), "size": size}, bars


def show(done: list[dict[str, Any]]) -> None:
    """Months, then the steps of the last by seconds."""
    columns = ("month", "done", "lines", "raw_gb", "run_s", "read_s", "peak_gb", "lake_gb", "scoring_s", "bare_s")
    report.show([{name: each[name] for name in columns} for each in done], title="months")
    steps = sorted(done[-1]["steps"], key=lambda step: -step["seconds"])
    report.show(steps[:25], title=f"steps of {done[-1]['month']} that took longest")


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--directory", type=Path, help="where all of it is, kept after the run; default: a temporary one")
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--lines", type=int, default=60_000_000, help="a month")
    parser.add_argument("--stores", type=int, default=7000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--anonymous", type=int, default=2_000_000)
    smoke = {"months": 1, "lines": 3000, "stores": 4, "members": 60, "anonymous": 100}
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())
