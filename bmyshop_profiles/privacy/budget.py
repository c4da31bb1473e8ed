"""The privacy budget of each month: what exports with noise have spent, kept in the data directory.

Privacy losses add up: two files of a month at epsilon 1 tell as much of a person as one at epsilon 2. Belongs here: the ledger. Does not
belong here: noise (`media/noised.py`).
"""

import datetime
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bmyshop_profiles.engine.errors import BmyshopError

LEDGER = "privacy_budget.json"
ROUNDING = 1e-9  # of sums


@contextmanager
def spending(data_dir: Path, month: str, epsilon: float, limit: float) -> Iterator[float]:
    """Spend of a month's budget: written when the block ends, and not when it fails; gives what is spent with it. One at a time.

    Raises:
        BmyshopError: more would be spent than the limit, or the ledger cannot be read.
    """
    path = data_dir / LEDGER
    lock = os.open(data_dir / f".{LEDGER}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ledger = _read(path)
        spent = sum(float(each["epsilon"]) for each in ledger.get(month, []))
        if spent + epsilon > limit + ROUNDING:
            left = max(limit - spent, 0.0)
            raise BmyshopError(
                f"{month}: the privacy budget leaves epsilon {left:g} of {limit:g} (setting dp_budget), not {epsilon:g}; what "
                "earlier exports told cannot be taken back"
            )
        yield spent + epsilon
        entry = {"epsilon": epsilon, "on": f"{datetime.date.today():%Y-%m-%d}"}
        _write(path, {**ledger, month: [*ledger.get(month, []), entry]})
    finally:
        os.close(lock)


def _read(path: Path) -> dict[str, list[dict[str, Any]]]:
    try:
        found: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
        if all(float(each["epsilon"]) > 0 for entries in found.values() for each in entries):
            return found
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    raise BmyshopError(f"{path}: is no ledger of privacy budgets; restore it from a backup: without it nobody knows what was spent")


def _write(path: Path, ledger: dict[str, list[dict[str, Any]]]) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        stream.write(json.dumps(ledger, indent=1, sort_keys=True) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
