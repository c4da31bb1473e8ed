"""What the house counts of its own code."""

from pathlib import Path

import pytest

from benchmarks.platform import source_code


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("select store_key from stores", True),
        ("insert into kept select store_key from stores", True),
        ("with a as (values (1)) select * from a", True),
        ("select 1", True),
        ("from stores order by store_key", True),
        ("from the files of a till", False),
        ("select the files, or name them", False),
        ("stores", False),
        ("", False),
    ],
)
def test_a_query_is_told_from_words(text: str, is_one: bool) -> None:
    assert source_code.is_query(text) is is_one


def test_queries_are_found_where_they_are(tmp_path: Path) -> None:
    room = tmp_path / "questions"
    room.mkdir()
    (room / "some.py").write_text(
        '"""select a from docstrings"""\n\nTABLE = "stores"\nONE = f"select {TABLE}.store_key from {TABLE}"\n'
        'TWO = (\n    "select * "\n    "from stores"\n)\n'
    )
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine/session.py").write_text('HOW = "select * from stores"\n')
    assert source_code.queries(tmp_path) == {"questions": ["questions/some.py:4", "questions/some.py:6"]}


def test_lines_of_code_leave_out_what_is_told(tmp_path: Path) -> None:
    (tmp_path / "some.py").write_text(
        '"""Told."""\n\n# a remark\nA = 1\n\n\ndef of(a):\n    """Told,\n    at length."""\n    return (\n        a  # remark\n    )\n'
    )
    assert source_code.code_lines(tmp_path) == 5


def test_generated_sql_is_excused_by_room_or_by_file() -> None:
    assert source_code.reason("ingestion/reading/codes.py:29")
    assert source_code.reason("privacy/erasure.py:3")
    assert source_code.reason("privacy/closed.py:3") is None
