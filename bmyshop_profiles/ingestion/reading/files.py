"""Raw files on disk: which exist for a month, and what they are (size, fingerprint, names of their columns).

Not here: what is in them line by line (`careful.py`, `reading.py`).
"""

import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.mapping.expressions import fold
from bmyshop_profiles.ingestion.mapping.mapping import PLACEHOLDERS, Dialect, RawTable
from bmyshop_profiles.ingestion.reading.workbooks import as_csv

PACKED = (".gz", ".zst", ".zip", ".xlsx")  # what `opened` makes text of
LONGEST_HEADER = 1 << 20  # bytes


@dataclass(frozen=True)
class RawFile:
    """A file as found.

    `name` is its path below the raw directory; `number` its place in the ledger; `told` what the placeholders of its pattern
    stand for (file_month: 01…); `changed` its time of last change, in nanoseconds; `lines_count` its physical lines, None
    where it is packed or Parquet.
    """

    number: int
    path: Path
    name: str
    bytes: int
    fingerprint: str
    changed: int = 0
    told: dict[str, str] = field(default_factory=dict)
    lines_count: int | None = None


def find_files(root: Path, table: RawTable, month: str | None, *, first_number: int = 0) -> list[RawFile]:
    """Files of a pattern (for a month, where names tell it), sorted by name, numbered from `first_number`.

    Raises:
        BmyshopError: the pattern leaves the root, or a file cannot be read; it is named.
    """
    found: list[RawFile] = []
    for path, told in sorted(matching(root, table), key=lambda match: match[0]):
        if month is None or f"{told['file_year']}-{told['file_month']}" == month:
            try:
                state = path.stat()
            except OSError as error:
                raise BmyshopError(f"{path}: cannot be read ({error.strerror})") from None
            name, number = path.relative_to(root).as_posix(), first_number + len(found)
            digest, lines = fingerprint(path)
            plain = table.dialect.format != "parquet" and path.suffix.lower() not in PACKED
            found.append(RawFile(number, path, name, state.st_size, digest, state.st_mtime_ns, told, lines if plain else None))
    return found


def matching(root: Path, table: RawTable) -> list[tuple[Path, dict[str, str]]]:
    """Files whose name fits a pattern, with what its placeholders stand for, unread.

    Raises:
        BmyshopError: the pattern, or a link among the files, leaves the root.
    """
    if Path(table.files).is_absolute() or ".." in Path(table.files).parts:
        raise BmyshopError(f"{table.files}: raw files must be below {root}")
    placeholder = re.compile(r"{(\w+)}")
    glob = re.sub(r"\*{2,}(?!/)|(?<=[^/])\*{2,}", "*", placeholder.sub("*", table.files))  # ** is a whole part of a path
    names: set[str] = set()
    expression = ""
    for part in re.split(r"({\w+}|\*\*/|\*|\?|\[[^]]*\])", table.files):
        if mark := placeholder.fullmatch(part):
            name = mark[1]
            expression += f"(?P=file_{name})" if name in names else f"(?P<file_{name}>{PLACEHOLDERS[name]})"
            names.add(name)
        elif part.startswith("["):
            expression += part.replace("[!", "[^")
        else:
            expression += {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}.get(part) or re.escape(part)
    fits = re.compile(expression)
    found = []
    for path in root.glob(glob):
        match = fits.fullmatch(path.relative_to(root).as_posix())
        if match and path.is_file():
            if not path.resolve().is_relative_to(root.resolve()):
                raise BmyshopError(f"{path.relative_to(root).as_posix()}: is a link to a file outside {root}; raw files must be below it")
            found.append((path, match.groupdict()))
    return found


def check_unchanged(files: Iterable[RawFile]) -> None:
    """Refuse a reading whose files changed meanwhile: part of a file would pass for the whole.

    Raises:
        BmyshopError: one did; it is named.
    """
    for file in files:
        state = file.path.stat() if file.path.exists() else None
        if state is None or (state.st_size, state.st_mtime_ns) != (file.bytes, file.changed):
            raise BmyshopError(f"{file.name}: changed while it was read; nothing of it was kept. Run again when it is complete")


