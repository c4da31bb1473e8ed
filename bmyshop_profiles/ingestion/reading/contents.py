"""What a raw file is by its first bytes, where it is no text: a spreadsheet under the name of a CSV, an archive, a document.

And text whose lines end in carriage returns alone, which no reader takes for lines. Not here: encodings (`dialects.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.reading.files import RawFile, count_lines, opened

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
        return f"is an Excel workbook (.xlsx), not text; {_SAVE}"
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


def with_line_feeds(files: Sequence[RawFile], spill: Path) -> list[RawFile]:
    """The files; of those whose lines end in carriage returns alone, a copy with line feeds."""
    found = []
    for file in files:
        with opened(file.path) as stream:
            odd = ends_in_returns(stream.read(LOOKED_AT))
            if odd:
                target = spill / f"lines-{file.number}.text"
                with target.open("wb") as out, opened(file.path) as again:
                    while block := again.read(1 << 22):
                        out.write(block.replace(b"\r", b"\n"))
        if odd:
            with target.open("rb") as copy:
                file = replace(file, path=target, lines_count=count_lines(copy))
        found.append(file)
    return found
