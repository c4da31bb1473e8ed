"""Speed and memory of ingestion: a month of raw CSV (16 million lines, about 1.5 GB) from raw file to `receipt_lines`, with
fingerprint, ledger, duplicates, content hash and checks.

References in the same run, each step in a process of its own, alternating: DuckDB's bare copy of the same file, all columns text,
to Parquet; and a pandas script that does the same typed load. Beside them the same lines in cp1252, gzipped, and with 0.1 % of bad
lines; and the peak memory for files of other sizes.
Usage: python -m benchmarks.ingestion.ingest [--lines 16000000] [--rounds 3] [--sizes 4000000 64000000]
"""

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

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


def spoil(source: Path, target: Path) -> None:
    """The same lines, one in a thousand with a date that is none."""
    with source.open("rb") as lines, target.open("wb") as out:
        for number, line in enumerate(lines):
            out.write(line.replace(b"2025-", b"2O25-", 1) if number % 1000 == 999 else line)


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
    """Raw file to a published version of `receipt_lines`, as a month's run makes it."""
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
        [entry] = reader.ledger.file_records()
        assert items[0].version is not None, items[0].refused
        assert items[0].version.rows == entry["accepted_count"] == entry["lines_count"] - entry["rejected_count"]


def measured(work: Callable[..., None], raw: Path, *more: object) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak gigabytes of a step on a file, in this process."""
    with tempfile.TemporaryDirectory(dir=raw.parent) as directory:
        start = time.perf_counter()
        work(raw, Path(directory), *more)
        used = resource.getrusage(resource.RUSAGE_SELF)
        return time.perf_counter() - start, used.ru_utime + used.ru_stime, report.peak_gigabytes()


def variants(raw: Path):  # type: ignore[no-untyped-def]
    """The same lines written otherwise: (what, file, dialect)."""
    cp1252 = raw.with_name("cp1252-2025-01.csv")
    with raw.open(encoding="utf-8") as lines, cp1252.open("w", encoding="cp1252") as out:
        while block := lines.read(1 << 22):
            out.write(block)
    yield "the same in cp1252", cp1252, {"encoding": "cp1252"}
    packed = raw.with_name("packed-2025-01.csv.gz")
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        rows = f"read_csv({literal(raw)}, all_varchar = true)"
        connection.execute(f"copy (select * from {rows}) to {literal(packed)} (format csv, header, compression gzip)")
    yield "the same, gzip", packed, {}
    spoiled = raw.with_name("spoiled-2025-01.csv")
    spoil(raw, spoiled)
    yield "the same, 0.1 % bad lines", spoiled, {}


def measure(options: argparse.Namespace) -> report.Measured:
    """Each step in a process of its own, but for the smallest size."""
    figures: dict[str, float] = {}
    rows: list[dict[str, object]] = []

    def step(work: Callable[..., None], raw: Path, *more: object) -> tuple[float, float, float]:
        return measured(work, raw, *more) if options.smoke else report.apart(measured, work, raw, *more)

    with tempfile.TemporaryDirectory() as directory:
        raw = Path(directory) / "lines-2025-01.csv"
        write_raw(raw, options.lines)
        size = raw.stat().st_size / 1e9
        steps: dict[str, Callable[..., None]] = {"bare copy, all text": bare_copy, "raw to receipt_lines": ours, "pandas": pandas_load}
        rounds: dict[str, list[tuple[float, float, float]]] = {name: [] for name in steps}
        for number in range(options.rounds):
            for name, work in steps.items():
                if name != "pandas" or number == 0:  # minutes and gigabytes; once is enough
                    rounds[name].append(step(work, raw))
        medians = {name: tuple(statistics.median(values) for values in zip(*found, strict=True)) for name, found in rounds.items()}
        floor = medians["bare copy, all text"][0]

        def row(name: str, found: tuple[float, ...], gigabytes: float) -> None:
            own = {"seconds": found[0], "MB/s": gigabytes * 1000 / found[0], "cpu s": found[1], "peak GB": found[2]}
            rows.append({"": name, "GB": gigabytes, **own, "× copy of the first": found[0] / floor})
            figures.update({f"{name}, seconds": found[0], f"{name}, peak_gb": found[2]})

        for name, found in medians.items():
            row(name, found, size)
        for name, other, dialect in variants(raw):
            row(name, step(ours, other, dialect), size)
            other.unlink()
        raw.unlink()
        peaks = [medians["raw to receipt_lines"][2]]
        for lines in options.sizes:
            write_raw(raw, lines)
            found = step(ours, raw)
            row(f"raw to receipt_lines, {lines:,} lines", found, raw.stat().st_size / 1e9)
            peaks.append(found[2])
            raw.unlink()
    report.show(rows, title=f"{options.lines:,} lines; median of {options.rounds} alternating rounds (pandas: one)")
    mine, pandas = medians["raw to receipt_lines"], medians["pandas"]
    bars = {
        "times the bare copy (at most)": report.at_most(mine[0] / floor, 1.6),
        "times faster than pandas (at least)": report.at_least(pandas[0] / mine[0], 2.0),
        "memory, share of pandas' (at most)": report.at_most(mine[2] / pandas[2], 0.25),
        "peak GB, whatever the size (at most)": report.at_most(max(peaks), 1.5),
    }
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, default=16_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="*", default=[4_000_000, 64_000_000], help="lines of other files, for peak memory")
    return report.run(measure, parser, argv, smoke={"lines": 2000, "rounds": 1, "sizes": []})


if __name__ == "__main__":
    sys.exit(main())
