"""The data directory is closed to other users: tables of people stand in it. One mechanism: who may read what this process writes.

Called where a process begins: the command line, Dagster's processes, an instance opened from Python. Not here: where the directory is.
"""

import os
import stat
import sys
from pathlib import Path

_OTHERS = 0o077


def close_to_others(directory: Path) -> None:
    """What this process and those it starts write from now on is its owner's alone; so is the directory, if it exists already.

    Files that are in it keep their own modes: nobody else reaches them. A directory that cannot be closed, or that everybody writes to (as
    in /tmp), stays as it is, and that is said.
    """
    os.umask(_OTHERS)
    if not directory.is_dir() or not (mode := stat.S_IMODE(directory.stat().st_mode)) & _OTHERS:
        return
    try:
        if not mode & stat.S_ISVTX:
            directory.chmod(mode & ~_OTHERS)
            return
    except OSError:
        pass
    print(
        f"warning: {directory} is open to other users of this machine (mode {mode:o}) and was left so; "
        f"what is written from now on is closed. Let its owner do chmod 700 {directory}, or choose another data directory",
        file=sys.stderr,
    )
