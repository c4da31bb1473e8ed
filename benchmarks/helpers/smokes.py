"""All benchmarks and tools at their smallest size, in two processes at once.

    python -m benchmarks.helpers.smokes [NAME …]      some, or all, in this process; benchmarks.platform.house is a name

What tests and `house.py` share: a benchmark that does not run any more is found within a day, not when its figure is wanted.
Belongs here: which there are, and running them. Does not belong here: sizes (each benchmark's own), what is thought of it.
"""

import contextlib
import importlib
import io
import json
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# umap compiles for seconds in each process that uses it: those that do share one
USES_UMAP = ("benchmarks.audience", "benchmarks.enrichment", "benchmarks.missions", "benchmarks.platform.chain_real", "benchmarks.typology")


@dataclass(frozen=True)
class Smoke:
    """How a benchmark ended. processor_seconds: of its own process, not of those it starts."""

    name: str
    status: int
    seconds: float
    processor_seconds: float
    output: str

    @property
    def last_line(self) -> str:
        """What machines read."""
        return self.output.rstrip().rpartition("\n")[2]


def names() -> list[str]:
    """All of them: the modules of the rooms, and of tools, whose `main` ends in `report.run`."""
    paths = [*(ROOT / "benchmarks").glob("*/*.py"), *(ROOT / "tools").glob("*.py")]
    run = [path for path in paths if re.search(r"(?m)^    return report\.run\(", path.read_text(encoding="utf-8"))]
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in run)


def run_all() -> list[Smoke]:
    """Every benchmark, those that use umap in one process, the others in another one."""
    lanes = [[name for name in names() if name.startswith(USES_UMAP) == uses] for uses in (True, False)]
    with ThreadPoolExecutor(len(lanes)) as pool:
        return [smoke for lane in pool.map(_lane, lanes) for smoke in lane]


def run_one(name: str) -> Smoke:
    """A benchmark in this process. What it raises is its output."""
    printed, began, worked = io.StringIO(), time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            status = importlib.import_module(name).main(["--smoke"])
        except (Exception, SystemExit):
            traceback.print_exc()
            status = 1
    return Smoke(name, int(status), time.perf_counter() - began, time.process_time() - worked, printed.getvalue())


def _lane(wanted: Sequence[str]) -> list[Smoke]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BMYSHOP_") or key == "BMYSHOP_REAL_DATA"}
    environment = {**kept, "OMP_NUM_THREADS": "1", "DAGSTER_DISABLE_TELEMETRY": "1"}  # the other process has the other processor
    command = [sys.executable, "-m", "benchmarks.helpers.smokes", *wanted]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    found = [Smoke(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith('{"name"')]
    lost = list(wanted[len(found) :])
    return [*found, *(Smoke(name, 1, 0.0, 0.0, f"the process of {', '.join(wanted)} ended with {done.returncode}") for name in lost)]


if __name__ == "__main__":
    for each in sys.argv[1:] or names():
        print(json.dumps(asdict(run_one(each))), flush=True)
