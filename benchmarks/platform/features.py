"""Speed of the features on a month of about 16 million lines, and whether months stay as cheap as they were.

Ratios against DuckDB's bare `group by` of the same files to Parquet, in the same run, alternating; then the whole month from
`receipt_lines` on under a 2 GB limit; then 24 months of a million lines each, month 24 against month 12.
Usage: python -m benchmarks.platform.features [--lines 16000000] [--monthly-lines 1000000]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.helpers import report
from benchmarks.helpers.report import at_most
from bmyshop_profiles.engine.build import Build, build, select_writer
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import ALL, Lake, TableName, partition_of
from bmyshop_profiles.engine.session import listed, open_session
from bmyshop_profiles.months import month_plus
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.orchestration.partitions import partitions_read
from bmyshop_profiles.settings import Settings

CATALOGUE = load_catalogue()
MONTH = "2025-01"
# A network in one select: receipts of 1 to 5 lines over a month, 3,000 shops, 8,000 products, 8 % of receipts from 200,000 members.
LINES = """
select
    'till/' || (receipt % 3000) || '/' || day || '/' || receipt as receipt_key,
    timestamp '{start}' + to_days(day::integer) + to_seconds(21600 + (hash(receipt) % 54000)::integer) as sold_at,
    'S' || (receipt % 3000) as store_key,
    'P' || floor(8000 * power((hash(line, 1) % 1000000) / 1e6, 3))::integer as product_key,
    'ARTICLE ' || floor(8000 * power((hash(line, 1) % 1000000) / 1e6, 3))::integer as label,
    'family ' || (floor(8000 * power((hash(line, 1) % 1000000) / 1e6, 3))::integer % 30) as family,
    1::decimal(12, 3) as quantity,
    (50 + hash(line, 2) % 2000)::bigint as amount_cents,
    case when hash(receipt, 3) % 100 < 8 then md5('m' || (hash(receipt, 4) % 200000)) end as member_key,
    null::varchar as shopper_key,
    0::integer as file_number,
    'till' as source
