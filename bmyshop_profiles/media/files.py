"""Files written all or none: into a directory that is new or empty, or beside what is there.

Does not belong here: what is in them.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bmyshop_profiles.engine.errors import BmyshopError


def write_files(files: Mapping[str, bytes], target: Path, *, beside: bool = False) -> None:
    """Name → content, into a directory; all of them, or none when one fails. beside: the directory may hold other files.

    Raises:
        BmyshopError: as `filled_directory`; or one of the files cannot be written.
    """
    with filled_directory(target, beside=beside) as directory:
        for name, content in files.items():
            (directory / name).write_bytes(content)


@contextmanager
def filled_directory(target: Path, *, beside: bool = False) -> Iterator[Path]:
    """A directory to fill, whose files are at `target` when the block ends, and nowhere when it fails.

    Raises:
        BmyshopError: the target holds files already, or cannot be written.
    """
    if not beside and target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BmyshopError(f"{target}: is there already and is not empty; name another directory with --to")
    made = not target.exists()
    temporary = _told(target, lambda: _temporary(target))
    try:
        yield temporary
        for path in sorted(temporary.iterdir()):
            _told(path, lambda path=path: os.replace(path, target / path.name))  # type: ignore[misc]
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        if made and target.exists() and not any(target.iterdir()):
            target.rmdir()
        raise
    temporary.rmdir()


def _temporary(target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    found = Path(tempfile.mkdtemp(prefix=".new-", dir=target))
    found.chmod(target.stat().st_mode)
    return found


def _told(path: Path, write: Callable[[], Path | None]) -> Path:
    try:
        return write() or path
    except OSError as error:
        raise BmyshopError(f"{path}: cannot be written ({error.strerror})") from None
