"""What came of reading files: the ledger's entries, rows in Parquet, and rewriting these.

Not here: how files are read (`reading.py`).
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.reading.files import RawFile

PACKED = "compression zstd, compression_level 1"  # a quarter less time than the default level, a tenth more bytes


@dataclass
class Entry:
    """One file of the ledger: lines_count = accepted_count + duplicate_count + rejected_count."""

    file: RawFile
    lines_count: int = 0
    accepted_count: int = 0
    duplicate_count: int = 0
    rejected_count: int = 0
    same_content_as: str | None = None


@dataclass
class Reading:
    """What came of reading some files.

    Rows are in `path` (canonical columns and file_number), refused lines, if any, in `rejected` (file_number, line_number,
    element_number, code, column_name, raw_text).
    """

    path: Path
    entries: list[Entry] = field(default_factory=list)
    rejected: Path | None = None


def rewrite(session: Session, path: Path, select: str) -> None:
    """Put the rows of a select, which may read the file itself, in a Parquet file's place."""
    other = path.with_suffix(".rewritten")
    session.execute(f"copy ({select}) to {literal(other)} (format parquet, {PACKED})")
    shutil.move(other, path)
