"""Speed and memory of ingestion: a month of raw CSV (16 million lines, about 1.5 GB) from raw file to `receipt_lines`, with
fingerprint, ledger, duplicates, content hash and checks.

The same lines are read clean, in cp1252, gzipped, and with a fault in one line of a thousand (mixed: fields too many and too few, quotes,
bytes, NUL, dates, as one file and as 58; and dates alone). References in the same run, each step in a process of its own, alternating:
DuckDB's bare copy of the same file, all columns text, to Parquet; and a pandas script that does the same typed load. Others may be at work
on the machine, so the bars are ratios of processor time within a round; seconds stand beside them. At the end, peak memory for other sizes.
Usage: python -m benchmarks.ingestion.speed [--lines 16000000] [--rounds 3] [--sizes 4000000 64000000]
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml

from benchmarks.helpers import report
from bmyshop_profiles.engine.build import Build, build
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake, partition_of
from bmyshop_profiles.engine.session import literal, open_session
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install
from bmyshop_profiles.settings import Settings

MONTH = "2025-01"
# receipts of 2.5 lines, 3,000 shops, 8,000 articles, 8 % of receipts with a member's number
LINES = """
select
    'S' || lpad((receipt % 3000)::varchar, 4, '0') as shop,
    strftime(
        timestamp '2025-01-01' + to_days((receipt % 31)::integer) + to_seconds(21600 + (hash(receipt) % 54000)::integer),
        '%Y-%m-%d %H:%M:%S'
    )
        as sold_at,
    receipt % 3 as till,
    receipt as ticket,
    '3' || lpad(article::varchar, 12, '0') as ean,
    'ARTICLE DE CAISSE N° ' || article as label,
    'famille ' || article % 30 as family,
    1 + (hash(line, 2) % 20 = 0)::integer as qty,
    printf('%.2f', (50 + hash(line, 2) % 2000) / 100) as total,
    case when hash(receipt, 3) % 100 < 8 then 'APP' || (hash(receipt, 4) % 200000) end as member,
from (
    select line, line * 10 // 25 as receipt, floor(8000 * power((hash(line, 1) % 1000000) / 1e6, 3))::integer as article
    from range({lines}) lines (line)
)
"""
MAPPING = {
    "files": "lines.csv",
    "columns": {
        "receipt_key": "concat_ws('/', shop, sold_at[:10], till, ticket)",
        "sold_at": "sold_at::timestamp",
        "store_key": "shop",
        "product_key": "ean",
        "label": "label",
        "family": "family",
        "quantity": "qty",
        "amount_cents": "(total::decimal(12, 2) * 100)::bigint",
        "member_id": "member",
    },
}
PANDAS_TYPES = {
    "shop": "category",
    "till": "int32",
    "ticket": "int64",
    "ean": "string",
    "label": "string",
    "family": "category",
    "member": "string",
}


def write_raw(path: Path, lines: int, where: str = "true") -> None:
    """A raw CSV of a network in one select."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "4GB", "preserve_insertion_order": False}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy (select * from ({LINES.format(lines=lines)}) where {where}) to {literal(path)} (format csv, header)")


FAULTS: dict[str, Callable[[bytes], bytes]] = {
    "a date": lambda line: line.replace(b"2025-", b"2O25-", 1),
    "too many fields": lambda line: line.replace(b"\n", b",x,y\n"),
    "too few fields": lambda line: line.rpartition(b",")[0].rpartition(b",")[0] + b"\n",
    "an open quote": lambda line: line.replace(b"ARTICLE", b'"ARTICLE', 1),
    "a byte": lambda line: line.replace(b"CAISSE", b"CAISS\xe9", 1),
    "a NUL": lambda line: line.replace(b"CAISSE", b"CAISSE\0", 1),  # well formed all the same: it comes through
}


