"""Keyed pseudonyms: the same in Python and in SQL, closed to others, never per process."""

import stat
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.privacy.pseudonyms import KEY_FILE, install, load_key, pseudonym

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@settings(deadline=None, max_examples=30)
@given(raw=TEXT, key=st.binary(min_size=32, max_size=100))
def test_sql_and_python_agree(raw: str, key: bytes) -> None:
    with duckdb.connect() as connection:
        install(connection, key)
        found = connection.execute("select pseudonym('member', $raw), pseudonym('member', null)", {"raw": raw}).fetchall()
    assert found == [(pseudonym(key, "member", raw), None)]


def test_members_and_shoppers_and_keys_are_apart() -> None:
    keys = {pseudonym(key, kind, "7") for key in (b"a" * 32, b"b" * 32) for kind in ("member", "shopper")}
    assert len(keys) == 4
    assert all(len(key) == 32 for key in keys)


def test_the_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    key = load_key(vault)
    assert load_key(vault) == key
    assert stat.S_IMODE(vault.stat().st_mode) == 0o700
    assert stat.S_IMODE((vault / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in vault.iterdir()] == [KEY_FILE]


def test_a_given_key_wins_and_must_be_long(tmp_path: Path) -> None:
    assert load_key(tmp_path / "vault", "k" * 32) == b"k" * 32
    assert not (tmp_path / "vault").exists()
    with pytest.raises(BmyshopError, match="at least 32 characters"):
        load_key(tmp_path / "vault", "short")
    load_key(tmp_path / "vault")
    (tmp_path / "vault" / KEY_FILE).write_text("")
    with pytest.raises(BmyshopError, match="restore it"):
        load_key(tmp_path / "vault")
