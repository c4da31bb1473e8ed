"""A customer's own CSV: its columns and their order, filled with the fields of the files for ad servers.

The first line names the columns. They are fields of ours (screen, hour, multiplier…), or the second line says, column by column, what they
hold: {field}, or a text that stands in every row.
"""

import csv
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.errors import BmyshopError


@dataclass(frozen=True)
class Template:
    """header: the customer's columns. holds: for each of them, our field (True) or a text. table: of ours, whose rows it has."""

    name: str
    delimiter: str
    header: tuple[str, ...]
    holds: tuple[tuple[str, bool], ...]
    table: str

    def row(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row of ours as the customer wants it. Where columns are parted by semicolons, numbers have a decimal comma."""
        found = {}
        for column, (text, is_field) in zip(self.header, self.holds, strict=True):
            value = values.get(text) if is_field else text
            found[column] = str(value).replace(".", ",") if isinstance(value, float) and self.delimiter == ";" else value
        return found


def read_template(path: Path, tables: Mapping[str, Sequence[str]]) -> Template:
    """tables: name → fields of each file for ad servers; fields of screens go with the rows of any other.

    Raises:
        BmyshopError: it cannot be read, names unknown or repeated columns, or mixes rows that have nothing to do with each other.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise BmyshopError(f"{path}: cannot be read as UTF-8 text ({getattr(error, 'strerror', None) or 'other encoding'})") from None
    if not lines:
        raise BmyshopError(f"{path}: is empty; its first line names the columns")
    delimiter = max(",;\t", key=lines[0].count)
    header, *rest = csv.reader(lines[:2], delimiter=delimiter)
    if len(set(header)) < len(header):
        raise BmyshopError(f"{path}: two columns bear the same name")
    mapped = rest[0] if rest and any(text.startswith("{") for text in rest[0]) else None
    if mapped is not None and len(mapped) != len(header):
        raise BmyshopError(f"{path}: its second line fills {len(mapped)} columns, its first names {len(header)}")
    holds = [_held(text) for text in mapped] if mapped else [(name.strip(), True) for name in header]
    known = sorted({field for fields in tables.values() for field in fields})
    unknown = [text for text, is_field in holds if is_field and text not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        raise BmyshopError(
            f"{path}: there is no field for the column {', '.join(unknown)}{f'; did you mean {near[0]}?' if near else ''}; "
            f"there are {', '.join(known)}, and a second line may say which of them a column holds, as {{multiplier}}"
        )
    return Template(path.stem, delimiter, tuple(header), tuple(holds), _table(path, {text for text, is_field in holds if is_field}, tables))


def _held(text: str) -> tuple[str, bool]:
    is_field = text.strip().startswith("{") and text.strip().endswith("}")
    return (text.strip()[1:-1], True) if is_field else (text, False)


def _table(path: Path, fields: set[str], tables: Mapping[str, Sequence[str]]) -> str:
    own = fields - set(tables["screens"])
    found = [name for name, known in tables.items() if own <= set(known)]
    if not found:
        raise BmyshopError(f"{path}: its columns belong to rows of different kinds, hours and groups; make two templates")
    return found[0]
