"""A workbook (.xlsx) as the CSV that its reader would have saved: its first sheet, a line for each row, commas, UTF-8.

Numbers are written with a point, dates as ISO 8601. Not here: what the columns mean; any other sheet.
"""

import csv
import datetime
import io
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.errors import BmyshopError


def as_csv(path: Path) -> bytes:
    """The first sheet; a row without anything is an empty line, so that a line has the number of its row.

    Raises:
        BmyshopError: it cannot be read, or has no sheet.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(path) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError) as error:
        raise BmyshopError(f"{path}: cannot be read as a workbook ({error}); is it complete, and without a password?") from None
    out = io.StringIO(newline="")
    written = csv.writer(out, lineterminator="\n")
    for row in rows:
        texts = [_text(value) for value in row]
        written.writerow(texts if any(texts) else [])
    return out.getvalue().encode()


def _text(value: Any) -> str:
    """A cell as text, on one line: what is in its line breaks would make two of it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime):
        is_day = value.time() == datetime.time()
        return value.date().isoformat() if is_day else value.isoformat(sep=" ")
    return " ".join(str(value).splitlines())