def spoil(source: Path, targets: Sequence[Path], faults: Sequence[str]) -> None:
    """The same lines in one or more files, one in a thousand with a fault, of each kind in turn."""
    with contextlib.ExitStack() as stack, source.open("rb") as lines:
        outs = [stack.enter_context(target.open("wb")) for target in targets]
        header = next(lines)
        for out in outs:
            out.write(header)
        share = source.stat().st_size // len(targets) + 1
        place = 0
        for number, line in enumerate(lines):
            place += len(line)
            spoiled = FAULTS[faults[number // 1000 % len(faults)]](line) if number % 1000 == 500 else line
            outs[place // share].write(spoiled)


def bare_copy(raw: Path, directory: Path) -> None:
    """The floor: every column text."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB", "preserve_insertion_order": False}) as connection:
        connection.execute("set enable_progress_bar = false")
        target = literal(directory / "bare.parquet")
        connection.execute(
            f"copy (select * from read_csv({literal(raw)}, all_varchar = true, delim = ',', quote = '\"', header = true)) "
            f"to {target} (format parquet, compression zstd)"
        )


def pandas_load(raw: Path, directory: Path) -> None:
    """The same typed load, as a pandas script does it."""
    import pandas as pd

    frame = pd.read_csv(raw, dtype=PANDAS_TYPES, parse_dates=["sold_at"])  # type: ignore[arg-type]
    frame["amount_cents"] = (frame["total"] * 100).round().astype("int64")
    frame["receipt_key"] = frame["shop"].astype("string") + "/" + frame["till"].astype("string") + "/" + frame["ticket"].astype("string")
    frame["quantity"] = frame["qty"].astype("float64")
    frame.drop(columns=["total", "qty", "till", "ticket"]).drop_duplicates(subset=None, keep="first", ignore_index=False)
    frame.to_parquet(directory / "pandas.parquet", compression="zstd")


def ours(raw: Path, directory: Path, dialect: dict[str, object] | None = None) -> None:
    """Raw file (or files, if its name is a pattern) to a published version of `receipt_lines`, as a month's run makes it."""
    settings, catalogue = Settings(data_dir=directory), load_catalogue()
    mapping = directory / "sources.yaml"
    table = {**MAPPING, "files": raw.name.replace("2025-01", "{year}-{month}"), "dialect": dialect or {}}
    mapping.write_text(yaml.safe_dump({"version": 1, "sources": [{"name": "till", "receipts": table}]}), encoding="utf-8")
    names = ("receipt_lines", "file_ledger", "rejected_lines")
    with open_session(memory_limit=settings.memory_limit, threads=2, spill=directory / "spill") as session:
        install(session.connection, b"0123456789abcdef0123456789abcdef")
        reader = Reader(session, load_mapping(mapping), raw.parent, settings.timezone)
        writers = {
            "receipt_lines": lambda _, target: reader.month(MONTH, catalogue["receipt_lines"], target),
            "file_ledger": lambda session, target: session.write_records(catalogue["file_ledger"], reader.ledger.file_records(), target),
            "rejected_lines": lambda session, target: reader.ledger.write_rejected(session, catalogue["rejected_lines"], target),
        }
        items = [Build(catalogue[name], partition_of(MONTH), writers[name], "", {}) for name in names]
        build(Lake(settings.lake_dir), session, items)
        entries = reader.ledger.file_records()
        assert items[0].version is not None, items[0].refused
        accepted, lines, refused = (sum(entry[f"{name}_count"] for entry in entries) for name in ("accepted", "lines", "rejected"))
        assert items[0].version.rows == accepted == lines - refused


def measured(work: Callable[..., None], raw: Path, *more: object) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak gigabytes of a step on a file, in this process."""
    with tempfile.TemporaryDirectory(dir=raw.parent) as directory:
        start, used = time.perf_counter(), time.process_time()
        work(raw, Path(directory), *more)
        return time.perf_counter() - start, time.process_time() - used, report.peak_gigabytes()


CLEAN, CP1252, PACKED, MIXED, PARTS, DATES = "clean", "cp1252", "gzip", "mixed faults", "mixed faults, 58 files", "bad dates"


def variants(raw: Path) -> dict[str, tuple[Path, dict[str, object]]]:
    """The same lines written otherwise: file, or pattern of files, and dialect."""
    directory = raw.parent
    cp1252 = directory / "cp1252-2025-01.csv"
    with raw.open(encoding="utf-8") as lines, cp1252.open("w", encoding="cp1252") as out:
        while block := lines.read(1 << 22):
            out.write(block)
    packed = directory / "packed-2025-01.csv.gz"
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        rows = f"read_csv({literal(raw)}, all_varchar = true)"
        connection.execute(f"copy (select * from {rows}) to {literal(packed)} (format csv, header, compression gzip)")
    mixed, dates = directory / "mixed-2025-01.csv", directory / "dates-2025-01.csv"
    spoil(raw, [mixed], list(FAULTS))
    spoil(raw, [dates], ["a date"])
    spoil(raw, [directory / f"part-{number:02}-2025-01.csv" for number in range(58)], list(FAULTS))
    return {
        CLEAN: (raw, {}),
        CP1252: (cp1252, {"encoding": "cp1252"}),
        PACKED: (packed, {}),
        MIXED: (mixed, {}),
        PARTS: (directory / "part-*-2025-01.csv", {}),
        DATES: (dates, {}),
    }


BARE, BARE_PACKED, PANDAS = "bare copy, all text", "bare copy, gzip", "pandas"
RATIOS = {  # what, over what, at most
    CLEAN: (BARE, 1.6),
    CP1252: (BARE, 2.0),
    PACKED: (BARE_PACKED, 1.6),
    MIXED: (CLEAN, 2.0),
    PARTS: (CLEAN, 2.0),
    DATES: (CLEAN, 2.0),
}


def measure(options: argparse.Namespace) -> report.Measured:
    """Each step in a process of its own, but for the smallest size."""

    def step(work: Callable[..., None], raw: Path, *more: object) -> tuple[float, float, float]:
        return measured(work, raw, *more) if options.smoke else report.apart(measured, work, raw, *more)

    with tempfile.TemporaryDirectory() as name:
        raw = Path(name) / "lines-2025-01.csv"
        write_raw(raw, options.lines)
        gigabytes = raw.stat().st_size / 1e9
        written = variants(raw)
        steps: dict[str, tuple[Any, ...]] = {BARE: (bare_copy, raw), BARE_PACKED: (bare_copy, written[PACKED][0])}
        steps |= {what: (ours, *files) for what, files in written.items()}
        rounds: dict[str, list[tuple[float, float, float]]] = {}
        for _ in range(options.rounds):
            for what, work in steps.items():
                rounds.setdefault(what, []).append(step(*work))
        rounds[PANDAS] = [step(pandas_load, raw)]  # minutes and gigabytes; once is enough
        for path in Path(name).iterdir():
            path.unlink()
        for lines in options.sizes:
            write_raw(raw, lines)
            rounds[f"clean, {lines:,} lines"] = [step(ours, raw)]
            raw.unlink()
    medians = {what: tuple(statistics.median(values) for values in zip(*found, strict=True)) for what, found in rounds.items()}
    ratios = {
        what: statistics.median(own[1] / other[1] for own, other in zip(rounds[what], rounds[over], strict=True))
        for what, (over, _) in RATIOS.items()
    }
    rows = [
        {"": what, "seconds": seconds, "cpu s": cpu, "peak GB": peak, "× cpu": ratios.get(what, ""), "of": RATIOS.get(what, ("",))[0]}
        for what, (seconds, cpu, peak) in medians.items()
    ]
    report.show(rows, title=f"{options.lines:,} lines, {gigabytes:.2f} GB; median of {options.rounds} alternating rounds (pandas: one)")
    mine, pandas = medians[CLEAN], medians[PANDAS]
    bars = {f"{what}, × processor time of {over} (at most)": report.at_most(ratios[what], most) for what, (over, most) in RATIOS.items()}
    bars |= {
        "times faster than pandas, by the clock (at least)": report.at_least(pandas[0] / mine[0], 2.0),
        "memory, share of pandas' (at most)": report.at_most(mine[2] / pandas[2], 0.25),
        "peak GB, whatever the file (at most)": report.at_most(max(medians[what][2] for what in medians if what != PANDAS), 1.5),
    }
    figures = {f"{what}, {unit}": found[at] for what, found in medians.items() for at, unit in enumerate(("seconds", "cpu_s", "peak_gb"))}
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, default=16_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="*", default=[4_000_000, 64_000_000], help="lines of other files, for peak memory")
    return report.run(measure, parser, argv, smoke={"lines": 2000, "rounds": 1, "sizes": []})


if __name__ == "__main__":
    sys.exit(main())
