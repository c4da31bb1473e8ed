"""Unmistakable names and ids are planted in raw files; after full runs, failures of every kind among them, they are in the vault alone.

What is searched: every text in every table of every version, reports, Dagster's database and logs, whatever was printed, and errors.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import PERSON_KEYS
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.features import steps as features
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.orchestration.upkeep import erase_member
from bmyshop_profiles.privacy.pseudonyms import load_key, pseudonym
from bmyshop_profiles.questions.queries import readable
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import simulate

pytestmark = pytest.mark.slow
MONTH = "2025-01"
FACTS = ("receipt_lines", "file_ledger", "rejected_lines", "members", "receipts", "member_months", "member_demographics")
FIRST, LAST = "Canàribelle", "Becdor-Perchoir"
IDS, CARD = ("ZANARI-7700001", "ZANARI-7700002", "ZANARI-7700003"), "zanaricard77"
CANARIES = ("canàribelle", "canaribelle", "becdor", "zanari")


@dataclass
class Aviary:
    """A data directory in which members with planted names and ids have shopped; `said` gathers what runs and commands said."""

    settings: Settings
    said: list[str] = field(default_factory=list)

    def run(self, *jobs: tuple[str, str | None], only: Sequence[str] | None = None) -> list[bool]:
        """Run jobs (of months, `only` some tables), keep what they say of failures, and tell how each ended."""
        ended = []
        with runs.instance(self.settings) as instance:
            definitions = build_definitions(self.settings)
            for job, month in jobs:
                result = runs.run_job(definitions, instance, job, month=month, tables=only if month else None)
                self.said.append(result.failure or "")
                ended.append(result.success)
        return ended

    def raw(self, pattern: str) -> list[Path]:
        return sorted((self.settings.data_dir / "network").glob(pattern))


@pytest.fixture(scope="module")
def aviary(tmp_path_factory: pytest.TempPathFactory) -> Aviary:
    data_dir = tmp_path_factory.mktemp("aviary") / "data"
    network = simulate(data_dir / "network", stores=4, members=40, anonymous_shoppers=200, months=1, lines=4000)
    shutil.rmtree(network.directory / "truth")
    settings = Settings(
        data_dir=data_dir,
        sources=network.sources,
        first_month=MONTH,
        last_month=MONTH,
        threads=1,
        quality_folds=2,
        natural_draws=0,
        label_receipts=1,
    )
    plant(network.directory)
    return Aviary(settings)


def plant(directory: Path) -> None:
    """Three members get planted ids and names, one of them objects; their receipts bear the ids, one of them a card as well."""
    listed = pd.read_csv(directory / "raw" / "members.csv", dtype=str)
    seen = "".join(path.read_text(encoding="utf-8") for path in (directory / "raw" / "caisse_a").glob("*.csv"))
    known = [member for member in listed.member if member in seen][: len(IDS)]
    for member, canary in zip(known, IDS, strict=True):
        listed.loc[listed.member == member, ["member", "first_name", "last_name"]] = [canary, FIRST, LAST]
    listed.loc[listed.member.isin(IDS), "no_profiling"] = "non"
    listed.loc[listed.member == IDS[-1], "no_profiling"] = "oui"
    listed.to_csv(directory / "raw" / "members.csv", index=False)
    for path in (directory / "raw" / "caisse_a").glob("*.csv"):
        text = path.read_text(encoding="utf-8")
        for member, canary in zip(known, IDS, strict=True):
            text = text.replace(member, canary)
        path.write_text(re.sub(r"CB[0-9a-f]{12}", CARD, text, count=40), encoding="utf-8")


def everything_said(aviary: Aviary) -> Iterator[tuple[str, str]]:
    """(where, text in small letters) of all that a person or another program could read, raw files and vault apart."""
    root, spared = aviary.settings.data_dir, (aviary.settings.data_dir / "network", aviary.settings.vault_dir)
    yield from ((f"said {number}", text.lower()) for number, text in enumerate(aviary.said))
    for path in root.rglob("*"):
        if not path.is_file() or any(path.is_relative_to(place) for place in spared):
            continue
        yield str(path.relative_to(root)), path.read_bytes().decode("utf-8", errors="replace").lower()
        if path.suffix == ".parquet":  # its texts are compressed
            for name, kind, *_ in duckdb.sql(f"describe from '{path}'").fetchall():
                if kind == "VARCHAR":
                    values = duckdb.sql(f'select distinct lower("{name}") from \'{path}\' where "{name}" is not null').fetchall()
                    yield f"{path.relative_to(root)}: {name}", "\n".join(value for (value,) in values)


def escaped(aviary: Aviary) -> list[tuple[str, str]]:
    return [(where, canary) for where, text in everything_said(aviary) for canary in CANARIES if canary in text]


def test_a_full_run_lets_nothing_out(aviary: Aviary, capfd: pytest.CaptureFixture[str]) -> None:
    assert aviary.run(("references", None), ("month", MONTH)) == [True, True], aviary.said
    aviary.said.extend(capfd.readouterr())
    places = [where for where, _ in everything_said(aviary)]
    assert len(places) > 200
    assert any(where.endswith(".html") for where in places)
    assert any("index.db" in where or where.endswith(".db") for where in places)
    assert escaped(aviary) == []
    vault = b"".join(path.read_bytes() for path in aviary.settings.vault_dir.rglob("*.parquet"))
    assert vault  # there, and only there
    key = load_key(aviary.settings.vault_dir)
    _, rows = readable(
        aviary.settings, f"select name_state from member_demographics where member_key = '{pseudonym(key, 'member', IDS[0])}'"
    )
    assert rows == [("rare",)]  # the vault was opened, the name was looked at


def test_who_objects_is_in_no_table_after_members(aviary: Aviary) -> None:
    objector = pseudonym(load_key(aviary.settings.vault_dir), "member", IDS[-1])
    tables = {where.split("/")[2] for where, text in everything_said(aviary) if objector in text and where.startswith("lake/")}
    assert tables == {"members", "staged_members"}
    assert [where for where, text in everything_said(aviary) if objector in text and not where.startswith("lake/")] == []


def test_a_key_of_a_person_is_named_so_in_every_table(aviary: Aviary) -> None:
    """Erasure, and what is kept of checks, know such keys by the names of their columns."""
    cards = "select shopper_key from receipts where shopper_key is not null"
    keys = [key for (key,) in readable(aviary.settings, f"select member_key from members union {cards}")[1]]
    assert len(keys) > 40
    found = set()
    for path in aviary.settings.lake_dir.rglob("*.parquet"):
        for name, kind, *_ in duckdb.sql(f"describe from '{path}'").fetchall():
            held = f"select 1 from '{path}' where \"{name}\" in (select unnest($keys)) limit 1"
            if kind == "VARCHAR" and duckdb.execute(held, {"keys": keys}).fetchall():
                found.add(name)
    assert found == set(PERSON_KEYS)


def test_failures_let_nothing_out(aviary: Aviary, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    receipts, *_ = aviary.raw("raw/caisse_a/*.csv")
    (members,) = aviary.raw("raw/members.csv")
    whole = {path: path.read_bytes() for path in (receipts, members)}

    def with_file(path: Path, content: bytes, *jobs: tuple[str, str | None]) -> list[bool]:
        path.write_bytes(content)
        ended = aviary.run(*jobs, only=FACTS)
        path.write_bytes(whole[path])
        return ended

    assert aviary.run(("references", None)) == [True]
    planted = f"{IDS[0]},{FIRST},{LAST}".encode()
    torn = whole[receipts] + b'"' + planted + b"\n" + planted * 3 + b",too,many\n" + planted + b",\xff\xfe\n"
    assert with_file(receipts, torn, ("month", MONTH)) == [True]  # bad lines are refused and named, no more
    assert with_file(receipts, planted + b"\n" + planted + b"\n", ("month", MONTH)) == [False]  # a header of people
    assert with_file(receipts, planted + b"," + planted + b"\n" + planted + b"\n", ("month", MONTH)) == [False]
    assert with_file(members, whole[members] + b'"' + planted + b"\n" + planted + b",\xff\n", ("references", None)) == [True]
    assert with_file(members, planted + b"\n", ("references", None)) == [False]
    with monkeypatch.context() as patched:
        patched.setattr(features, "member_demographics", lambda members, *_: (_ for _ in ()).throw(KeyError(list(members.first_name))))
        assert aviary.run(("month", MONTH), only=FACTS) == [False]
        assert "KeyError" in aviary.said[-1]
    vault = {path: path.read_bytes() for path in aviary.settings.vault_dir.rglob("*.parquet")}
    for path, content in vault.items():
        path.write_bytes(planted + content[len(planted) :])
    assert aviary.run(("month", MONTH), only=FACTS) == [False]
    for path, content in vault.items():
        path.write_bytes(content)
    for call in (
        lambda: erase_member(aviary.settings, f"{IDS[0]}-no"),
        lambda: readable(aviary.settings, "select member_key + 1 from members"),
    ):
        with pytest.raises(BmyshopError) as caught:
            call()
        aviary.said.append(str(caught.value))
    assert aviary.run(("references", None), ("month", MONTH), only=FACTS) == [True, True], aviary.said
    aviary.said.extend(capfd.readouterr())
    assert escaped(aviary) == []


def test_the_search_itself_finds_what_is_planted(aviary: Aviary, tmp_path: Path) -> None:
    copy = Settings(data_dir=tmp_path, first_month=MONTH, last_month=MONTH)
    (tmp_path / "lake").mkdir()
    duckdb.sql("select 'x' as kept, repeat('y', 50) || 'ZANARI-7700001' as name from range(1000)").write_parquet(
        str(tmp_path / "lake" / "leak.parquet"), compression="zstd"
    )
    (tmp_path / "events.db").write_bytes(b"\x00\x01" + f"said {FIRST}".encode())
    assert {where for where, _ in escaped(Aviary(copy))} >= {"lake/leak.parquet: name", "events.db"}
