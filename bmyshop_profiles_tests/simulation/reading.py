"""Reads simulated files with nothing of the simulator but their dialects, so that tests do not believe what they test."""

import csv
import gzip
import hashlib
import io
import json
from pathlib import Path

import duckdb

from bmyshop_profiles.simulation import Parameters, SimulatedNetwork, simulate

DAMAGED = ("too_many_fields", "unreadable_date", "unreadable_amount", "other_month")


def small(directory: Path, seed: int = 0, months: int = 2, threads: int | None = None, **parameters: object) -> SimulatedNetwork:
    """Two shops in three damaged thirty times as often as by default: a file of 1,500 lines shows every defect."""
    chosen = Parameters(**({"defects": 30.0} | parameters))  # type: ignore[arg-type]
    return simulate(
        directory, seed=seed, stores=6, members=60, anonymous_shoppers=200, months=months, lines=6000, threads=threads, parameters=chosen
    )


def fingerprints(directory: Path) -> dict[str, str]:
    files = sorted(file for file in directory.rglob("*") if file.is_file())
    return {str(file.relative_to(directory)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def truth(network: SimulatedNetwork, table: str, select: str = "select * from truth") -> list[tuple]:
    """Rows of a table of the truth, one file or many."""
    path = network.directory / "truth" / table
    with duckdb.connect() as con:
        con.execute(f"create view truth as from '{path / '*.parquet' if path.is_dir() else path.with_suffix('.parquet')}'")
        return con.execute(select).fetchall()


def raw_text(file: Path) -> str:
    return gzip.decompress(file.read_bytes()).decode("cp1252") if file.suffix == ".gz" else file.read_text(encoding="utf-8")


def receipt_files(network: SimulatedNetwork) -> list[Path]:
    return sorted([*network.directory.glob("raw/caisse_a/*.csv"), *network.directory.glob("raw/caisse_b/*.csv.gz")])


def read_lines(network: SimulatedNetwork) -> list[tuple[str, int, str, dict[str, str]]]:
    """File, line number, source and raw columns of every line of the two text tills."""
    found = []
    for file in receipt_files(network):
        name = file.relative_to(network.directory).as_posix()
        source = file.parent.name
        reader = csv.DictReader(io.StringIO(raw_text(file), newline=""), delimiter="," if source == "caisse_a" else ";")
        for number, row in enumerate(reader, start=2):
            found.append((name, number, source, row))
    return found


def read_documents(file: Path) -> list[dict | None]:
    """The documents of a file of them, None where one cannot be read."""
    found: list[dict | None] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            found.append(None)
    return found


def key_of(source: str, row: dict[str, str]) -> str:
    if source == "caisse_a":
        return "/".join((row["shop"], row["sold_at"][:10], row["till"], row["ticket"]))
    return "/".join((row["Magasin"], row["Date"], row["Caisse"], row["N° ticket"]))


def cents_of(source: str, row: dict[str, str]) -> int:
    return round(float(row["total"] if source == "caisse_a" else row["Montant"].replace(",", ".")) * 100)
