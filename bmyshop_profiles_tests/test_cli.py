"""The command line as people use it: a small demo, questions, refusals and their exit codes."""

import csv
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bmyshop_profiles_tests.conftest import run_command

pytestmark = pytest.mark.slow


def spawn(*arguments: str | Path, data_dir: Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which takes seconds to import what it needs."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("BMYSHOP_")}
    command = [sys.executable, "-m", "bmyshop_profiles.cli", "--data-dir", str(data_dir), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=clean, cwd=data_dir.parent, timeout=900, umask=0o022)


def call(*arguments: str | Path, data_dir: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command in this process, beside its data."""
    return run_command(*arguments, data_dir=data_dir, cwd=data_dir.parent, environment=environment)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    data_dir = tmp_path_factory.mktemp("demo") / "l'été [1]"  # a name that is neither a pattern nor the end of a text
    return data_dir, spawn("demo", "--lines", "12000", "--stores", "6", "--members", "60", "--months", "2", data_dir=data_dir)


def test_the_demo_runs_and_says_what_came_of_it(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir, done = demo
    assert done.returncode == 0, done.stderr
    assert "receipt lines were read from" in done.stdout
    assert "duplicates" in done.stdout
    assert " warned. " in done.stdout  # so small a network has no sure profiles
    assert "    should hold: " in done.stdout
    assert "The rows that break a check: bmyshop-profiles ui" in done.stdout
    assert "Next: bmyshop-profiles ui" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last == f"The report: {data_dir}/reports/2025-02.html"
    assert "Rapport du mois de février 2025" in (data_dir / "reports" / "2025-02.html").read_text(encoding="utf-8")
    assert [path.name for path in data_dir.parent.iterdir()] == [data_dir.name]  # nothing is written elsewhere
    assert not list((data_dir / "spill").iterdir())


def test_what_is_written_is_closed_to_others(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir, _ = demo
    written = [data_dir, *data_dir.rglob("*")]
    kinds = {path.relative_to(data_dir).parts[0] for path in written[1:]}
    assert kinds >= {"lake", "vault", "dagster", "reports", "simulated", "spill", "bmyshop.toml"}
    assert [path for path in written if stat.S_IMODE(path.stat().st_mode) & 0o077] == []


def test_a_data_directory_that_was_open_is_closed(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o755)
    assert call("status", data_dir=data_dir).returncode == 0
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_dagster_s_own_processes_close_what_they_write(tmp_path: Path) -> None:
    """A code server or a run's worker, however it was started, imports the definitions."""
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o755)
    code = "import os, bmyshop_profiles.definitions; print(oct(os.umask(0)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, umask=0o022, env={**os.environ, "BMYSHOP_DATA_DIR": str(data_dir)},
    )  # fmt: skip
    assert done.stdout.strip() == "0o77"
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_a_file_that_a_person_names_elsewhere_is_theirs(tmp_path: Path) -> None:
    raw, draft = tmp_path / "lines.csv", tmp_path / "draft.yaml"
    raw.write_text("shop,date,ticket,ean,total\nS1,2025-01-03 08:15,1,3017620422003,2.50\nS1,2025-01-03 09:15,2,3017620422003,2.50\n")
    done = spawn("sources", "inspect", raw, "--output", draft, data_dir=tmp_path / "data")  # a process of its own, with a usual umask
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(draft.stat().st_mode) == 0o644


