"""Bounded samples of raw files, whatever their size: the beginning, and pieces from there to the end; decompressed, cut at line ends.

Here: bytes and rows of a sample. Not here: what they mean (`dialects.py`, `guesses.py`), whole files (`files.py`, `reading.py`).
"""

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.reading.contents import LOOKED_AT, ends_in_returns, is_array, is_utf16
from bmyshop_profiles.ingestion.reading.files import PACKED, opened

HEAD_BYTES = 8 << 20
PIECES, PIECE_BYTES = 24, 256 << 10
PARQUET_ROWS, PARQUET_BATCHES = 10_000, 200
ZEROS = 0.05  # share of zero bytes that is no accident


@dataclass(frozen=True)
class Sample:
    """Lines of a text file: `head` from its beginning, `pieces` from further on, all of whole lines. `whole`: nothing was left out."""

    path: Path
    head: bytes
    pieces: tuple[bytes, ...]
    whole: bool
    encoding: str | None = None  # where the content is no longer written as the file is

    @property
    def content(self) -> bytes:
        """All of it, in order."""
        return b"".join((self.head, *self.pieces))


def is_parquet(path: Path) -> bool:
    """By its first bytes."""
    with _readable(path), path.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def sample_of(path: Path, *, head: int = HEAD_BYTES, pieces: int = PIECES, piece: int = PIECE_BYTES) -> Sample:
    """A sample of a text file of at most `head + pieces × piece` bytes; a packed file is looked at from its beginning only.

    Raises:
        BmyshopError: the file cannot be read, or is empty.
    """
    budget = head + pieces * piece
    with _readable(path), opened(path) as stream:
        if path.suffix.lower() in PACKED:
            start = stream.read(budget + 1)
            found = Sample(path, start if len(start) <= budget else _whole_lines(start), (), len(start) <= budget)
        else:
            size = path.stat().st_size
            if size <= budget:
                found = Sample(path, stream.read(budget), (), True)
            else:
                start = _whole_lines(stream.read(head))
                places = (head + (size - head - piece) * number // max(pieces - 1, 1) for number in range(pieces))
                found = Sample(path, start, tuple(_piece(stream, place, piece) for place in places), False)
    if not found.head.strip():
        raise BmyshopError(f"{path}: is empty")
    if is_utf16(found.head):
        found = _from_utf16(found)
    if is_array(found.head):
        found = _from_array(found)
    if found.head[:4096].count(0) > ZEROS * len(found.head[:4096]):
        raise BmyshopError(
            f"{path}: is neither UTF-8, cp1252 or latin-1 text nor Parquet (its first bytes hold zeros; UTF-16?); convert it to UTF-8 first"
        )
    if ends_in_returns(found.head[:LOOKED_AT]):
        found = replace(found, head=found.head.replace(b"\r", b"\n"), pieces=tuple(each.replace(b"\r", b"\n") for each in found.pieces))
    return found


def _from_utf16(sample: Sample) -> Sample:
    """The beginning alone: further pieces may start within a character."""
    text = sample.head[: len(sample.head) // 2 * 2].decode("utf-16", errors="ignore")
    return Sample(sample.path, text.encode() if sample.whole else _whole_lines(text.encode()), (), sample.whole, "utf-16")


def _from_array(sample: Sample) -> Sample:
    """Each object of a JSON array on a line of its own, as far as the beginning of the file goes."""
    text = sample.head.decode("utf-8-sig", errors="replace")
    decoder = json.JSONDecoder(parse_float=str, parse_int=str)
    place, lines = text.index("[") + 1, []
    while match := re.compile(r"[\s,]*(?=[{\[])").match(text, place):
        try:
            document, place = decoder.raw_decode(text, match.end())
        except ValueError:
            break
        lines.append(json.dumps(document, ensure_ascii=False))
    return Sample(sample.path, "".join(f"{line}\n" for line in lines).encode(errors="replace") or sample.head, (), sample.whole)


def parquet_sample(path: Path, *, rows: int = PARQUET_ROWS) -> tuple[pa.Table, bool]:
    """Rows from four places of each of the first, middle and last row groups, and whether that is the whole file.

    Raises:
        BmyshopError: it is not a readable Parquet file, or holds no rows.
    """
    try:
        with pq.ParquetFile(path) as file:
            groups = sorted({0, file.num_row_groups // 2, file.num_row_groups - 1}) if file.num_row_groups else []
            batches = [batch for group in groups for batch in _places(file, group, rows)]
            if not sum(batch.num_rows for batch in batches):
                raise BmyshopError(f"{path}: holds no rows")
            table = pa.Table.from_batches(batches)
            return table, table.num_rows == file.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise BmyshopError(f"{path}: is not a readable Parquet file ({error})") from None


def _places(file: pq.ParquetFile, group: int, rows: int) -> Iterator[pa.RecordBatch]:
    """The first batch of a row group and three more, evenly spread over what a second or two reads of it."""
    most = min(-(-file.metadata.row_group(group).num_rows // rows), PARQUET_BATCHES)
    wanted = {0, most // 3, 2 * most // 3, most - 1}
    for number, batch in enumerate(file.iter_batches(batch_size=rows, row_groups=[group])):
        if number in wanted:
            yield batch
        if number >= most - 1:
            return


def _whole_lines(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1] or data


def _piece(stream: BinaryIO, place: int, length: int) -> bytes:
    """Whole lines from a place on; the line the place falls into is left out."""
    stream.seek(place)
    data = stream.read(length)
    return _whole_lines(data[data.find(b"\n") + 1 :])


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, zlib.error, zipfile.BadZipFile) as error:
        raise BmyshopError(f"{path}: cannot be read ({error}); is it complete?") from None
