"""Raw files written by a test, read by ingestion, rows looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install
from bmyshop_profiles_tests.conftest import read_rows

KEY = b"0123456789abcdef0123456789abcdef"

RECEIPTS: dict[str, Any] = {
    "files": "lines-{year}-{month}*.csv",
    "dialect": {"delimiter": ","},
    "columns": {
        "receipt_key": "ticket",
        "sold_at": "strptime(sold, '%Y-%m-%d %H:%M')",
        "store_key": "shop",
        "product_key": "code",
        "label": "label",
        "quantity": "qty::decimal(12, 3)",
        "amount_cents": "(total::decimal(12, 2) * 100)::bigint",
        "member_id": "member",
    },
}
HEADER = "ticket,sold,shop,code,label,qty,total,member\n"


@dataclass
class Read:
    """What a reading gave."""

    rows: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    rejected: list[dict[str, Any]]

    def counts(self) -> list[tuple[int, int, int, int]]:
        """Lines read, accepted, duplicate, rejected of each file."""
        names = ("lines_count", "accepted_count", "duplicate_count", "rejected_count")
        return [tuple(entry[name] for name in names) for entry in self.ledger]  # type: ignore[misc]

    def reasons(self) -> list[tuple[str, int, str, str | None]]:
        """File, line, code, column of each refused line."""
        return [(line["file"], line["line_number"], line["code"], line["column_name"]) for line in self.rejected]


def write_mapping(root: Path, receipts: dict[str, Any], **source: Any) -> Path:
    path = root / "sources.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "sources": [{"name": "till", "receipts": receipts, **source}]}), encoding="utf-8")
    return path


@pytest.fixture
def ingest(session: Session, tmp_path: Path) -> Callable[..., Read]:
    """Write files, read a month of them (or, with month=None, the files that tell none)."""

    def run(
        files: dict[str, str | bytes],
        *,
        month: str | None = "2025-01",
        receipts: dict[str, Any] | None = None,
        kind: str = "receipts",
        **source: Any,
    ) -> Read:
        root = tmp_path / "raw"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        root.mkdir(exist_ok=True)
        install(session.connection, KEY)
        reader = Reader(session, load_mapping(write_mapping(root, receipts or RECEIPTS, **source)), root, "Europe/Paris")
        catalogue, target = load_catalogue(), tmp_path / "out"
        target.mkdir(exist_ok=True)
        if month is not None:
            reader.month(month, catalogue["receipt_lines"], target)
        elif kind == "members":
            reader.members(catalogue["staged_members"], target, Lake(tmp_path / "vault"))
        else:
            table = "staged_receipt_lines" if kind == "receipts" else f"staged_{kind}"
            reader.undated(kind, catalogue[table], target)
        rows = read_rows(session, sorted(target.glob("*.parquet")))
        refused = tmp_path / "refused"
        refused.mkdir(exist_ok=True)
        reader.ledger.write_rejected(session, catalogue["rejected_lines"], refused)
        rejected = sorted(read_rows(session, list(refused.glob("*.parquet"))), key=lambda line: (line["file_number"], line["line_number"]))
        return Read(rows, reader.ledger.file_records(), rejected)

    return run
