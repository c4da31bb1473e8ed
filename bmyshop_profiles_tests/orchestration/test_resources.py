"""The DuckDB that a step gets."""

from pathlib import Path

import duckdb
import pytest

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.orchestration.resources import DuckDBEngine

LIMITS = "select current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"


def test_a_step_has_a_bounded_database_of_its_own(tmp_path: Path) -> None:
    engine = DuckDBEngine(memory_limit="64MiB", threads=1, spill_dir=str(tmp_path))
    with engine.session() as first, engine.session() as second:
        assert first.execute(LIMITS).fetchall() == [("64.0 MiB", 1, str(first.spill))]
        assert first.spill.parent == tmp_path
        assert second.spill != first.spill
        first.execute("create table mine as select 1")
        assert second.execute("show tables").fetchall() == []


def test_it_is_closed_and_leaves_nothing_after_an_error(tmp_path: Path) -> None:
    kept: list[Session] = []
    with (
        pytest.raises(ValueError, match="of the step"),
        DuckDBEngine(memory_limit="64MiB", threads=1, spill_dir=str(tmp_path)).session() as s,
    ):
        kept.append(s)
        raise ValueError("of the step")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(duckdb.ConnectionException):
        kept[0].connection.execute("select 1")
