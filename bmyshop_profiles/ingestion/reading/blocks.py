"""Lines of a raw text file by blocks of some megabytes: which are plainly well formed, and which need care.

Here: what arrays of bytes can tell. Plain lines go on as the bytes they are; of the others only the place is known. Not here: what is
wrong with an odd line, records of several lines (`careful.py`).
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.mapping.mapping import Dialect

BLOCK = 4 << 20  # bytes looked at together
DECODED = 1 << 16  # bytes decoded at once: an error costs a copy of them
THREADS = 2  # numpy and Arrow let go of the interpreter
LONGEST_LINE = 500_000  # characters: at most the 2 MB that DuckDB takes for one line
LONGEST_TEXT_WITHOUT_END = 64 << 20  # bytes: no export of a till
NO_DELIMITER = "\x01"  # a character that no JSON text may hold: the delimiter that makes a line one field
LINE_FEED, RETURN, BLANK = b"\n\r "


def delimiter_of(dialect: Dialect) -> str:
    """What parts the fields of plain lines."""
    return NO_DELIMITER if dialect.format == "json" else dialect.delimiter


def quote_of(dialect: Dialect) -> str | None:
    """What fields of plain lines may be quoted with, itself doubled inside; None where nothing quotes."""
    return None if dialect.format == "json" else dialect.quote or '"'


@dataclass
class Block:
    """Some whole lines: the number of the first, their text in UTF-8 (bytes that are no text as they stood), which of them are odd.

    `flat` is the text without carriage returns before line feeds, `starts` and `ends` are where its lines begin and where their line feeds
    are. `taken`: lines that are dealt with, or none.
    """

    first: int
    dialect: Dialect
    text: bytes
    flat: bytes
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    odd: NDArray[np.bool_]
    taken: NDArray[np.bool_]

    @cached_property
    def _ends_in_text(self) -> NDArray[np.intp]:
        return self.ends if self.flat is self.text else np.flatnonzero(np.frombuffer(self.text, np.uint8) == LINE_FEED)

    def line(self, place: int) -> str | bytes:
        """One line without its line feed; as the bytes of the file where they are no text in its encoding."""
        ends = self._ends_in_text
        line = self.text[ends[place - 1] + 1 if place else 0 : ends[place]]
        try:
            return line.decode()
        except UnicodeDecodeError:
            return line.decode("utf-8", "surrogateescape").encode(self.dialect.encoding, "surrogateescape")

    def plain(self) -> tuple[int, pa.Buffer | bytes]:
        """How many lines are plain, and these with their numbers before them."""
        wanted = ~(self.odd | self.taken)
        count = int(np.count_nonzero(wanted))
        if not count:
            return 0, b""
        offsets = np.append(self.starts, len(self.flat)).astype(np.int32)
        lines = pa.BinaryArray.from_buffers(pa.binary(), len(self.ends), [None, pa.py_buffer(offsets), pa.py_buffer(self.flat)])
        numbers = pa.array(np.flatnonzero(wanted) + self.first).cast(pa.string()).cast(pa.binary())
        numbered = pc.binary_join_element_wise(numbers, lines.filter(pa.array(wanted)), delimiter_of(self.dialect).encode())
        return count, numbered.buffers()[2]


def blocks(stream: BinaryIO, dialect: Dialect, columns: int, path: Path) -> Iterator[Block]:
    """All lines of a file, looked at. columns: fields a record must have."""
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: deque[Future[Block]] = deque()
        for first, raw in _whole_lines(stream, path):
            waiting.append(pool.submit(look_at, first, raw, dialect, columns))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _whole_lines(stream: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    """Blocks of whole lines, each line with a line feed, and the number of the first."""
    first = 1
    while raw := stream.read(BLOCK):
        rest = stream.readline(LONGEST_TEXT_WITHOUT_END)
        if len(rest) == LONGEST_TEXT_WITHOUT_END:
            raise BmyshopError(f"{path}: has {LONGEST_TEXT_WITHOUT_END:,} bytes without a line end; is there one record per line?")
        raw = raw + rest
        if not raw.endswith(b"\n"):
            raw += b"\n"
        yield first, raw.removeprefix(b"\xef\xbb\xbf") if first == 1 else raw
        first += raw.count(b"\n")


def look_at(first: int, raw: bytes, dialect: Dialect, columns: int) -> Block:
    """Tell plain lines from odd ones: as many fields as needed, quotes that open and close around whole fields, nothing else unusual."""
    encoding = dialect.encoding
    text = raw if encoding == "utf-8" else raw.decode(encoding, "surrogateescape").encode("utf-8", "surrogateescape")
    flat = text
    while b"\r" in flat and b"\r\n" in flat:  # one letter is looked for eighty times faster than two
        flat = flat.replace(b"\r\n", b"\n")
    letters = np.frombuffer(flat, np.uint8)
    ends = np.flatnonzero(letters == LINE_FEED)
    starts = np.concatenate(([0], ends[:-1] + 1))
    odd = ends - starts > LONGEST_LINE
    odd[_lines_that_are_no_text(flat, ends)] = True
    if dialect.format == "json":
        odd |= letters[starts] <= BLANK
    odd |= _are_ill_formed(letters, ends, dialect, columns)
    taken = starts == ends
    passed = dialect.skip_lines + (dialect.header and dialect.format == "csv")
    taken[: max(0, passed + 1 - first)] = True
    return Block(first, dialect, text, flat, starts, ends, odd, taken)


def _lines_that_are_no_text(text: bytes, ends: NDArray[np.intp]) -> list[int]:
    lines, place = [], 0
    while place < len(text):
        end = text.find(b"\n", place + DECODED) + 1 or len(text)
        try:
            text[place:end].decode()
            place = end
        except UnicodeDecodeError as error:
            lines.append(int(np.searchsorted(ends, place + error.start)))
            place = int(ends[lines[-1]]) + 1
    return lines


def _are_ill_formed(letters: NDArray[np.uint8], ends: NDArray[np.intp], dialect: Dialect, columns: int) -> NDArray[np.bool_]:
    """Lines with other than so many fields, or with something in them that only their text tells the meaning of."""
    delimiter, quote, escape = (mark.encode() for mark in (delimiter_of(dialect), quote_of(dialect) or "", dialect.escape or ""))
    if max(len(delimiter), len(quote), len(escape)) > 1:
        return np.ones(len(ends), dtype=bool)
    odd = _have(RETURN, letters, ends)
    parts = np.flatnonzero(letters == delimiter[0])
    if quote and dialect.quote is None:
        odd |= _have(quote[0], letters, ends)
    elif quote:
        if escape not in (b"", quote):
            odd |= _have(escape[0], letters, ends)
        quotes = np.flatnonzero(letters == quote[0])
        counts = np.diff(np.searchsorted(quotes, ends), prepend=0)
        is_open = counts % 2 == 1
        quotes = quotes[np.repeat(~is_open, counts)]  # in pairs, none of which spans lines
        opening, closing = quotes[::2], quotes[1::2]
        may_touch = np.zeros(256, dtype=bool)
        may_touch[[LINE_FEED, delimiter[0], quote[0]]] = True  # between two others, a quote beside a quote is one written twice
        is_apart = may_touch[letters[opening - 1]] & may_touch[letters[closing + 1]]  # before the first letter is the last line feed
        odd |= is_open
        odd[np.searchsorted(ends, opening[~is_apart])] = True
        parts = parts[np.searchsorted(quotes, parts) % 2 == 0]  # those outside of quotes
    return odd | (np.diff(np.searchsorted(parts, ends), prepend=0) != columns - 1)


def _have(letter: int, letters: NDArray[np.uint8], ends: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Lines in which a letter is."""
    return np.bincount(np.searchsorted(ends, np.flatnonzero(letters == letter)), minlength=len(ends)) > 0
