"""What is promised of backfills and runs, one function each: it launches, and puts bars and figures on the bench.

Belongs here: the promises. Does not belong here: which of them side by side (`backfill.py`), the code that is run (`copies.py`).
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from benchmarks.helpers.lakes import Pointers, cells, differing, downstream, hashes, pointers, short_months, versions, windowed
from benchmarks.helpers.report import BenchmarkError, equal
from benchmarks.platform.copies import BROKEN, MONTHS, Bench, command_line, serial
from benchmarks.platform.web_server import Run, Server, peak

LATE = MONTHS[-1]
CHANGED = "receipts"  # the table whose code changes


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


def job_backfill_without_pool(bench: Bench) -> None:
    """The same where somebody took the pool's limit away: two months of the job at once."""
    free = bench.data("job_without_pool")
    text = (bench.root / "short/bmyshop_profiles/orchestration/dagster.yaml").read_text(encoding="utf-8")
    instance = yaml.safe_load(text)
    del instance["concurrency"]["pools"]
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
