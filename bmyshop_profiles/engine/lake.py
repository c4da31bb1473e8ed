"""The lake: Parquet files in versions, and one small pointer per table and partition that says which version counts.

    <root>/<room>/<table>/<partition>/<version>/part-*.parquet
    <root>/<room>/<table>/<partition>/current.json

`current.json` is the record and the commit: it is replaced in one step, so a reader sees the old rows or the new ones.
A partition is `month=2025-01`, or `all` for a table that is not kept by month. Knows files, not rows: what is in them
is the session's business.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType

from bmyshop_profiles.engine.errors import BmyshopError

ALL = "all"
POINTER = "current.json"


def partition_of(month: str | None) -> str:
    """Name of the partition of a month, or of a table that has none."""
    return f"month={month}" if month else ALL


@dataclass(frozen=True)
class TableName:
    """A table and its room."""

    room: str
    name: str


@dataclass(frozen=True)
class Version:
    """What a pointer says. `inputs` maps `table/partition` to the content hash that was read; `note` says why a version is empty;
    `hashed_by` tells apart what content hashes are made by."""

    version: str
    files: list[str]
    rows: int
    content_hash: str
    code_hash: str
    inputs: dict[str, str] = field(default_factory=dict)
    note: str | None = None
    written_at: str = ""
    previous: str | None = None
    hashed_by: str = ""


class LakeBusyError(BmyshopError):
    """Another writer holds the table and month."""


class Lake:
    """Reads and writes versions below a root directory."""

    def __init__(self, root: Path, *, lock_seconds: float = 60):
        self.root = root
        self.lock_seconds = lock_seconds

    def directory(self, table: TableName, partition: str) -> Path:
        """Where the versions of a partition are."""
        return self.root / table.room / table.name / partition

    def current(self, table: TableName, partition: str) -> Version | None:
        """What the pointer says now, or None where nothing was ever published."""
        try:
            text = (self.directory(table, partition) / POINTER).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return Version(**json.loads(text))

    def size(self, table: TableName, partition: str) -> int:
        """Bytes of what is published; 0 where nothing is."""
        version = self.current(table, partition)
        home = self.directory(table, partition)
        return sum((home / version.version / name).stat().st_size for name in version.files) if version else 0

    def partitions(self, table: TableName) -> list[str]:
        """Partitions that have a published version, in order."""
        return sorted(path.parent.name for path in (self.root / table.room / table.name).glob(f"*/{POINTER}"))

    @contextlib.contextmanager
    def write(self, table: TableName, partition: str) -> Iterator["Draft"]:
        """A new version, alone: nothing is visible until `Draft.publish`; whatever is not published is removed.

        Raises:
            LakeBusyError: another writer kept the table and month for longer than `lock_seconds`.
        """
        home = self.directory(table, partition)
        home.mkdir(parents=True, exist_ok=True)
        with _exclusive(home / ".lock", self.lock_seconds, f"{table.name}, {partition}"):
            draft = Draft(self, table, partition, home / f"{time.time_ns():x}-{uuid.uuid4().hex[:8]}")
            draft.directory.mkdir()
            try:
                yield draft
            finally:
                if not draft.published:
                    shutil.rmtree(draft.directory, ignore_errors=True)

    def snapshot(self, wanted: Iterable[tuple[TableName, str]]) -> "Snapshot":
        """Pointers resolved once; the versions stay on disk as long as the snapshot is open."""
        return Snapshot(self, list(wanted))

    def vacuum(self) -> list[Path]:
        """Remove debris of killed writers and versions older than the previous one, unless somebody holds them.

        Partitions that are being written are left for the next time. Returns the directories removed.
        """
        removed: list[Path] = []
        for lock in sorted(self.root.glob("*/*/*/.lock")):
            with contextlib.suppress(LakeBusyError), _exclusive(lock, 0, str(lock.parent)):
                removed += self._tidy(lock.parent)
        return removed

    def purge(self, table: TableName, partition: str) -> None:
        """Remove every version but the current one, the previous one included; what somebody reads goes with the next vacuum."""
        home = self.directory(table, partition)
        with _exclusive(home / ".lock", self.lock_seconds, f"{table.name}, {partition}"):
            pointer = home / POINTER
            record = json.loads(pointer.read_text(encoding="utf-8"))
            if record["previous"] is not None:
                temporary = home / f".pointer-{record['version']}"
                temporary.write_text(json.dumps({**record, "previous": None}, indent=1), encoding="utf-8")
                os.replace(temporary, pointer)
            self._tidy(home)

    def drop(self, table: TableName, partition: str) -> None:
        """Remove a partition whole: first its pointer, so that nobody starts reading it, then its versions."""
        home = self.directory(table, partition)
        with _exclusive(home / ".lock", self.lock_seconds, f"{table.name}, {partition}"):
            (home / POINTER).unlink(missing_ok=True)
            self._tidy(home)

    def _tidy(self, home: Path) -> list[Path]:
        """Under the lock of the partition: keep the current and the previous version, and those being read."""
        pointer = home / POINTER
        kept = json.loads(pointer.read_text(encoding="utf-8")) if pointer.exists() else {}
        removed = []
        for path in sorted(home.iterdir()):
            if path.is_dir() and path.name not in {kept.get("version"), kept.get("previous")} and not _held(path):
                shutil.rmtree(path)
                removed.append(path)
            elif path.name.startswith(".pointer-"):
                path.unlink()
        return removed


@dataclass
class Draft:
    """A version being written."""

    lake: Lake
    table: TableName
    partition: str
    directory: Path
    published: Version | None = None

    def files(self) -> list[Path]:
        """Parquet files written so far, in order."""
        return sorted(self.directory.glob("*.parquet"))

    def publish(
        self, *, rows: int, content_hash: str, code_hash: str, inputs: dict[str, str], note: str | None = None, hashed_by: str = ""
    ) -> Version:
        """Make this version the one that counts, in one step, and remove what nobody needs any more."""
        before = self.lake.current(self.table, self.partition)
        version = Version(
            version=self.directory.name,
            files=[path.name for path in self.files()],
            rows=rows,
            content_hash=content_hash,
            code_hash=code_hash,
            inputs=dict(sorted(inputs.items())),
            note=note,
            written_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            previous=before.version if before else None,
            hashed_by=hashed_by,
        )
        for path in self.files():
            _flush(path)
        home = self.directory.parent
        _flush(self.directory)
        temporary = home / f".pointer-{self.directory.name}"
        temporary.write_text(json.dumps(asdict(version), indent=1), encoding="utf-8")
        _flush(temporary)
        os.replace(temporary, home / POINTER)
        self.published = version
        _flush(home)
        self.lake._tidy(home)
        return version


class Snapshot:
    """The versions a reader reads: resolved once, held while open. A context manager."""

    def __init__(self, lake: Lake, wanted: list[tuple[TableName, str]]):
        self.versions: dict[tuple[TableName, str], Version | None] = {}
        self._lake, self._held = lake, contextlib.ExitStack()
        try:
            for table, partition in wanted:
                self.versions[table, partition] = self._hold(table, partition)
        except BaseException:
            self._held.close()
            raise

    def _hold(self, table: TableName, partition: str) -> Version | None:
        for _ in range(100):
            version = self._lake.current(table, partition)
            if version is None:
                return None
            with contextlib.suppress(FileNotFoundError):  # replaced twice between the two lines: look again
                descriptor = os.open(self._lake.directory(table, partition) / version.version, os.O_RDONLY)
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                if os.path.exists(self._lake.directory(table, partition) / version.version):
                    self._held.callback(os.close, descriptor)
                    return version
                os.close(descriptor)
        raise BmyshopError(f"{table.name}, {partition}: its versions vanish while read; does something delete files in {self._lake.root}?")

    def files(self, table: TableName, partition: str) -> list[Path]:
        """Explicit files of a partition; none where nothing was published."""
        version = self.versions[table, partition]
        return [self._lake.directory(table, partition) / version.version / name for name in version.files] if version else []

    def partitions(self, table: TableName) -> list[str]:
        """Partitions of a table in this snapshot that are published."""
        return [partition for (name, partition), version in self.versions.items() if name == table and version]

    def input_hashes(self) -> dict[str, str]:
        """What `Version.inputs` records of this snapshot."""
        return {f"{table.name}/{partition}": version.content_hash for (table, partition), version in self.versions.items() if version}

    def close(self) -> None:
        """Let go of the versions."""
        self._held.close()

    def __enter__(self) -> "Snapshot":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@contextlib.contextmanager
def _exclusive(path: Path, seconds: float, what: str) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LakeBusyError(
                        f"{what}: another run has been writing it for over {seconds:g} s; wait for it, or stop it"
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _held(directory: Path) -> bool:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
