"""Raw files against the ledger: which are new or changed since they were read, and what must be made again because of them. Pure.

Here: the comparison, and what a tick of the sensor decides. Not here: looking at the raw directory (`seen.py`), Dagster
(`sensors.py`).
"""

import calendar
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow.parquet as pq

from bmyshop_profiles.engine.catalogue import digest
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of

UNDATED = ""  # the month of files that tell none: they are read once


@dataclass(frozen=True)
class Seen:
    """A raw file as it lies there. `name` is its path below the raw directory; `month` is what the name tells, or UNDATED."""

    name: str
    month: str
    bytes: int
    modified_ns: int


@dataclass(frozen=True)
class Late:
    """A file that its month's ledger does not know as it is now."""

    name: str
    month: str
    what: Literal["new", "changed", "gone"]


def late_files(lake: Lake, seen: Iterable[Seen], months: Iterable[str] | None = None) -> list[Late]:
    """Files that are new, changed or gone since their month was made; months that were never made are left out unless `months` names them.

    Changed: another size than the ledger's, or modified after the ledger was written.
    """
    by_month: dict[str, dict[str, Seen]] = {}
    for file in seen:
        by_month.setdefault(file.month, {})[file.name] = file
    ledger_of = TableName("ingestion", "file_ledger")
    made = {UNDATED, *(partition.removeprefix("month=") for partition in lake.partitions(ledger_of))}
    found: list[Late] = []
    for month in sorted(made if months is None else months):
        ledger = _ledger(lake, month)
        if ledger is None and months is None:
            continue
        read, written = ledger or ({}, 0)
        there = by_month.get(month, {})
        for name in sorted({*read, *there}):
            if name not in there:
                found.append(Late(name, month, "gone"))
            elif name not in read:
                found.append(Late(name, month, "new"))
            elif there[name].bytes != read[name] or there[name].modified_ns // 10**9 > written:
                found.append(Late(name, month, "changed"))
    return found


def _ledger(lake: Lake, month: str) -> tuple[dict[str, int], int] | None:
    """Size by name of the files of a month as they were read, and when that was published, in seconds since 1970."""
    table = TableName("ingestion", "file_ledger" if month else "staged_file_ledger")
    version = lake.current(table, partition_of(month or None))
    if version is None:
        return None
    read = {file["file"]: file["bytes"] for file in read_files(lake, table, month or None)}
    return read, calendar.timegm(time.strptime(version.written_at, "%Y-%m-%dT%H:%M:%SZ"))


def read_files(lake: Lake, ledger: TableName, month: str | None) -> list[dict[str, Any]]:
    """The raw files that a ledger of a month (None: of what is read once) names: kind, file, bytes, lines_count."""
    partition = partition_of(month)
    with lake.snapshot([(ledger, partition)]) as snapshot:
        paths = snapshot.files(ledger, partition) if snapshot.versions[ledger, partition] else []
        return [row for path in paths for row in pq.read_table(path, columns=["kind", "file", "bytes", "lines_count"]).to_pylist()]


def described(late: Sequence[Late], *, longest: int = 200) -> str:
    """Files in words: `2 new, 1 changed: a.csv, b.csv, c.csv`."""
    kinds = [kind for kind in ("new", "changed", "gone") if any(file.what == kind for file in late)]
    counts = ", ".join(f"{sum(file.what == kind for file in late)} {kind}" for kind in kinds)
    names = ", ".join(file.name for file in late)
    return f"{counts}: {names if len(names) <= longest else names[: longest - 1] + '…'}"


@dataclass
class Memory:
    """What the sensor keeps from tick to tick: a digest of names, sizes and times of each month's files.

    `waiting` was seen at the last tick; `handled` was asked for, or was found to be read already.
    """

    waiting: dict[str, str] = field(default_factory=dict)
    handled: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> "Memory":
        """From a cursor; anything unreadable is a fresh start, which costs one tick."""
        try:
            found = json.loads(cursor or "{}")
            return cls(dict(found.get("waiting", {})), dict(found.get("handled", {})))
        except (ValueError, AttributeError, TypeError):
            return cls()

    def cursor(self) -> str:
        """As a cursor."""
        return json.dumps({"waiting": self.waiting, "handled": self.handled}, sort_keys=True)


@dataclass(frozen=True)
class Wanted:
    """A month to be read (UNDATED: the files that are read once), why, and the digest of its files."""

    month: str
    late: list[Late]
    files_digest: str


@dataclass(frozen=True)
class Tick:
    """What a tick decided: months to read now, what is held back and why, and what to remember."""

    wanted: list[Wanted]
    held: list[str]
    memory: Memory


def tick(lake: Lake, seen: Sequence[Seen], months: Sequence[str], memory: Memory) -> Tick:
    """Months of the history whose files are new or changed and lie still since the last tick.

    A file that grows is waited for: names, sizes and times of all files of a month must be the same at two ticks.
    """
    files: dict[str, list[Seen]] = {}
    for file in sorted(seen, key=lambda file: file.name):
        files.setdefault(file.month, []).append(file)
    for month in {*memory.handled, *memory.waiting} - set(files):
        files[month] = []  # all its files are gone
    now = {month: digest(*(f"{file.name}\0{file.bytes}\0{file.modified_ns}" for file in found)) for month, found in files.items()}
    wanted: list[Wanted] = []
    held: list[str] = []
    handled = {month: value for month, value in memory.handled.items() if now.get(month) == value}
    for month in sorted(now):
        if month in handled:
            continue
        if month and month not in months:
            held.append(f"{month} is not in the history, which is {months[0]}..{months[-1]}" if months else f"{month} has not ended")
            continue
        late = late_files(lake, files[month], [month])
        if not late:
            handled[month] = now[month]
        elif memory.waiting.get(month) != now[month]:
            held.append(f"{month or 'files of all months'}: waiting until the files lie still ({described(late)})")
        elif month and ((wanted[:1] and not wanted[0].month) or lake.current(TableName("ingestion", "staged_file_ledger"), "all") is None):
            held.append(f"{month}: the files that are read once come first")
        else:
            wanted.append(Wanted(month, late, now[month]))
            handled[month] = now[month]
    waiting = {month: value for month, value in now.items() if handled.get(month) != value}
    return Tick(wanted, held, Memory(waiting, handled))
