"""What a raw file is by its first bytes, where it is no text: a spreadsheet under the name of a CSV, an archive, a document.

And text that no reader takes for lines: in a zip, in UTF-16, with carriage returns alone, as one JSON array. Not here: what a draft makes
of it (`samples.py`).
"""

import codecs
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.ingestion.reading.files import PACKED, RawFile, count_lines, opened

if TYPE_CHECKING:
    from bmyshop_profiles.ingestion.reading.relations import Context

LOOKED_AT = 1 << 16
_SAVE = "open it and save the sheet as CSV (UTF-8)"
# first bytes; what it is; what to do
KNOWN: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive", "unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", _SAVE),
    (b"%PDF", "a PDF document", "ask for the same export as CSV"),
    (b"\x1f\x8b", "gzipped", "let its name end in .gz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "let its name end in .zst"),
    (b"BZh", "compressed with bzip2", "unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"Rar!", "a RAR archive", "unpack it"),
    (b"SQLite format 3", "an SQLite database", "export its tables as CSV"),
    (b"{\\rtf", "an RTF document", "ask for the same export as CSV"),
)
_MARKUP = (b"<!doctype html", b"<html", b"<table", b"<?xml")


def what_it_is(first: bytes) -> str | None:
    """What the first bytes of a file say it is, and what to do; None where it may be text."""
    if first.startswith(b"PK\x03\x04") and (b"xl/" in first or b"[Content_Types].xml" in first):
        return "is an Excel workbook, not text; let its name end in .xlsx, or save the sheet as CSV (UTF-8)"
    for start, what, remedy in KNOWN:
        if first.startswith(start):
            return f"is {what}, not text; {remedy}"
    if first.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MARKUP):
        return f"is a page of HTML or XML, as some tills write under the name of .xls; {_SAVE}"
    return None


def refuse_no_text(path: Path, name: str) -> None:
    """Refuse a file that is something else than text, whatever its name.

    Raises:
        BmyshopError: it is; what it is, is named.
    """
    with opened(path) as stream:
        what = what_it_is(stream.read(LOOKED_AT))
    if what:
        raise BmyshopError(f"{name}: {what}")


def ends_in_returns(first: bytes) -> bool:
    """Lines end in carriage returns alone, as old Macs and some tills write them."""
    return b"\r" in first and b"\n" not in first


def is_utf16(first: bytes) -> bool:
    """By its mark, or by a zero in every second byte."""
    return first.startswith((b"\xff\xfe", b"\xfe\xff")) or first[1:4096:2].count(0) > 0.5 * len(first[1:4096:2]) > 0


def is_array(first: bytes) -> bool:
    """One JSON array of objects."""
    return bool(re.match(rb"\s*\[\s*\{", first.removeprefix(b"\xef\xbb\xbf")))


def in_utf8(context: "Context") -> "Context":
    """Reading of copies in UTF-8, which `as_lines` makes of UTF-16."""
    dialect = context.table.dialect
    if dialect.encoding != "utf-16":
        return context
    return replace(context, table=context.table.model_copy(update={"dialect": dialect.model_copy(update={"encoding": "utf-8"})}))


def as_lines(session: Session, context: "Context", files: Sequence[RawFile]) -> list[RawFile]:
    """The files; of those that no reader takes as lines of text (in a zip, UTF-16, ending in returns alone, a JSON array), a copy that is.

    Raises:
        BmyshopError: a file is no text, or is not in the encoding that the mapping says.
    """
    found = []
    dialect = context.table.dialect
    for file in files:
        refuse_no_text(file.path, file.name)
        with opened(file.path) as stream:
            first = stream.read(LOOKED_AT)
        if first and is_utf16(first) != (dialect.encoding == "utf-16"):
            raise BmyshopError(f"{file.name}: {'is' if is_utf16(first) else 'is not'} UTF-16; correct the encoding in the mapping")
        target = context.spill / f"lines-{context.source.name}-{context.kind}-{file.number}.text"
        if dialect.format == "json" and is_array(first):
            lines = _unpacked_array(session, file, target)
        else:
            lines = _copied(file, target, _decoder(first), has_returns=ends_in_returns(first))
        found.append(file if lines is None else replace(file, path=target, lines_count=lines))
    return found


def _decoder(first: bytes) -> str | None:
    """The codec of UTF-16; without a mark it is as Windows writes it."""
    if not is_utf16(first):
        return None
    return "utf-16" if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-16-le"


def _copied(file: RawFile, target: Path, codec: str | None, *, has_returns: bool) -> int | None:
    """A copy in UTF-8 with line feeds, where the file needs one, and its lines."""
    if not (has_returns or codec):
        if file.path.suffix.lower() not in PACKED:
            return None
        with target.open("wb") as out, opened(file.path) as stream:
            return count_lines(stream, out.write)
    decode = codecs.getincrementaldecoder(codec)().decode if codec else None
    try:
        with target.open("wb") as out, opened(file.path) as stream:
            while block := stream.read(1 << 20):
                text = decode(block).encode() if decode else block
                out.write(text.replace(b"\r", b"\n") if has_returns else text)
            if decode:
                decode(b"", True)
    except UnicodeError:
        raise BmyshopError(f"{file.name}: is not UTF-16 from beginning to end; is it complete?") from None
    return _lines_of(target)


def _lines_of(path: Path) -> int:
    with path.open("rb") as stream:
        return count_lines(stream)


def _unpacked_array(session: Session, file: RawFile, target: Path) -> int | None:
    """Each element of a JSON array on a line of its own, and how many there are; None where it is none after all."""
    whole = target.with_suffix(".json")
    with whole.open("wb") as out, opened(file.path) as stream:
        while block := stream.read(1 << 20):
            out.write(block)
    elements = f"select json(json)::varchar as line from read_json_objects({literal(whole)}, format = 'array')"
    try:
        form = "(format csv, header false, quote '', escape '', delimiter '\x01')"
        session.connection.execute(f"copy ({elements}) to {literal(target)} {form}")
    except duckdb.Error:
        return None  # read as lines, none of which is JSON: the ledger says so
    finally:
        whole.unlink()
    return _lines_of(target)