from (select line, line * 10 // 25 as receipt, (line * 10 // 25) % 28 as day from range({lines}) lines (line))
"""
# what any engine must do for one row per receipt: the floor the SQL of `receipts` is compared with
BARE = """
select
    receipt_key, min(store_key), min(sold_at), min(member_key), max(member_key), min(shopper_key), max(shopper_key),
    count(*), sum(case when quantity > 0 then 1 else 0 end), sum(amount_cents)
from read_parquet({files}) group by receipt_key
"""
CHAIN = [
    table.name for table in CATALOGUE.ordered if table.file.by_month and table.sql is not None and table.room in ("ingestion", "features")
]


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def prepare(settings: Settings, lake: Lake, month: str, lines: int) -> None:
    """Write a month of receipt lines, and empty lists."""
    with open_session(memory_limit="8GB", threads=settings.threads, spill=settings.spill_dir) as session:
        start = f"{month}-01"
        for name in ("staged_members", "staged_stores", "staged_products"):
            table = CATALOGUE[name]
            build(lake, session, [Build(table, ALL, lambda s, d, t=table: s.write_records(t, [], d), "", {})])
        with lake.write(TableName("ingestion", "receipt_lines"), partition_of(month)) as draft:
            session.write(LINES.format(start=start, lines=lines), draft.directory)
            draft.publish(rows=lines, content_hash=month, code_hash="", inputs={})


def make(settings: Settings, lake: Lake, name: str, month: str) -> float:
    """Seconds for one table of a month as a run makes it: views, write, hash, checks, publish, in a session of its own."""
    table = CATALOGUE[name]
    wanted = [
        (TableName(CATALOGUE[each].room, each), partition)
        for each in table.inputs
        for partition in partitions_read(table, CATALOGUE[each], month, settings)
    ]

    def work() -> None:
        with (
            open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session,
            lake.snapshot(wanted) as snapshot,
        ):
            session.attach(CATALOGUE, snapshot, table.inputs)
            item = Build(table, partition_of(month), select_writer(table, parameters(settings, month)), "", snapshot.input_hashes())
            build(lake, session, [item])
            assert item.version is not None, item.refused

    return timed(work)


def against_bare(settings: Settings, lake: Lake, rounds: int) -> dict[str, float]:
    """Medians of alternating rounds: bare group by, the SQL of `receipts` alone, the whole step."""
    bare, sql, step = [], [], []
    table, name = CATALOGUE["receipts"], TableName("ingestion", "receipt_lines")
    for _ in range(rounds):
        with (
            open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session,
            lake.snapshot([(name, partition_of(MONTH))]) as snapshot,
            tempfile.TemporaryDirectory(dir=settings.data_dir) as directory,
        ):
            files = listed(snapshot.files(name, partition_of(MONTH)))
            bare.append(timed(lambda s=session, d=directory, f=files: s.write(BARE.format(files=f), Path(d))))  # type: ignore[misc]
            session.attach(CATALOGUE, snapshot, table.inputs)
            sql.append(timed(lambda s=session, d=directory: s.write(str(table.sql), Path(d))))  # type: ignore[misc]
        step.append(make(settings, lake, "receipts", MONTH))
    return {"bare": statistics.median(bare), "sql": statistics.median(sql), "step": statistics.median(step)}


def months_stay_cheap(settings: Settings, lines: int, count: int) -> tuple[float, float]:
    """Seconds of the month in the middle and near the end of `count` months, 12 and 23 of 24, at the same number of lines a month."""
    lake, months = Lake(settings.lake_dir), [month_plus(MONTH, step) for step in range(count)]
    seconds = {}
    for month in months:
        prepare(settings, lake, month, lines)
        seconds[month] = sum(make(settings, lake, name, month) for name in CHAIN)
    # the median of three neighbouring months, so that one noisy month does not decide
    middle = count // 2
    return statistics.median(seconds[m] for m in months[max(middle - 2, 0) : middle + 1]), statistics.median(
        seconds[m] for m in months[-3:]
    )


def measure(options: argparse.Namespace) -> report.Measured:
    """Ratios on one large month, then many months."""
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(data_dir=Path(directory) / "big", first_month=MONTH, memory_limit="2GB")
        settings.data_dir.mkdir()
        lake = Lake(settings.lake_dir)
        prepare(settings, lake, MONTH, options.lines)
        medians = against_bare(settings, lake, options.rounds)
        whole = {name: make(settings, lake, name, MONTH) for name in CHAIN}
        peak = report.peak_gigabytes()
        small = Settings(data_dir=Path(directory) / "small", first_month=MONTH, memory_limit="2GB")
        small.data_dir.mkdir()
        middle, last = months_stay_cheap(small, options.monthly_lines, options.months)
    named = {"bare": "bare group by to Parquet", "sql": "the SQL of receipts", "step": "with checks and content hash"}
    report.show(
        [{"": label, "seconds": medians[name], "× bare": medians[name] / medians["bare"]} for name, label in named.items()],
        title=f"{options.lines:,} lines → receipts, median of {options.rounds} alternating rounds",
    )
    report.show(
        [{"table": name, "seconds": seconds} for name, seconds in {**whole, "all of them": sum(whole.values())}.items()],
        title="the whole month from receipt_lines on, 2 GB limit",
    )
    print(f"{options.monthly_lines:,} lines a month: in the middle {middle:.1f} s, at the end {last:.1f} s, × {last / middle:.2f}")
    bars = {
        "lines to receipts, times bare group by": at_most(medians["sql"] / medians["bare"], 1.5),
        "with checks and hash, times bare group by": at_most(medians["step"] / medians["bare"], 2.5),
        "the last of many months, times the middle": at_most(last / middle, 1.2),
    }
    return {**medians, "whole_month_seconds": sum(whole.values()), "peak_gb_of_the_process": peak, "middle": middle, "last": last}, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, default=16_000_000)
    parser.add_argument("--months", type=int, default=24, help="of monthly lines")
    parser.add_argument("--monthly-lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    return report.run(measure, parser, argv, smoke={"lines": 2000, "months": 1, "monthly_lines": 1000, "rounds": 1})


if __name__ == "__main__":
    sys.exit(main())
