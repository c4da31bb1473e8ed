"""Objection, erasure and retention, end to end: from raw files through every table, and back again when files are read anew."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName
from bmyshop_profiles.orchestration.freshness import freshness
from bmyshop_profiles.orchestration.upkeep import apply_retention, erase_member
from bmyshop_profiles.privacy.pseudonyms import load_key, pseudonym
from bmyshop_profiles.questions.queries import readable
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.ingestion.conftest import HEADER, RECEIPTS, write_mapping
from bmyshop_profiles_tests.orchestration.conftest import Running, opened

pytestmark = pytest.mark.slow
MONTHS = ("2025-01", "2025-02")
MEMBERS = {
    "files": "members.csv",
    "columns": {
        "member_id": "id",
        "first_name": "first",
        "last_name": "last",
        "birth_year": "try_cast(born as integer)",
        "joined_on": "joined::date",
        "objects_to_profiling": "case objects when 'O' then true when 'N' then false end",
    },
}
LISTED = "id,first,last,born,joined,objects\n"
ROWS = {
    "A": "A,Alphonsette,Testeur,1980,2020-01-01,N\n",
    "B": "B,Betsabé,Testeur,1990,2020-01-01,N\n",
    "C": "C,Cunégonde,Testeur,1970,2020-01-01,O\n",
    "D": "D,Dagoberte,Testeur,1970,2020-01-01,peut-être\n",
}
NEWCOMER = "E,Ermengarde,Testeur,1980,2023-06-01,N\n"  # never seen in a shop


def receipts(month: str, members: str) -> list[str]:
    """Four receipts of each member, one card each, and some anonymous ones. The id stands on one of two lines; the last receipt of A
    bears B's id too."""
    people = [*members, *("a" if "A" in members else ""), ""]  # a: A without the app, with A's card
    lines = []
    for member in people:
        for number in range(4):
            key, sold = f"{month}-{member or 'x'}{number}", f"{month}-{number + 1:02} {8 + number}:15,S{number % 2}"
            named = (member if member != "a" else "", "B" if (member, number) == ("A", 3) else "")
            lines += [f"{key},{sold},P{(number + line) % 3},l,1,2.00,{each},card-{member.upper()}\n" for line, each in enumerate(named)]
    return lines


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which two months were made; each test works on a copy."""
    data_dir = tmp_path_factory.mktemp("made") / "data"
    data_dir.mkdir()
    columns = {**RECEIPTS["columns"], "shopper_id": "card"}
    write_mapping(data_dir, {**RECEIPTS, "columns": columns}, members=MEMBERS)
    (data_dir / "members.csv").write_text(LISTED + "".join(ROWS.values()), encoding="utf-8")
    for month in MONTHS:
        write_receipts(data_dir, month, "ABCD")
    with opened(settings_of(data_dir)) as house:
        run_all(house)
    return data_dir


@pytest.fixture
def house(made: Path, tmp_path: Path) -> Iterator[Running]:
    shutil.copytree(made, tmp_path / "data")
    with opened(settings_of(tmp_path / "data")) as found:
        yield found


def settings_of(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, first_month=MONTHS[0], last_month=MONTHS[-1], threads=1)


def write_receipts(root: Path, month: str, members: str) -> None:
    (root / f"lines-{month}.csv").write_text(HEADER.strip() + ",card\n" + "".join(receipts(month, members)), encoding="utf-8")


def run_all(house: Running) -> None:
    """Everything but the models: those are looked at by the canary tests."""
    assert house.run("references").success
    tables = [table.name for table in load_catalogue().values() if table.file.by_month and table.room in ("ingestion", "features")]
    for month in MONTHS:
        result = house.run("month", month, [*tables, "member_demographics"])
        assert result.success, result.failure


def key_of(house: Running, member: str, kind: str = "member") -> str:
    return pseudonym(load_key(house.settings.vault_dir), kind, member)


def tables_with(house: Running, key: str) -> set[str]:
    """Tables of which some file of some version holds a text."""
    found = set()
    for path in house.settings.lake_dir.rglob("*.parquet"):
        columns = duckdb.sql(f"describe from '{path}'").fetchall()
        texts = " or ".join(f'"{name}" = $key' for name, kind, *_ in columns if kind == "VARCHAR")
        if texts and duckdb.execute(f"select count(*) from '{path}' where {texts}", {"key": key}).fetchall()[0][0]:
            found.add(path.relative_to(house.settings.lake_dir).parts[1])
    return found


def names_in_vault(house: Running) -> dict[str, str | None]:
    paths = list((house.settings.vault_dir / "vault" / "identities").rglob("*.parquet"))
    return dict(
        duckdb.execute("select member_id, first_name from read_parquet($paths)", {"paths": [str(path) for path in paths]}).fetchall()
    )


def test_who_objects_is_a_number_and_nothing_else(house: Running) -> None:
    for objector in ("C", "D"):  # what cannot be read counts as an objection
        assert tables_with(house, key_of(house, objector)) == {"staged_members", "members"}
        assert tables_with(house, key_of(house, f"card-{objector}", "shopper")) == set()
        assert names_in_vault(house)[objector] is None
    assert tables_with(house, key_of(house, "A")) > {"members", "receipts", "member_features", "member_demographics"}
    _, rows = readable(house.settings, "select count(*), count(member_key), count(shopper_key) from receipts where month = '2025-01'")
    assert rows == [(24, 7, 15)]  # of two members nobody knows whose the receipt is
    _, rows = readable(
        house.settings, "select count(*) from members where objects_to_profiling and birth_year is null and month = '2025-01'"
    )
    assert rows == [(2,)]


def test_an_erased_member_is_gone_and_stays_gone(house: Running) -> None:
    key, before = key_of(house, "A"), readable(house.settings, "select count(*), sum(amount_cents)::bigint from receipts")[1]
    assert house.run("month", MONTHS[0], ["receipts"]).success  # so that a previous version holds the member too
    found = erase_member(house.settings, "A")
    assert found.had_identity
    assert tables_with(house, key) == tables_with(house, key_of(house, "card-A", "shopper")) == set()
    assert set(names_in_vault(house)) == {"B", "C", "D"}
    assert readable(house.settings, "select count(*), sum(amount_cents)::bigint from receipts")[1] == before
    erased = {name: house.version(name, "2025-01") for name in ("receipts", "member_months", "member_features", "member_counts")}
    stale = {item.table.name for item in freshness(load_catalogue(), Lake(house.settings.lake_dir), house.settings) if item.stale}
    assert "store_months" in stale
    assert not stale & {"receipts", "member_months", "member_features"}
    run_all(house)  # the files still name the member
    assert tables_with(house, key) == set()
    assert "A" not in names_in_vault(house)
    for name, version in erased.items():  # what was taken out by hand is what a run makes without the member
        again = house.version(name, "2025-01")
        assert version is not None and again is not None
        assert again.content_hash == version.content_hash, name
    assert [item for item in freshness(load_catalogue(), Lake(house.settings.lake_dir), house.settings) if item.stale] == []
    _, rows = readable(house.settings, "select identified_receipts_count from store_months where month = '2025-01'")
    assert sum(count for (count,) in rows) == 4  # not five: the receipt with the ids of both stays anonymous


def test_a_card_goes_with_its_member_where_it_was_shown_alone(house: Running) -> None:
    write_receipts(house.settings.data_dir, MONTHS[1], "BCDa")  # A left the app at home all month
    run_all(house)
    card = key_of(house, "card-A", "shopper")
    assert "shopper_counts" in tables_with(house, card)
    erase_member(house.settings, "A")
    assert tables_with(house, card) == set()


def test_a_wrong_id_erases_nothing_and_is_not_repeated(house: Running) -> None:
    before = house.hashes(list(MONTHS))
    with pytest.raises(BmyshopError, match="nobody is known") as caught:
        erase_member(house.settings, "NOBODY-4711")
    assert "4711" not in str(caught.value)
    assert house.hashes(list(MONTHS)) == before
    assert not (house.settings.vault_dir / "erased.keys").exists()


def test_retention_drops_months_and_identities_long_away(house: Running) -> None:
    settings = house.settings
    write_receipts(settings.raw_root, MONTHS[1], "B")
    run_all(house)
    later = settings.model_copy(update={"first_month": MONTHS[1]})
    found = apply_retention(later)
    assert found.partitions >= 15
    assert found.identities == 1  # A; C and D object: that nobody has seen them does not say that they stayed away
    assert set(names_in_vault(house)) == {"B", "C", "D"}
    lake = Lake(settings.lake_dir)
    for table in load_catalogue().values():
        assert f"month={MONTHS[0]}" not in lake.partitions(TableName(table.room, table.name))
    assert not list(settings.lake_dir.rglob("month=2025-01/*.parquet"))
    then = Running(later, build_definitions(later), house.instance)
    assert then.run("references").success
    assert set(names_in_vault(house)) == {"B", "C", "D"}  # the list still names A
    assert apply_retention(later).identities == 0
    assert apply_retention(later.model_copy(update={"retention_months": None})).partitions == 0


def test_a_second_run_says_the_same_of_who_objects_and_of_who_joined_lately(house: Running) -> None:
    (house.settings.raw_root / "members.csv").write_text(LISTED + "".join([*ROWS.values(), NEWCOMER]), encoding="utf-8")
    run_all(house)
    before = house.hashes(list(MONTHS))
    assert apply_retention(house.settings).identities == 0  # C and D came, but nobody may see that; E joined less than 36 months ago
    run_all(house)
    assert house.hashes(list(MONTHS)) == before
    assert set(names_in_vault(house)) == {"A", "B", "C", "D", "E"}
    for objector in ("C", "D"):
        assert tables_with(house, key_of(house, objector)) == {"staged_members", "members"}


def test_who_objects_after_a_long_absence_is_heard(house: Running) -> None:
    for month in MONTHS:
        write_receipts(house.settings.raw_root, month, "B")
    run_all(house)
    assert apply_retention(house.settings).identities == 1  # A
    rows = {**ROWS, "A": ROWS["A"].replace(",N", ",O")}
    (house.settings.raw_root / "members.csv").write_text(LISTED + "".join(rows.values()), encoding="utf-8")
    write_receipts(house.settings.raw_root, MONTHS[1], "AB")
    run_all(house)
    _, found = readable(house.settings, "select count(distinct member_key) from receipts where month = '2025-02'")
    assert found == [(1,)]
    assert names_in_vault(house)["A"] is None


def test_the_history_starts_where_retention_ends(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path, first_month="2020-01", last_month="2025-04").first_month == "2022-05"
    assert Settings(data_dir=tmp_path, first_month="2020-01", last_month="2025-04", retention_months=None).first_month == "2020-01"
