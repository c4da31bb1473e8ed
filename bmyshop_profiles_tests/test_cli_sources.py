"""sources inspect, check and schema as people call them: from raw files to features with nothing else in hand."""

import json
from pathlib import Path

import pytest
import yaml

from bmyshop_profiles.simulation import simulate
from bmyshop_profiles_tests.test_cli import call

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files of a small simulated network; its own mapping is put aside."""
    directory = tmp_path_factory.mktemp("exports")
    simulate(directory, seed=3, stores=4, members=40, anonymous_shoppers=300, first_month="2025-01", months=1, lines=5_000)
    (directory / "sources.yaml").rename(directory / "given.txt")
    return directory


def raw_files(exports: Path) -> list[Path]:
    return sorted(path for path in (exports / "raw").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def drafted(exports: Path) -> Path:
    """The draft, and inspect's own check that it never overwrites."""
    path = exports / "draft.yaml"
    done = call("sources", "inspect", *raw_files(exports), "--output", path, data_dir=exports / "data")
    assert done.returncode == 0, done.stderr
    assert f"Next: bmyshop-profiles sources check {path}" in done.stdout
    assert "--months 2025-01..2025-01" in done.stdout
    assert "assumed: timezone: Europe/Paris" in done.stdout
    again = call("sources", "inspect", *raw_files(exports), "--output", path, data_dir=exports / "data")
    assert (again.returncode, "a draft never overwrites" in again.stderr) == (2, True)
    return path


def test_from_raw_files_to_features_by_inspect_alone(exports: Path, drafted: Path) -> None:
    checked = call("sources", "check", drafted, data_dir=exports / "data")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Nothing wrong was found in the sample." in checked.stdout
    data_dir = exports / "data"
    rooms = "ingestion,references,features"
    done = call("run", "--sources", drafted, "--months", "2025-01", "--select", rooms, data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    query = "select count(*) as stores, sum(receipts_count)::bigint as receipts from store_features"
    (features,) = json.loads(call("sql", query, "--format", "json", data_dir=data_dir).stdout)
    query = "select count(distinct store_key) as stores, count(*) as receipts from receipts"
    assert features == json.loads(call("sql", query, "--format", "json", data_dir=data_dir).stdout)[0]
    assert features["stores"] == 4


def test_the_draft_reads_what_the_simulator_s_own_mapping_reads(exports: Path, drafted: Path) -> None:
    """Column by column the two mappings agree; the words differ."""
    draft, given = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in (drafted, exports / "given.txt"))
    assert [source["receipts"]["files"].replace("*", "") for source in draft["sources"]] == [
        source["receipts"]["files"].replace("*", "") for source in given["sources"]
    ]
    for ours, theirs in zip(draft["sources"], given["sources"], strict=True):
        assert set(ours["receipts"]["columns"]) == set(theirs["receipts"]["columns"])
        for kind in ("members", "products", "stores"):
            assert set(ours.get(kind, {}).get("columns", {})) == set(theirs.get(kind, {}).get("columns", {}))


def test_a_draft_on_the_terminal_is_the_yaml_alone(exports: Path) -> None:
    done = call("sources", "inspect", *raw_files(exports), "--name", "network", data_dir=exports / "data")
    assert yaml.safe_load(done.stdout)["sources"][0]["name"] == "network"
    assert "yaml-language-server" not in done.stdout


def test_the_schema_stands_beside_the_draft(exports: Path, drafted: Path) -> None:
    assert drafted.read_text(encoding="utf-8").splitlines()[0] == "# yaml-language-server: $schema=sources.schema.json"
    written = json.loads((exports / "sources.schema.json").read_text(encoding="utf-8"))
    assert written == json.loads(call("sources", "schema", data_dir=exports / "data").stdout)


def test_what_is_wrong_is_1_and_wrong_usage_is_2(exports: Path, drafted: Path) -> None:
    wrong = exports / "wrong.yaml"
    wrong.write_text(drafted.read_text(encoding="utf-8").replace("raw/caisse_a/", "raw/caisse_z/"), encoding="utf-8")
    done = call("sources", "check", wrong, data_dir=exports / "data")
    assert done.returncode == 1
    assert "no file matches raw/caisse_z/" in done.stdout
    assert "1 things are wrong; nothing was ingested" in done.stderr
    rows = json.loads(call("sources", "check", wrong, "--format", "json", data_dir=exports / "data").stdout)
    assert [row["files"] for row in rows if "no file matches" in row["wrong"]] == [0]
    wrong.write_text(drafted.read_text(encoding="utf-8").replace("delimiter:", "delimeter:", 1), encoding="utf-8")
    done = call("sources", "check", wrong, data_dir=exports / "data")
    assert (done.returncode, "did you mean delimiter?" in done.stderr) == (1, True)
    wrong.unlink()
    done = call("sources", "check", exports / "none.yaml", data_dir=exports / "data")
    assert (done.returncode, "sources inspect drafts one" in done.stderr) == (2, True)
    done = call("sources", "inspect", exports / "raw", data_dir=exports / "data")
    assert (done.returncode, "is not a file" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr


def test_status_names_late_files(exports: Path, drafted: Path) -> None:
    data_dir = exports / "status-data"
    for_months = ("run", "--sources", drafted, "--months", "2025-01", "--select", "ingestion")
    assert call(*for_months, data_dir=data_dir).returncode == 0
    assert "Late files" not in call("status", data_dir=data_dir).stdout
    late = exports / "raw" / "caisse_a" / "receipts_2025-01_late.csv"
    late.write_text((exports / "raw" / "caisse_a" / "receipts_2025-01.csv").read_text(encoding="utf-8"), encoding="utf-8")
    text = drafted.read_text(encoding="utf-8")
    drafted.write_text(text.replace("receipts_{year}-{month}.csv", "receipts_{year}-{month}*.csv"), encoding="utf-8")
    shown = call("status", data_dir=data_dir).stdout
    late.unlink()
    drafted.write_text(text, encoding="utf-8")
    assert "Late files, 2025-01: 1 new: raw/caisse_a/receipts_2025-01_late.csv." in shown
    assert "To read them: bmyshop-profiles run --months 2025-01" in shown