def test_a_demo_has_the_fixed_key_of_simulated_networks(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    from bmyshop_profiles.privacy.pseudonyms import KEY_FILE, SIMULATED_KEY

    assert (demo[0] / "vault" / KEY_FILE).read_text() == SIMULATED_KEY


def test_the_ledger_reconciles_with_the_truth(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir, _ = demo
    done = call("sql", "select code, count(*) as lines from rejected_lines group by code", "--format", "json", data_dir=data_dir)
    rejected = sum(row["lines"] for row in json.loads(done.stdout))
    is_copy = pd.read_parquet(data_dir / "simulated" / "truth" / "defects.parquet").kind == "duplicate_receipt"
    assert rejected == (~is_copy).sum()
    done = call("sql", "select sum(duplicate_count) as lines from file_ledger", "--format", "json", data_dir=data_dir)
    assert json.loads(done.stdout) == [{"lines": is_copy.sum()}]


def test_profiles_have_one_id_along_the_months(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir, _ = demo
    done = call("profiles", "--format", "json", data_dir=data_dir)
    if done.returncode:  # so few members may have no profiles
        assert "no profiles have been made yet" in done.stderr
    else:
        rows = json.loads(done.stdout)
        assert {row["month"] for row in rows} <= {"2025-01", "2025-02"}
        assert all(row["profile_id"] <= f"{row['month']}-{row['profile_key']}" or row["profile_id"] < row["month"] + "-q" for row in rows)


def test_a_dry_run_says_what_a_run_would_take_and_makes_nothing(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir, _ = demo
    before = {path: path.read_bytes() for path in (data_dir / "lake").rglob("current.json")}
    settings = (data_dir / "bmyshop.toml").read_bytes()
    told = call("run", "--dry-run", "--months", "2025-02..2025-03", "--select", "features", data_dir=data_dir).stdout.splitlines()
    made, missing = (next(line.split() for line in told if line.split()[:1] == [month]) for month in ("2025-02", "2025-03"))
    assert made[1:3] == [missing[1], "0"]
    assert missing[2] == missing[1]  # all tables of a month that was never made are missing
    assert float(made[4]) == float(missing[4])  # steps take what they took
    assert told[-1].startswith("In all about")
    assert {path: path.read_bytes() for path in (data_dir / "lake").rglob("current.json")} == before
    assert (data_dir / "bmyshop.toml").read_bytes() == settings
    unknown = call("run", "--dry-run", "--select", "nothing", data_dir=data_dir)
    assert unknown.returncode == 2
    assert "there is no room nothing" in unknown.stderr


def test_status_says_why(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    other = {"BMYSHOP_TOPIC_RECEIPTS": "17"}
    one = call("status", "--table", "sampled_receipt_items", data_dir=demo[0], environment=other)
    assert one.stdout.count("made by other code or settings") == 2
    assert "made by other code" in call("status", data_dir=demo[0], environment=other).stdout


def test_status_and_sql_answer_in_three_formats(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir, _ = demo
    status = call("status", data_dir=data_dir)
    assert status.returncode == 0
    assert "2025-01..2025-02" in status.stdout
    rows = list(csv.DictReader(io.StringIO(call("status", "--format", "csv", data_dir=data_dir).stdout)))
    assert {row["stale"] for row in rows} == {""}
    one = json.loads(call("status", "--table", "receipts", "--format", "json", data_dir=data_dir).stdout)
    assert [row["month"] for row in one] == ["2025-01", "2025-02"]
    views = call("sql", "--views", data_dir=data_dir).stdout
    assert "create or replace view receipts as" in views


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("drop view receipts", "one select is expected"),
        ("select 1; select 2", "one select is expected"),
        ("select * from read_text('/etc/hostname')", "Permission Error|disabled"),
        ("select nothing from receipts", "nothing"),
        ("select", "does not parse|Parser Error"),
    ],
)
def test_sql_is_read_only_and_errors_are_a_paragraph(demo: tuple[Path, subprocess.CompletedProcess[str]], query: str, message: str) -> None:
    import re

    done = call("sql", query, data_dir=demo[0])
    assert done.returncode == 1
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr


PET = "name: pet\nlabel: un animal\nanswers: {non: 0.5, oui: 0.5}\nleans: {buys.bread: [-1, 1]}\n"


def test_a_question_that_cannot_be_measured_is_a_paragraph(tmp_path: Path, demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    (tmp_path / "pet.yaml").write_text(PET)
    for arguments, message in (
        ((tmp_path / "pet.yaml", "--month", "2025-01"), "there are no profiles in 2025-01"),  # 60 members make none in a month
        ((tmp_path / "pet.yaml", "--month", "2031-01"), "no members are known in 2031-01"),
        ((tmp_path / "none.yaml",), "none.yaml: cannot be read"),
    ):
        done = call("value", *arguments, data_dir=demo[0])
        assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr


def test_wrong_usage_is_2(tmp_path: Path, demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir = tmp_path / "data"
    cases = [
        (("run", "--sources", tmp_path / "none.yaml"), "there is no such source mapping"),
        (("run",), "there is no source mapping; name one with --sources, or try bmyshop-profiles demo"),
        (("run", "--months", "2025-13"), "are no months"),
        (("status", "--table", "nothing"), "there is no table nothing"),
        (("sql",), "give a select"),
    ]
    for arguments, message in cases:
        done = call(*arguments, data_dir=data_dir)
        assert done.returncode == 2, arguments
        assert message in done.stderr
    assert call("unknown", data_dir=data_dir).returncode == 2
    done = call("status", data_dir=data_dir, environment={"BMYSHOP_THREADS": "none"})
    assert (done.returncode, "BMYSHOP_THREADS" in done.stderr) == (2, True)
    done = call("run", "--select", "kitchen", data_dir=demo[0])
    assert (done.returncode, "the rooms are audience, enrichment, features" in done.stderr) == (2, True)


def test_a_data_directory_keeps_its_sources(tmp_path: Path, demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    (tmp_path / "other.yaml").write_text("version: 1")
    done = call("run", "--sources", tmp_path / "other.yaml", "--months", "2025-01", data_dir=demo[0])
    assert done.returncode == 2
    assert "give these sources another --data-dir" in done.stderr


def test_a_failed_run_is_1_and_the_traceback_comes_with_debug(tmp_path: Path) -> None:
    mapping = tmp_path / "sources.yaml"
    mapping.write_text(
        "version: 1\nsources:\n  - name: till\n    receipts:\n      files: lines.csv\n"
        "      columns: {receipt_key: a, sold_at: b, store_key: c, product_key: d, amount_cents: e}\n"
    )
    done = call("run", "--sources", mapping, "--months", "2025-01", data_dir=tmp_path / "data")
    assert done.returncode == 1
    assert "no file matches lines.csv" in done.stderr
    assert "Traceback" not in done.stderr
    done = spawn("--debug", "run", data_dir=tmp_path / "data")
    assert "Traceback" in done.stderr


def test_a_source_without_a_list_of_members_is_run_to_its_end(tmp_path: Path) -> None:
    """What ages, identities among it, is looked at after a run and by vacuum; here nobody was ever listed."""
    (tmp_path / "lines.csv").write_text(
        "ticket,sold,code,total\n1,2025-03-02 08:00,A,120\n1,2025-03-02 08:00,B,90\n2,2025-03-09 17:00,A,120\n"
    )
    mapping = tmp_path / "sources.yaml"
    mapping.write_text(
        "version: 1\nsources:\n  - name: till\n    receipts:\n      files: lines.csv\n      columns:\n"
        "        {receipt_key: ticket, sold_at: moment(sold), store_key: \"'S'\", product_key: code, amount_cents: total::bigint}\n"
    )
    data_dir = tmp_path / "data"
    done = call("run", "--sources", mapping, "--months", "2025-03", "--select", "ingestion,references,features", data_dir=data_dir)
    assert (done.returncode, done.stderr) == (0, "")
    assert "They make 2 receipts in 1 shops; 0.0 % of them identified, from 0 members." in done.stdout
    done = call("vacuum", data_dir=data_dir)
    assert (done.returncode, done.stdout) == (0, "0 old versions removed.\n")


def test_vacuum_says_what_it_did(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    done = call("vacuum", data_dir=demo[0])
    assert (done.returncode, done.stdout) == (0, "0 old versions removed.\n")


def test_a_member_is_erased_by_one_command(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data_dir, _ = demo
    with (data_dir / "simulated" / "raw" / "members.csv").open(encoding="utf-8") as stream:
        member = next(csv.DictReader(stream))["member"]
    done = call("erase", "--member", member, data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    assert "and the vault" in done.stdout
    assert member not in done.stdout
    again = call("erase", "--member", member, data_dir=data_dir)
    assert (again.returncode, "nobody is known under this member id" in again.stderr) == (1, True)
