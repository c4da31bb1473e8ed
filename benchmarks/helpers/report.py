"""What every benchmark shares: a command line with `--smoke`, tables to read, and a last line for machines.

A benchmark has `main(argv=None)`, which gives the exit status; it makes a parser here and ends in `run`. Its last line is one JSON object,
`{"figures": {…}, "bars": {name: {"value": …, "target": …, "met": true}}}`. `--smoke` is the smallest size there is: it shows that a
benchmark still runs, in seconds, and its figures mean nothing. `--keep` writes what was measured to `benchmarks/results/ROOM.NAME.json`;
`python -m tools.kept_results` puts it into the docs.
Belongs here: that, and a process of its own for what is measured. Does not belong here: any measure.
"""

import argparse
import datetime
import json
import math
import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"

Bar = dict[str, Any]
Measured = tuple[Mapping[str, Any], Mapping[str, Bar]]  # figures, bars
T = TypeVar("T")


class BenchmarkError(Exception):
    """Something that must work for anything to be measured did not."""


class DataAbsent(Exception):
    """Public data that a benchmark reads is not on this machine. The message says which, and where it was looked for."""


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A command line with `--smoke`. doc: of the benchmark, whose first line says what it does."""
    made = argparse.ArgumentParser(description=str(doc).partition("\n")[0])
    made.add_argument("--smoke", action="store_true", help="the smallest size, in seconds; bars are shown, not judged")
    made.add_argument("--keep", action="store_true", help="write what was measured to benchmarks/results, for the docs")
    return made


def run(
    measure: Callable[[argparse.Namespace], Measured],
    command_line: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    *,
    smoke: Mapping[str, Any],
) -> int:
    """Measure, print the bars and the last line. 0 when all bars are met; with `--smoke`, when there is an end. Called by `main`.

    smoke: options with `--smoke`, where the command line does not say otherwise.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if "--smoke" in arguments:
        command_line.set_defaults(**smoke)
    options = command_line.parse_args(arguments)
    warnings.filterwarnings("ignore", category=UserWarning)  # umap says that a fixed seed means one thread
    try:
        figures, bars = measure(options)
    except DataAbsent as absent:
        print(f"nothing is measured: {absent}")
        print(json.dumps({"figures": {}, "bars": {}}))
        return 0 if options.smoke else 1
    show([{"bar": name, **each} for name, each in bars.items()], title="bars, too small to be judged" if options.smoke else "bars")
    print(json.dumps({"figures": plain(figures), "bars": plain(bars)}, ensure_ascii=False, allow_nan=False), flush=True)
    if options.keep and not options.smoke:
        module = sys._getframe(1).f_globals["__spec__"].name
        keep(module, [each for each in arguments if each != "--keep"], figures, bars)
    return 0 if options.smoke or all(each["met"] for each in bars.values()) else 1


def keep(module: str, arguments: Sequence[str], figures: Mapping[str, Any], bars: Mapping[str, Bar], directory: Path = RESULTS) -> Path:
    """Write what was measured, with the command, date, commit and cores, as `ROOM.NAME.json`."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    found = {
        "command": " ".join(["python", "-m", module, *arguments]),
        "date": f"{datetime.date.today():%Y-%m-%d}",
        "commit": commit,
        "cores": os.cpu_count(),
        "figures": plain(figures),
        "bars": plain(bars),
    }
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{module.removeprefix('benchmarks.')}.json"
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return path


def bar(value: Any, target: Any, met: Any) -> Bar:
    """A figure and what it is held to."""
    return {"value": value, "target": target, "met": bool(met)}


def equal(value: Any, target: Any) -> Bar:
    """A figure that must be the target."""
    return bar(value, target, value == target)


def at_least(value: Any, target: Any) -> Bar:
    """A figure that must reach a target."""
    return bar(value, target, value >= target)


def at_most(value: Any, target: Any) -> Bar:
    """A figure that must not exceed a target."""
    return bar(value, target, value <= target)


def show(rows: Sequence[Mapping[str, Any]], *, title: str = "") -> None:
    """A table: one line per row, columns as in the first."""
    if not rows:
        return
    table = Table(title=title or None, title_justify="left", box=None, header_style="bold")
    for name, first in rows[0].items():
        table.add_column(str(name), overflow="fold", justify="right" if isinstance(first, int | float) else "left")
    for row in rows:
        table.add_row(*(_told(row.get(name, "")) for name in rows[0]))
    Console(width=160, highlight=False, markup=False).print(table)


def plain(value: Any) -> Any:
    """The same for JSON: numbers of numpy as Python's, named tuples as objects, and null for what is no number."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def apart(work: Callable[..., T], *arguments: Any) -> T:
    """What a function of a module gives, in a process of its own: its peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def peak_gigabytes() -> float:
    """Most memory that this process had. `ru_maxrss` of a process that another started begins at what that one had."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def _told(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "NO"
    if isinstance(value, float | np.floating):
        return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.4f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | dict | tuple):
        return json.dumps(plain(value), ensure_ascii=False) if value else "none"
    return str(value)
