"""Hashes, views and errors of a session."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session, SqlError, listed, literal, open_session, relation_of_files

ROWS = st.lists(st.tuples(st.integers(-9, 9), st.none() | st.text(max_size=3), st.none() | st.floats(-1, 1)), max_size=8)


def measured(session: Session, directory: Path, parts: list[list[tuple]]) -> str:
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for number, rows in enumerate(parts):
        session.execute("create or replace temp table hashed (a bigint, b varchar, c double)")
        for row in rows:
            session.connection.execute("insert into hashed values (?, ?, ?)", row)
        files.append(directory / f"part-{number}.parquet")
        session.execute(f"copy hashed to {literal(files[-1])} (format parquet)")
    return session.measure(files).content_hash


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, data=st.data())
def test_the_hash_depends_on_rows_and_not_on_their_order_or_files(
    session: Session, tmp_path: Path, rows: list[tuple], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(rows)))
    whole = measured(session, tmp_path / "a", [rows])
    assert measured(session, tmp_path / "b", [shuffled[:cut], shuffled[cut:]]) == whole
    assert measured(session, tmp_path / "c", [[*rows, (0, "x", 0.5)]]) != whole


def test_the_hash_counts_equal_rows_and_tells_columns_apart(session: Session, tmp_path: Path) -> None:
    assert measured(session, tmp_path / "a", [[(1, "x", None)]]) != measured(session, tmp_path / "b", [[(1, "x", None)] * 2])
    assert measured(session, tmp_path / "c", [[(1, None, 0.0)]]) != measured(session, tmp_path / "d", [[(0, None, 1.0)]])


@pytest.mark.parametrize(("own", "others"), [("x[1]", ["x1"]), ("x*", ["xy"]), ("x?'", ["xz'"]), ("x\\y", []), ("**", ["x1"])])
def test_a_path_stands_for_itself_whatever_is_in_it(session: Session, tmp_path: Path, own: str, others: list[str]) -> None:
    """In the name of a directory and of a file, beside those that it would fit as a pattern."""
    for name in (own, *others):
        (tmp_path / name).mkdir()
        for file in (own, *others):
            session.execute(f"copy (select {literal(f'{name}/{file}')} as said) to {literal(tmp_path / name / file)} (format parquet)")
    read = relation_of_files([tmp_path / own / own])
    assert session.execute(read).fetchall() == [(f"{own}/{own}",)]
    assert session.measure([tmp_path / own / own]).rows == 1


def test_a_path_that_cannot_stand_for_itself_is_refused() -> None:
    with pytest.raises(BmyshopError, match="a path with a backslash and one of"):
        listed([Path("x\\[1].parquet")])


def test_the_hash_of_known_rows(session: Session, tmp_path: Path) -> None:
    """When an upgrade of DuckDB changes this, months keep their hashes (`engine/build.py`), and the literals are to be written anew."""
    path = tmp_path / "part-0.parquet"
    rows = (
        "(1, 2::bigint, 0.5::double, -1.250::decimal(12, 3), true, date '2025-01-03', timestamp '2025-01-03 08:15:00', 'pain', "
        "'a label that is longer than twelve bytes'), (null, null, 'nan'::double, null, null, null, null, '', null)"
    )
    session.execute(
        f"copy (from (values {rows}) known (i, n, d, c, b, sold_date, sold_at, short, long)) to {literal(path)} (format parquet)"
    )
    found = session.measure([path])
    assert (found.content_hash, found.hashed_by) == ("2-00000000fdd7ae0e061eff93", "a77e2e3219146ec0")


def test_numbers_that_are_equal_have_one_hash(session: Session, tmp_path: Path) -> None:
    nan, other = float("nan"), -float("nan")
    assert measured(session, tmp_path / "a", [[(1, "", 0.0)]]) == measured(session, tmp_path / "b", [[(1, "", -0.0)]])
    assert measured(session, tmp_path / "c", [[(1, "", nan)]]) == measured(session, tmp_path / "d", [[(1, "", other)]])
    assert measured(session, tmp_path / "e", [[(1, "", None)]]) != measured(session, tmp_path / "f", [[(1, None, None)]])
    assert measured(session, tmp_path / "g", [[(1, "", 0.1 + 0.2)]]) != measured(session, tmp_path / "h", [[(1, "", 0.3)]])


def test_an_error_names_the_file_and_quotes_the_sql(session: Session) -> None:
    with pytest.raises(SqlError, match=r"(?s)sql/room/table\.sql: .*no_such_table.*--- the SQL ---\nselect \* from no_such_table"):
        session.execute("select * from no_such_table", path="sql/room/table.sql")


def test_nothing_is_fetched_and_memory_is_bounded(tmp_path: Path) -> None:
    with open_session(threads=1, spill=tmp_path / "spill") as session:
        options = dict(session.execute("select name, value from duckdb_settings()").fetchall())
        assert options["autoinstall_known_extensions"] == "false"
        assert options["memory_limit"].startswith("1.8")  # 2 GB
        assert options["threads"] == "1"
        assert options["temp_directory"].startswith(str(session.spill))
        assert session.spill.is_relative_to(tmp_path / "spill")
