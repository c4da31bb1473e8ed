"""What of a refused line may be told: enough to mend the till's export, nothing about a person.

A field is told if the mapping reads it and it says nothing of a member or shopper. A line whose fields cannot be told apart is
told as it is only where every field of the file may be; otherwise its shape (letters x, digits 9).
"""

from collections.abc import Sequence

from bmyshop_profiles.engine.session import identifier, literal
from bmyshop_profiles.ingestion.mapping.expressions import columns_used, fold
from bmyshop_profiles.ingestion.mapping.mapping import RawTable
from bmyshop_profiles.ingestion.reading.careful import LONGEST_TEXT

MASK = "***"
PERSONAL = ("member_id", "shopper_id")


def tellable(kind: str, table: RawTable) -> set[str]:
    """Raw columns whose values may be shown, folded. Of JSON, a record that holds a person's field, or is part of one, may not."""
    if kind == "members":
        return set()
    personal = {fold(name) for column in PERSONAL if column in table.columns for name in columns_used(table.columns[column])}
    read = {fold(name) for name in table.raw_columns}
    return {name for name in read if not any(_overlap(name, other) for other in personal)}


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def tells_lines(kind: str, table: RawTable, columns: Sequence[str]) -> bool:
    """Every field of a file with these columns may be shown."""
    return {fold(name) for name in columns} <= tellable(kind, table)


def told(kind: str, table: RawTable, columns: Sequence[str]) -> str:
    """SQL over raw_fields: the line with what may not be told masked; the names of fields stand before them unless it is delimited."""
    allowed = tellable(kind, table)
    fields = []
    for name in columns:
        quoted = f"raw_fields.{identifier(name)}"
        shown = f"coalesce({quoted}::varchar, '')"
        value = shown if fold(name) in allowed else f"case when {quoted} is null then '' else {literal(MASK)} end"
        fields.append(value if table.dialect.format == "csv" else f"{literal(name + '=')} || {value}")
    separator = table.dialect.delimiter if table.dialect.format == "csv" else " "
    return f"left(concat_ws({literal(separator)}, {', '.join(fields)}), {LONGEST_TEXT})" if fields else "''"
