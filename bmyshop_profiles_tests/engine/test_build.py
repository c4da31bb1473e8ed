"""Publishing: only what is documented and passes its blocking checks, all tables of a step or none."""

from pathlib import Path

import pytest

from bmyshop_profiles.engine.build import Build, build
from bmyshop_profiles.engine.catalogue import Catalogue, Table, load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName, Version
from bmyshop_profiles.engine.session import Session

YML = """description: d
grain: thing
key: [a]
columns:
  a: {type: integer, description: a}
  b: {type: bigint, description: b}
checks:
  - {name: b_is_small, description: d, blocking: false, sql: select * from this where b > 10}
"""


@pytest.fixture
def tables(tmp_path: Path) -> Catalogue:
    for name in ("one", "two"):
        path = tmp_path / "sql" / "room" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(YML)
    return load_catalogue(tmp_path / "sql")


def item(table: Table, select: str) -> Build:
    return Build(table, "all", lambda session, directory: session.write(select, directory), code_hash="c", inputs={})


def name(table: Table) -> TableName:
    return TableName(table.room, table.name)


def test_a_good_version_is_published_with_its_rows_and_warnings(session: Session, tmp_path: Path, tables: Catalogue) -> None:
    lake, made = Lake(tmp_path / "lake"), item(tables["one"], "select i::integer as a, i * 6 as b from range(4) r(i)")
    build(lake, session, [made])
    assert made.version is not None
    assert made.version.rows == 4
    assert {result.check.name: result.failing for result in made.checks} == {"key_is_unique": 0, "b_is_small": 2}
    assert made.refused == []
    assert sorted(row["b"] for row in made.checks[1].examples) == [12, 18]
    assert lake.current(name(tables["one"]), "all") == made.version


def test_a_failed_blocking_check_publishes_no_table_of_the_step(session: Session, tmp_path: Path, tables: Catalogue) -> None:
    lake = Lake(tmp_path / "lake")
    good = "select 1::integer as a, 1::bigint as b"
    build(lake, session, [item(tables["one"], good), item(tables["two"], good)])
    before = [lake.current(name(tables[key]), "all") for key in ("one", "two")]
    for bad in ("select 1::integer as a, i as b from range(2) r(i)", "select null::integer as a, 1::bigint as b"):
        first, second = item(tables["one"], good.replace("1::bigint", "2::bigint")), item(tables["two"], bad)
        build(lake, session, [first, second])
        assert [result.check.name for result in second.refused] == ["key_is_unique"]
        assert first.version is None
        assert [lake.current(name(tables[key]), "all") for key in ("one", "two")] == before


def test_examples_of_a_check_carry_no_key_of_a_person(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "sql" / "room" / "people.yml"
    path.parent.mkdir(parents=True)
    path.write_text(
        "description: d\ngrain: member\nkey: [member_key]\ncolumns:\n  member_key: {type: varchar, description: m}\n"
        "  shopper_key: {type: varchar, description: s}\n  b: {type: bigint, description: b}\nchecks:\n"
        "  - {name: b_is_small, description: d, blocking: false, sql: select * from this where b > 10}\n"
        "  - {name: nobody_has_much, description: d, blocking: false, sql: select member_key from this where b > 10}\n"
    )
    people = load_catalogue(tmp_path / "sql")["people"]
    made = item(people, "select 'm' || i as member_key, 's' || i as shopper_key, i * 6 as b from range(4) r(i)")
    build(Lake(tmp_path / "lake"), session, [made])
    found = {result.check.name: (result.failing, result.examples) for result in made.checks}
    assert found["b_is_small"][0] == 2
    assert sorted(found["b_is_small"][1], key=lambda row: row["b"]) == [{"b": 12}, {"b": 18}]
    assert found["nobody_has_much"] == (2, [])


def test_equal_rows_keep_their_hash_when_duckdb_s_own_hash_changes(
    session: Session, tmp_path: Path, tables: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an upgrade: a table made again with equal rows looks unchanged, one with other rows does not."""
    lake, rows = Lake(tmp_path / "lake"), "select i::integer as a, i as b from range(4) r(i) order by hash({}, i)"

    def made(select: str) -> Version:
        again = item(tables["one"], select)
        build(lake, session, [again])
        assert again.version is not None
        return again.version

    with monkeypatch.context() as older:
        older.setattr("bmyshop_profiles.engine.session.HASH", "hash('an older one', {})")
        before = made(rows.format(1))
    assert session.measure(lake_files(lake, before)).content_hash != before.content_hash
    for seed in (2, 3):
        again = made(rows.format(seed))
        assert (again.version != before.version, again.content_hash) == (True, before.content_hash)
    other = made(rows.format(4).replace("i as b", "i + 1 as b"))
    assert other.content_hash != before.content_hash
    assert other.content_hash == session.measure(lake_files(lake, other)).content_hash
    assert made(rows.format(5)).content_hash != before.content_hash  # the rows of old again, but nothing is left to compare with


def test_a_version_that_cannot_be_read_any_more_does_not_hold_up_the_next(
    session: Session, tmp_path: Path, tables: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, select = Lake(tmp_path / "lake"), "select 1::integer as a, 1::bigint as b"
    with monkeypatch.context() as older:
        older.setattr("bmyshop_profiles.engine.session.HASH", "hash('an older one', {})")
        build(lake, session, [item(tables["one"], select)])
    before = lake.current(name(tables["one"]), "all")
    assert before is not None
    for path in lake_files(lake, before):
        path.unlink()
    again = item(tables["one"], select)
    build(lake, session, [again])
    assert again.version is not None
    assert again.version.content_hash != before.content_hash


def lake_files(lake: Lake, version: Version) -> list[Path]:
    return [lake.directory(TableName("room", "one"), "all") / version.version / file for file in version.files]


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("select 1::integer as a, 0.5::double as b", r"b: documented bigint, written double"),
        ("select 1::integer as a", r"b: documented bigint, written not at all"),
        ("select 1::integer as a, 1::bigint as b, 2 as c", r"c: documented not at all, written integer"),
        ("select 1::bigint as b, 1::integer as a", r"same columns, other order: documented a, b; written b, a"),
        ("select 1::integer as a, sum(i) as b from range(3) r(i)", r"b: documented bigint, written"),
    ],
)
def test_columns_must_be_the_documented_ones(session: Session, tmp_path: Path, tables: Catalogue, select: str, message: str) -> None:
    lake = Lake(tmp_path / "lake")
    with pytest.raises(BmyshopError, match=message):
        build(lake, session, [item(tables["one"], select)])
    assert lake.current(name(tables["one"]), "all") is None
