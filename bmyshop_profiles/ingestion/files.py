"""Raw files on disk: which exist for a month, and what they are (size, fingerprint, names of their columns).

Not here: what is in them line by line (`careful.py`, `reading.py`).
"""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow.parquet as pq

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.mapping import Dialect, RawTable


@dataclass(frozen=True)
class RawFile:
    """A file as found. `name` is its path below the raw directory; `number` its place in the ledger."""

    number: int
    path: Path
    name: str
    bytes: int
    fingerprint: str


def find_files(root: Path, table: RawTable, month: str | None, *, first_number: int = 0) -> list[RawFile]:
    """Files of a pattern (for a month, where names tell it), sorted by name, numbered from `first_number`.

    Raises:
        BmyshopError: the pattern leaves the root, or a file cannot be read; it is named.
    """
    pattern = table.files
    if table.by_month:
        assert month is not None
        pattern = pattern.replace("{year}", month[:4]).replace("{month}", month[5:])
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise BmyshopError(f"{pattern}: raw files must be below {root}")
    found = sorted(path for path in root.glob(pattern) if path.is_file())
    return [
        RawFile(number, path, path.relative_to(root).as_posix(), path.stat().st_size, fingerprint(path))
        for number, path in enumerate(found, first_number)
    ]


def fingerprint(path: Path) -> str:
    """Digest of a file's content."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BmyshopError(f"{path}: cannot be read ({error.strerror})") from None


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            yield stream  # type: ignore[misc]
    except (OSError, EOFError) as error:
        raise BmyshopError(f"{path}: cannot be read ({error}); is it complete?") from None


def raw_columns(file: RawFile, dialect: Dialect) -> tuple[str, ...]:
    """Names of a file's columns: its header, or those the dialect gives.

    Raises:
        BmyshopError: the header cannot be read, or two columns bear one name.
    """
    if dialect.format == "parquet":
        try:
            return tuple(pq.read_schema(file.path).names)
        except Exception as error:
            raise BmyshopError(f"{file.name}: is not a readable Parquet file ({error})") from None
    if dialect.names and not dialect.header:
        return dialect.names
    with opened(file.path) as stream:
        first = stream.readline()
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    try:
        row = next(csv.reader(io.StringIO(first.decode(encoding)), **csv_options(dialect)), [])
    except UnicodeDecodeError:
        raise BmyshopError(f"{file.name}, line 1: the header is not {dialect.encoding}; correct the encoding in the mapping") from None
    names = tuple(name.strip() for name in row)
    if len({name.lower() for name in names}) < len(names):
        raise BmyshopError(f"{file.name}, line 1: two columns of the header bear the same name: {', '.join(names)}")
    return names


def csv_options(dialect: Dialect) -> dict[str, Any]:
    """The dialect, as Python's csv module calls it."""
    if dialect.quote is None:
        return {"delimiter": dialect.delimiter, "quoting": csv.QUOTE_NONE, "quotechar": None}
    doubled = dialect.escape in (None, dialect.quote)
    return {
        "delimiter": dialect.delimiter,
        "quotechar": dialect.quote,
        "doublequote": doubled,
        "escapechar": None if doubled else dialect.escape,
        "strict": True,
    }
