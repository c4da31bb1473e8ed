"""DuckDB and Spark on a month of about 16 million lines and the same two cores: every table that reads receipts, from facts to scoring.

    python -m benchmarks.platform.spark [--lines 16000000] [--memory 3GB]

Four engines, each in a process of its own over the same files: DuckDB on two threads; Spark on this machine (`local[2]`); Spark with
one and with two workers of one core, each a process. A table's seconds are those of the engine: reading, computing, writing Parquet.
Counting, hashing and checking what was written is DuckDB's for both, and told apart, as is starting Spark. All must write equal rows.
Tables that Python makes in between (categories, weights of missions, evidence of items) are drawn here; `group_grades`, which reads little
of receipts, is left out.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.helpers import report
from benchmarks.helpers.many_shops import publish
from benchmarks.helpers.report import DataAbsent, at_least, equal
from benchmarks.platform.features import CATALOGUE, MONTH, prepare
from bmyshop_profiles.engine.build import Build, Writer, build, select_writer
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.engine.session import Session, open_session
from bmyshop_profiles.engine.spark import Spark, reads_receipts
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.orchestration.partitions import partitions_read
from bmyshop_profiles.settings import Settings

SPEED_UP = 1.5
HERE, ONE, TWO = "local[2]", "local-cluster[1,1,{memory}]", "local-cluster[2,1,{memory}]"
PRODUCTS = "(select 'P' || range as item_key, range as number from range(8000))"
DRAWN = {  # what Python makes of real receipts: the same shapes and sizes, without meaning
    "product_categories": f"""
        select item_key as product_key, 'c' || number % 40 as category, 'family' as method, 1 as confidence, false as is_abstained
        from {PRODUCTS}""",
    "mission_weights": f"""
        select
            printf('m%02d', mission) as mission_key, 'item' as kind, item_key as value_key, number + 1 as term_code,
            0.0001 as network_share, (hash(number, mission) % 4000000)::bigint - 2000000 as weight_micronats
        from {PRODUCTS}, range(1, 13) as missions (mission) where number < 4000
        union all
        select printf('m%02d', mission), 'prior', 'size', 0, null, -2000000 from range(1, 13) as missions (mission)""",
    "item_evidence": f"""
        select
            'profile' as target, 'topics' as variant, printf('p%02d', profile) as group_name, item_key, 0 as log_ratio,
            (hash(number, profile) % 2000000)::bigint - 1000000 as weight_micronats
        from {PRODUCTS}, range(1, 8) as profiles (profile)""",
    "evidence_calibration": """
        select 'profile' as target, 'topics' as variant, printf('p%02d', profile) as group_name, 'intercept' as term, -2 as coefficient
        from range(1, 8) as profiles (profile)""",
}
TABLES = [table.name for table in CATALOGUE.ordered if reads_receipts(table, CATALOGUE) and table.name != "group_grades"]
STEPS = [table.name for table in CATALOGUE.ordered if table.name in {*TABLES, "item_categories"}]


def settings_of(directory: Path, memory: str) -> Settings:
    return Settings(data_dir=directory, first_month=MONTH, last_month=MONTH, memory_limit=memory)


def write_lake(directory: Path, lines: int) -> None:
    """A month of receipt lines, and what is drawn."""
    settings = settings_of(directory, "8GB")
    prepare(settings, Lake(settings.lake_dir), MONTH, lines)
    with open_session(threads=2, spill=settings.spill_dir) as session:
        for name, select in DRAWN.items():
            publish(settings, session, name, MONTH, select)


def month_by(directory: Path, memory: str, address: str, names: Sequence[str]) -> dict[str, Any]:
    """Make tables of the month one after the other; address: of Spark, or duckdb. Seconds by table, and hashes; in a process of its own."""
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--conf spark.executor.memory={memory.replace('GB', 'g')} pyspark-shell"
    settings = settings_of(directory, memory)
    spark, lake = Spark(address, memory, settings.spill_dir), Lake(settings.lake_dir)
    began = time.perf_counter()
    if address != "duckdb":
        spark.connection()
    found: dict[str, Any] = {"start": time.perf_counter() - began, "seconds": {}, "hashes": {}, "whole": 0.0}
    for name in names:
        table = CATALOGUE[name]
        wanted = [
            (TableName(CATALOGUE[each].room, each), partition)
            for each in table.inputs
            for partition in partitions_read(table, CATALOGUE[each], MONTH, settings)
        ]
        with open_session(memory_limit=memory, threads=2, spill=settings.spill_dir) as session, lake.snapshot(wanted) as snapshot:
            session.attach(CATALOGUE, snapshot, table.inputs)
            bound = parameters(settings, MONTH)
            is_spark = address != "duckdb" and reads_receipts(table, CATALOGUE)
            write = spark.writer(table, CATALOGUE, snapshot, bound) if is_spark else select_writer(table, bound)
            item = Build(table, partition_of(MONTH), _timed(write, name, found), "", snapshot.input_hashes())
            started = time.perf_counter()
            build(lake, session, [item])
            found["whole"] += time.perf_counter() - started
            assert item.version is not None, item.refused
            found["hashes"][name] = item.version.content_hash
    return found


def _timed(write: Writer, name: str, found: dict[str, Any]) -> Writer:
    def timed(session: Session, directory: Path) -> None:
        began = time.perf_counter()
        write(session, directory)
        found["seconds"][name] = time.perf_counter() - began

    return timed


def measure(options: argparse.Namespace) -> report.Measured:
    """Each engine in turn."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise DataAbsent("Spark needs Java 17 or later, and there is none")
    names = options.tables.split(",") if options.tables else STEPS
    memory = int(float(options.memory.removesuffix("GB")) * 1024)
    engines = {"DuckDB, 2 threads": "duckdb", "Spark, local[2]": HERE}
    if not options.here_only:
        engines |= {"Spark, 1 worker": ONE.format(memory=memory), "Spark, 2 workers": TWO.format(memory=memory)}
    with tempfile.TemporaryDirectory(dir=options.directory) as scratch:
        directory = Path(scratch) / "data"
        directory.mkdir()
        report.apart(write_lake, directory, options.lines)
        made = {label: report.apart(month_by, directory, options.memory, address, names) for label, address in engines.items()}
    totals = {label: sum(one["seconds"].values()) for label, one in made.items()}
    report.show(
        [{"table": name, **{label: one["seconds"][name] for label, one in made.items()}} for name in names]
        + [{"table": "all of them", **totals}]
        + [{"table": "with hashes and checks", **{label: one["whole"] for label, one in made.items()}}]
        + [{"table": "starting the engine", **{label: one["start"] for label, one in made.items()}}],
        title=f"{options.lines:,} lines, seconds by engine, {options.memory} each, {os.cpu_count()} cores",
    )
    first, *others = made.values()
    differ = sorted({name for other in others for name in names if other["hashes"][name] != first["hashes"][name]})
    slower = totals["Spark, local[2]"] / totals["DuckDB, 2 threads"]
    print(f"Spark on this machine takes {slower:.1f} times as long as DuckDB")
    bars = {"tables whose rows differ between engines": equal(differ, [])}
    if not options.here_only:
        gained = totals["Spark, 1 worker"] / totals["Spark, 2 workers"]
        bars["two workers of one core, times as fast as one"] = at_least(gained, SPEED_UP)
    figures = {
        "lines": options.lines,
        "memory": options.memory,
        "seconds": totals,
        "seconds_with_checks": {label: one["whole"] for label, one in made.items()},
        "start_seconds": {label: one["start"] for label, one in made.items()},
        "spark_here_times_duckdb": slower,
    }
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, default=16_000_000)
    parser.add_argument("--memory", default="3GB", help="of DuckDB; of Spark's process here, and of each of its workers")
    parser.add_argument("--directory", type=Path, help="where the lake is written, 2 GB for 16 million lines; default: for temporary files")
    parser.add_argument("--tables", default="", help="only these, named with commas")
    parser.add_argument("--here-only", action="store_true", help="leave out Spark with one and with two workers")
    return report.run(measure, parser, argv, smoke={"lines": 2000, "memory": "1GB", "tables": "receipts,store_months", "here_only": True})


if __name__ == "__main__":
    sys.exit(main())
