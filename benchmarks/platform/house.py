"""How long the house takes: the demo, the tests, the smallest benchmarks, the definitions; is its code as it should be; and has every
known defect a test?

    python -m benchmarks.platform.house [--base DIR]

--base: a checkout of former code. Its demo and this one run in turn, in the same call, on the same machine: what is held is their ratio.
Its lines of code are told beside ours. `--smoke`: the code, and defects and their tests; the definitions are loaded once. Belongs here:
times of commands as people type them, and what is held. Does not belong here: what a part of the chain costs (the other benchmarks), how
code is counted (`source_code.py`).
"""

import argparse
import ast
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.helpers import report, smokes
from benchmarks.helpers.report import BenchmarkError, at_most, equal
from benchmarks.helpers.smokes import ROOT
from benchmarks.platform import source_code

PROCESSOR_RATIO = 2 / 3  # of the demo, against the former code
WALL_RATIO = 180 / 163  # the former demo took 163 seconds where this one may take 180
TESTS_SECONDS, INNER_LOOP_SECONDS, SMOKES_SECONDS = 360, 60, 90
LOADING_SECONDS = 3  # of the definitions, processor time

# what was wrong → the tests that would see it again
DEFECTS: dict[str, tuple[str, ...]] = {
    "a source without a list of members fails at the end": (
        "bmyshop_profiles_tests/test_cli.py::test_a_source_without_a_list_of_members_is_run_to_its_end",
    ),
    "a member id on some lines of a receipt": (
        "bmyshop_profiles_tests/features/test_receipts.py::test_a_key_on_any_line_is_the_receipt_s_and_two_are_nobody_s",
    ),
    "codes of two tills collide": (
        "bmyshop_profiles_tests/ingestion/test_codes.py::test_codes_of_two_tills_are_their_own_unless_one_list_is_for_both",
        "bmyshop_profiles_tests/ingestion/test_codes.py::test_lists_that_share_codes_must_agree",
        "bmyshop_profiles_tests/ingestion/test_codes.py::test_no_shop_is_called_as_the_network_is_in_the_tables_of_audiences",
    ),
    "swapped names": (
        "bmyshop_profiles_tests/references/test_names.py::test_a_last_name_is_not_taken_for_a_missing_or_unknown_first_name",
    ),
    "the demo says something else to everybody": (
        "bmyshop_profiles_tests/typology/test_pseudonym_keys.py::test_planted_people_are_read_alike_under_two_keys",
        "bmyshop_profiles_tests/typology/test_pseudonym_keys.py::test_real_people_are_read_alike_under_two_keys",
        "bmyshop_profiles_tests/orchestration/test_keys.py::test_two_directories_of_a_simulated_network_have_the_same_member_keys",
    ),
    "the network's index is not 100": ("bmyshop_profiles_tests/audience/test_cells.py::test_sums_come_from_the_same_cells",),
    "a run is silent of checks that warned": ("bmyshop_profiles_tests/orchestration/test_runs.py::test_warnings_in_words",),
    "settings without sources are refused": ("bmyshop_profiles_tests/test_settings.py::test_a_settings_file_without_sources_takes_them",),
    "fruit e-liquids are fruit": ("bmyshop_profiles_tests/features/test_categories.py::test_what_is_vaped_is_no_fruit",),
    "the report calls any shop the busiest": ("bmyshop_profiles_tests/reports/test_report.py::test_a_chosen_shop_is_shown",),
    "data open to other users": ("bmyshop_profiles_tests/test_cli.py::test_what_is_written_is_closed_to_others",),
    "examples of checks keep keys of persons": (
        "bmyshop_profiles_tests/engine/test_build.py::test_examples_of_a_check_carry_no_key_of_a_person",
    ),
    "paths are patterns": (
        "bmyshop_profiles_tests/engine/test_session.py::test_a_path_stands_for_itself_whatever_is_in_it",
        "bmyshop_profiles_tests/ingestion/test_attacks.py::test_a_name_that_looks_like_a_pattern_is_one_file",
    ),
    "a csv that spreadsheets run": (
        "bmyshop_profiles_tests/test_terminal.py::test_a_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe",
    ),
    "references over http": ("bmyshop_profiles_tests/references/test_sources.py::test_what_comes_unprotected_needs_a_checksum",),
    "content hashes change with duckdb": (
        "bmyshop_profiles_tests/engine/test_build.py::test_equal_rows_keep_their_hash_when_duckdb_s_own_hash_changes",
        "bmyshop_profiles_tests/engine/test_session.py::test_the_hash_of_known_rows",
    ),
    "retention forgets who objects": (
        "bmyshop_profiles_tests/privacy/test_people_taken_out.py::test_a_second_run_says_the_same_of_who_objects_and_of_who_joined_lately",
    ),
    "benchmarks rot unseen": ("bmyshop_profiles_tests/test_benchmarks.py::test_every_benchmark_runs_at_its_smallest",),
}