def fingerprint(path: Path) -> tuple[str, int]:
    """Digest of a file's content, and its number of lines (see `count_lines`), in one pass."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            lines = count_lines(stream, digest.update)
    except OSError as error:
        raise BmyshopError(f"{path}: cannot be read ({error.strerror})") from None
    return digest.hexdigest(), lines


def parquet_layout(file: RawFile) -> tuple[str, int]:
    """Types of a Parquet file's columns, in words, and its rows."""
    read = pq.ParquetFile(file.path)
    return str(read.schema_arrow.types), read.metadata.num_rows


def count_lines(stream: BinaryIO, seen: Callable[[bytes], object] = len) -> int:
    """Physical lines of a stream, empty ones at its end apart; `seen` is called with each block of bytes."""
    count, pending, is_empty = 0, 0, True  # pending: line ends since the last byte of text
    while block := stream.read(1 << 20):
        seen(block)
        text = block.rstrip(b"\r\n")
        if text:
            count, pending, is_empty = count + pending + text.count(b"\n"), 0, False
        pending += block.count(b"\n", len(text))
    return 0 if is_empty else count + 1


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed; of a workbook, its first sheet as CSV."""
    suffix = path.suffix.lower()
    try:
        if suffix in (".gz", ".zst"):
            with io.BufferedReader(pa.input_stream(path, compression={".gz": "gzip", ".zst": "zstd"}[suffix])) as unpacked:
                yield unpacked
        elif suffix == ".zip":
            with zipfile.ZipFile(path) as archive, archive.open(_only_member(archive, path)) as member:
                yield member  # type: ignore[misc]
        elif suffix == ".xlsx":
            yield io.BytesIO(as_csv(path))
        else:
            with path.open("rb") as stream:
                yield stream
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError) as error:
        raise BmyshopError(f"{path}: cannot be read ({error}); is it complete?") from None


def _only_member(archive: zipfile.ZipFile, path: Path) -> str:
    """The one file of an archive."""
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if len(names) != 1:
        raise BmyshopError(f"{path}: holds {len(names)} files, where a raw file that is zipped holds one; unpack it")
    if archive.getinfo(names[0]).flag_bits & 1:
        raise BmyshopError(f"{path}: asks for a password; unpack it")
    return names[0]


def raw_columns(file: RawFile, table: RawTable) -> tuple[str, ...]:
    """Names of a file's columns: its header, or those the dialect gives; of JSON, the fields that the mapping reads; none if it is empty.

    Raises:
        BmyshopError: the header cannot be read, or two columns bear one name.
    """
    dialect = table.dialect
    if dialect.format == "json":
        return tuple(sorted(table.raw_columns))
    if dialect.format == "parquet":
        try:
            return tuple(pq.read_schema(file.path).names)
        except Exception as error:
            raise BmyshopError(f"{file.name}: is not a readable Parquet file ({error})") from None
    if dialect.names and not dialect.header:
        return dialect.names
    where = f"{file.name}, line {dialect.skip_lines + 1}"
    with opened(file.path) as stream:
        for _ in range(dialect.skip_lines):
            stream.readline(LONGEST_HEADER)
        first = stream.readline(LONGEST_HEADER)
        if not first.strip(b"\xef\xbb\xbf\r\n"):
            if stream.read(1 << 16).strip():
                raise BmyshopError(f"{where}: is empty, where the header should be; skip_lines says how many lines stand before it")
            return ()
    if dialect.encoding != "utf-8" and first.startswith(b"\xef\xbb\xbf"):
        raise BmyshopError(f"{where}: a byte order mark says utf-8, not {dialect.encoding}; correct the encoding in the mapping")
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    try:
        row = next(csv.reader(io.StringIO(first.decode(encoding)), **csv_options(dialect)), [])
    except UnicodeDecodeError:
        raise BmyshopError(f"{where}: the header is not {dialect.encoding}; correct the encoding in the mapping") from None
    except csv.Error as error:
        raise BmyshopError(f"{where}: the header is not well formed ({error}); correct the dialect in the mapping") from None
    names = tuple(name.strip() or f"column{number}" for number, name in enumerate(row, 1))
    folded = [fold(name) for name in names]
    if twice := [number for number, name in enumerate(folded, 1) if folded.count(name) > 1]:  # by number: it may be a line about people
        raise BmyshopError(f"{where}: columns {', '.join(map(str, twice))} of the header bear the same name as another one")
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
