"""Copies of the package and its SQL, some of them edited, and what runs from them: the command line, the web UI.

Belongs here: where things are, the edits. Does not belong here: what is promised of runs (`promises.py`), the server itself
(`web_server.py`).
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bmyshop_profiles
from benchmarks.helpers import report
from benchmarks.helpers.lakes import Pointers, made_from, pointers
from benchmarks.helpers.report import BenchmarkError
from benchmarks.platform.web_server import HASTE, HASTE_FILE, Server
from bmyshop_profiles.engine.catalogue import QUESTIONS, Catalogue, load_catalogue, sql_directory

MONTHS = ("2025-01", "2025-02", "2025-03", "2025-04")
BROKEN = MONTHS[1]
LAST_SHORT_ROOM = "features"
PATIENCE_SECONDS = 3600  # of one backfill, or one serial run
CHEAP = {"gate_draws": 1, "natural_draws": 0, "quality_folds": 2}  # what is tried are the runs, not the figures

Edit = tuple[str, str, str]  # file below the copy, text in it, text instead
DAYPARTS: Edit = ("sql/features/receipts.sql", "between 5 and 8 then 'early'", "between 5 and 9 then 'early'")
TWICE: Edit = (
    "sql/features/receipts.sql",
    "end as daypart,\nfrom totals\n",
    f"end as daypart,\nfrom totals\ncross join (select unnest([1, 2]) as copy)\nwhere copy = 1 or month(sold_at) = {int(BROKEN[5:])}\n",
)
COPIES: dict[str, tuple[Edit, ...]] = {"as_it_is": (), "short": (), "other_dayparts": (DAYPARTS,), "twice_in_a_month": (TWICE,)}


@dataclass
class Bench:
    """Where things are, what the tables are (of all rooms, of the rooms up to the features), and what has been seen so far."""

    root: Path
    key: str
    settings: dict[str, Any]
    catalogue: Catalogue = field(default_factory=load_catalogue)
    short: Catalogue = field(default_factory=lambda: Catalogue([]))
    is_over: bool = False
    bars: dict[str, report.Bar] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    servers: list[Server] = field(default_factory=list)

    def environment(self, code: str) -> dict[str, str]:
        """Variables of a process that runs a copy of the code: no setting of the caller's reaches it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BMYSHOP_", "DAGSTER_"))}
        return {**kept, "PYTHONPATH": str(self.root / code), "BMYSHOP_PSEUDONYM_KEY": self.key, "TMPDIR": str(self.root / "tmp")}

    def data(self, name: str, *, like: str | None = None) -> Path:
        """A new data directory; `like` another: with its tables, without its runs."""
        path = self.root / name
        path.mkdir()
        settings = {"sources": str(self.root / "network" / "sources.yaml"), **self.settings, **CHEAP}
        (path / "bmyshop.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()), encoding="utf-8")
        for part in ("lake", "vault") if like else ():
            shutil.copytree(self.root / str(like) / part, path / part)
        return path

    def server(self, code: str, data: Path) -> Server:
        """The web UI of a data directory, from a copy of the code."""
        if self.is_over:
            raise BenchmarkError("another lane failed")
        self.servers.append(Server(self.root / code, data, environment=self.environment(code), patience=PATIENCE_SECONDS))
        return self.servers[-1]

    def stop(self) -> None:
        """End all servers: lanes that still go on lose theirs, and end."""
        self.is_over = True
        for server in self.servers:
            server.stop()

    @contextlib.contextmanager
    def ended(self) -> Iterator[None]:
        """However it is left, a SIGTERM included, no server outlives it."""
        former = signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
        try:
            yield
        finally:
            self.stop()
            signal.signal(signal.SIGTERM, former)

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Seconds of a part, among the figures."""
        started = time.monotonic()
        yield
        self.figures[f"{name}_seconds"] = round(time.monotonic() - started, 1)


def copy_code(bench: Bench, name: str) -> None:
    """A copy of the package and its SQL, edited; all but the one as it is without the rooms after the features."""
    target, forgotten = bench.root / name, shutil.ignore_patterns("__pycache__", "_sql")
    shutil.copytree(Path(bmyshop_profiles.__file__).parent, target / "bmyshop_profiles", ignore=forgotten)
    shutil.copytree(sql_directory(), target / "sql")
    (target / HASTE_FILE).write_text(HASTE, encoding="utf-8")
    if name != "as_it_is":
        of_room = [table.name for table in bench.catalogue.values() if table.room == LAST_SHORT_ROOM]
        keep_rooms(target, {bench.catalogue[table].room for table in made_from(bench.catalogue, of_room)})
    for file, old, new in COPIES[name]:
        replace_once(target / file, re.escape(old), new)


def keep_rooms(target: Path, rooms: set[str]) -> None:
    """Take the other rooms out of a copy of the code. Rooms that are kept must read no other."""
    names = ", ".join(path.name for path in sorted((target / "sql").iterdir()) if path.name in rooms)
    replace_once(target / "bmyshop_profiles" / "definitions.py", r"(?m)^ROOMS = \(.*\)$", f"ROOMS = ({names})")
    for path in (target / "sql").iterdir():
        if path.name not in {*rooms, QUESTIONS}:
            shutil.rmtree(path)


def replace_once(path: Path, pattern: str, new: str) -> None:
    """Change a text that stands once in a file."""
    text, count = re.subn(pattern, lambda _: new, path.read_text(encoding="utf-8"))
    if count != 1:
        raise BenchmarkError(f"{path.name} holds {count} times {pattern!r}, not once: tell this benchmark how else to change it")
    path.write_text(text, encoding="utf-8")


def command_line(bench: Bench, code: str, data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `bmyshop-profiles` from a copy of the code."""
    command = [sys.executable, "-m", "bmyshop_profiles.cli", "--data-dir", str(data), *words]
    return subprocess.run(
        command, cwd=bench.root / code, env=bench.environment(code), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def serial(bench: Bench, code: str, data: Path, months: str, *words: str) -> Pointers:
    """`run` of some months, one after the other; what is then there of the tables that the code knows."""
    ended = command_line(bench, code, data, "run", "--months", months, *words)
    if ended.returncode != 0:
        raise BenchmarkError(f"the serial run failed:\n{ended.stdout}\n{ended.stderr}")
    return pointers(data, bench.catalogue if code == "as_it_is" else bench.short)
