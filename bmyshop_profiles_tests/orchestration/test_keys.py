"""Which key a data directory's pseudonyms have: the fixed one for a simulated network as it was written, and for nothing else."""

import shutil
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.orchestration.keys import key_in_use
from bmyshop_profiles.privacy.pseudonyms import SIMULATED_KEY
from bmyshop_profiles.questions.queries import readable
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import simulate


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("network"), stores=2, members=20, anonymous_shoppers=20, months=1, lines=500).directory


def directory_of(network: Path, data_dir: Path, **others: object) -> Settings:
    shutil.copytree(network, data_dir / "simulated")
    return Settings(data_dir=data_dir, sources=Path("simulated/sources.yaml"), last_month="2025-01", threads=1, **others)  # type: ignore[arg-type]


def member_keys(settings: Settings) -> list[str]:
    with dg.DagsterInstance.ephemeral() as instance:
        assert runs.run_job(build_definitions(settings), instance, "references", tables=STAGED).success
    return [key for (key,) in readable(settings, "select member_key from staged_members order by 1")[1]]


STAGED = [f"staged_{name}" for name in ("receipt_lines", "file_ledger", "rejected_lines", "members", "stores", "products")]


@pytest.mark.slow
def test_two_directories_of_a_simulated_network_have_the_same_member_keys(network: Path, tmp_path: Path) -> None:
    one, two = (member_keys(directory_of(network, tmp_path / name)) for name in ("one", "two"))
    assert len(one) == 20
    assert one == two
    given = member_keys(directory_of(network, tmp_path / "three", pseudonym_key=SecretStr("k" * 40)))
    assert not set(given) & set(one)  # the key that is given wins


def test_a_key_that_a_directory_has_already_stays(network: Path, tmp_path: Path) -> None:
    settings = directory_of(network, tmp_path)
    settings.vault_dir.mkdir()
    (settings.vault_dir / "pseudonym.key").write_text("a" * 64)
    assert key_in_use(settings) == b"a" * 64


@pytest.mark.parametrize("how", ["mapping changed", "mapping copied", "files elsewhere"])
def test_other_sources_get_a_secret_of_their_own(network: Path, tmp_path: Path, how: str) -> None:
    settings = directory_of(network, tmp_path)
    if how == "mapping changed":
        with settings.sources_file.open("a") as stream:
            stream.write("# and my own till\n")
    elif how == "mapping copied":
        (settings.data_dir / "mine").mkdir()
        shutil.copy(settings.sources_file, settings.data_dir / "mine" / "sources.yaml")
        settings = settings.model_copy(update={"sources": Path("mine/sources.yaml")})
    else:
        settings = settings.model_copy(update={"raw_dir": Path("exports")})
    assert key_in_use(settings) != SIMULATED_KEY.encode()


def test_other_sources_are_refused_where_the_vault_holds_the_fixed_key(network: Path, tmp_path: Path) -> None:
    settings = directory_of(network, tmp_path)
    assert key_in_use(settings) == SIMULATED_KEY.encode()
    with settings.sources_file.open("a") as stream:
        stream.write("# and my own till\n")
    with pytest.raises(BmyshopError, match=r"key: holds the fixed key of simulated networks.* give these sources another --data-dir"):
        key_in_use(settings)