def timed(command: Sequence[str], directory: Path) -> tuple[int, float, float]:
    """Exit status, seconds, and processor seconds of a command and of all that it waits for, with the code of a directory."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("BMYSHOP_", "DAGSTER_")) or name == "BMYSHOP_REAL_DATA"
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=directory,
        env={**kept, "PYTHONPATH": str(directory)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, time.perf_counter() - began, used.ru_utime + used.ru_stime


def demo(directory: Path) -> tuple[float, float]:
    """Seconds and processor seconds of the demo of a checkout."""
    with tempfile.TemporaryDirectory() as data:
        status, wall, processor = timed(["-m", "bmyshop_profiles.cli", "--data-dir", data, "demo"], directory)
    if status:
        raise BenchmarkError(f"the demo of {directory} ended with {status}")
    return wall, processor


def demos(base: Path | None, rounds: int) -> report.Measured:
    """Medians of alternating rounds."""
    checkouts = {"demo": ROOT} | ({"former demo": base.resolve()} if base else {})
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in checkouts}
    for _ in range(rounds):
        for name, directory in reversed(checkouts.items()):
            taken[name].append(demo(directory))
    medians = {name: tuple(statistics.median(column) for column in zip(*found, strict=True)) for name, found in taken.items()}
    figures = {f"{name}, {what}": pair[place] for name, pair in medians.items() for place, what in enumerate(("wall_s", "processor_s"))}
    if base is None:
        return figures, {}
    (wall, processor), (former_wall, former_processor) = medians["demo"], medians["former demo"]
    return figures, {
        "demo, processor time against the former": at_most(processor / former_processor, PROCESSOR_RATIO),
        "demo, wall time against the former": at_most(wall / former_wall, WALL_RATIO),
    }


def test_times() -> report.Measured:
    """Both ways people run the tests."""
    figures: dict[str, float] = {}
    bars: dict[str, report.Bar] = {}
    for name, words, target in (("pytest", (), TESTS_SECONDS), ('pytest -m "not slow"', ("-m", "not slow"), INNER_LOOP_SECONDS)):
        status, figures[f"{name}, wall_s"], figures[f"{name}, processor_s"] = timed(["-m", "pytest", "-q", *words], ROOT)
        bars |= {f"{name}: seconds": at_most(figures[f"{name}, wall_s"], target), f"{name}: exit status": equal(status, 0)}
    return figures, bars


def smoke_times() -> report.Measured:
    """All benchmarks at their smallest."""
    began = time.perf_counter()
    found = smokes.run_all()
    seconds = time.perf_counter() - began
    report.show(
        [
            {"smallest size": each.name, "status": each.status, "seconds": each.seconds, "processor": each.processor_seconds}
            for each in found
        ]
    )
    failed = sorted(each.name for each in found if each.status)
    return {"smokes, wall_s": seconds}, {"smokes: seconds": at_most(seconds, SMOKES_SECONDS), "smokes: failed": equal(failed, [])}


def loading(rounds: int) -> report.Measured:
    """Processor seconds until the definitions are there: what every command and every run begins with."""
    taken = []
    for _ in range(rounds):
        status, _, processor = timed(["-c", "import bmyshop_profiles.definitions"], ROOT)
        if status:
            raise BenchmarkError(f"the definitions do not load: {status}")
        taken.append(processor)
    seconds = statistics.median(taken)
    return {"definitions, processor_s": seconds}, {"definitions: processor seconds": at_most(seconds, LOADING_SECONDS)}


def counts(base: Path | None) -> report.Measured:
    """The code: its size, what is too long, queries that are in no file of SQL, what a comment makes stale."""
    figures: dict[str, float] = {}
    for name, checkout in {"now": ROOT, **({"before": base.resolve()} if base else {})}.items():
        figures[f"lines of Python, {name}"] = source_code.code_lines(checkout / "bmyshop_profiles")
        figures[f"lines of SQL, {name}"] = source_code.sql_lines(checkout / "sql")
    found = source_code.queries()
    stray = source_code.stray_queries()
    rows = [
        {"room": room, "queries in Python": len(places), "to be files": len(stray.get(room, [])), "where": ", ".join(stray.get(room, []))}
        for room, places in sorted(found.items())
    ]
    report.show(rows, title="queries in Python")
    report.show([{"written in Python": name, "because it": why} for name, why in source_code.GENERATED.items()])
    return figures, {
        "tables that a comment makes stale": equal(source_code.stale_by_a_comment(), []),
        f"modules over {source_code.MOST_LINES} lines": equal(source_code.long_modules(), []),
        "queries in Python that should be files": equal(sum(map(len, stray.values())), 0),
    }


def tests_there(wanted: Sequence[str]) -> set[str]:
    """Those of some tests that their files define."""
    known = set()
    for file in {test.partition("::")[0] for test in wanted}:
        text = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).exists() else ""
        known |= {f"{file}::{node.name}" for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    return known & set(wanted)


def defects() -> report.Measured:
    """Every known defect, and how many of its tests are there."""
    there = tests_there([test for tests in DEFECTS.values() for test in tests])
    report.show([{"defect": defect, "tests": len(tests), "there": len(there & set(tests))} for defect, tests in DEFECTS.items()])
    without = [defect for defect, tests in DEFECTS.items() if not tests or not there.issuperset(tests)]
    return {"defects": len(DEFECTS), "tests of defects": len(there)}, {"defects without a test": equal(without, [])}


def measure(options: argparse.Namespace) -> report.Measured:
    """The times, then the code and the defects."""
    parts = [] if options.smoke else [demos(options.base, options.rounds), smoke_times(), test_times()]
    parts += [loading(1 if options.smoke else 3), counts(options.base)]
    figures: dict[str, float] = {}
    bars: dict[str, report.Bar] = {}
    for own_figures, own_bars in [*parts, defects()]:
        figures |= own_figures
        bars |= own_bars
    report.show([{"figure": name, "value": value} for name, value in figures.items()])
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--base", type=Path, help="a checkout of former code, whose demo is run in turn with this one's")
    parser.add_argument("--rounds", type=int, default=1, help="of the demos")
    return report.run(measure, parser, argv, smoke={})


if __name__ == "__main__":
    sys.exit(main())
