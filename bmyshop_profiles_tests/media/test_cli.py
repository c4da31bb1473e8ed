"""The verbs plan and export as ad sales call them."""

from pathlib import Path

import pytest
import yaml

from bmyshop_profiles_tests.conftest import run_command
from bmyshop_profiles_tests.media.conftest import MONTH, a_brief, written_in


@pytest.fixture
def call(lake, tmp_path):
    """The command in this process: exit code, what it printed, what it said of errors."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        done = run_command(*words, data_dir=lake.data_dir, cwd=tmp_path, environment={"BMYSHOP_LAST_MONTH": MONTH})
        return done.returncode, done.stdout, done.stderr

    return run


def write_brief(path: Path, **changed: object) -> Path:
    path.write_text(yaml.safe_dump(yaml.safe_load(a_brief(**changed).model_dump_json())), encoding="utf-8")
    return path


def test_a_draft_then_a_plan(call, tmp_path) -> None:
    assert call("plan", "--draft", tmp_path / "brief.yaml")[0] == 0
    assert written_in(tmp_path) == ["brief.schema.json", "brief.yaml"]
    code, printed, _ = call("plan", tmp_path / "brief.yaml", "--to", tmp_path / "plan")
    assert code == 0 and "contacts avec le groupe" in printed
    assert written_in(tmp_path / "plan") == ["plan.csv", "plan.html", "plan.json", "plan.pdf"]
    assert call("plan", "--draft", tmp_path / "brief.yaml")[0] == 2  # never overwrites
    assert call("plan", "--draft")[1].startswith("# A brief")


def test_what_is_refused_writes_nothing(call, tmp_path) -> None:
    refused = write_brief(tmp_path / "tabac.yaml", sector="tabac")
    code, _, said = call("plan", refused, "--to", tmp_path / "plan")
    assert code == 1 and "Aucune publicité pour le tabac" in said and "Traceback" not in said
    unknown = write_brief(tmp_path / "unknown.yaml", places={"communes": ["Nulle-Part"]})
    assert call("plan", unknown, "--to", tmp_path / "plan")[0] == 1
    assert call("export", "2025-03", "--to", tmp_path / "plan")[0] == 1
    assert not (tmp_path / "plan").exists()
    assert call("plan")[0] == 2 and call("export", "march", "--to", tmp_path / "plan")[0] == 2


def test_an_export(call, tmp_path) -> None:
    code, printed, _ = call("export", MONTH, "--to", tmp_path / "files")
    assert code == 0 and "screens.csv: 4 rows" in printed


def test_an_export_with_noise_takes_no_inputs_and_one_epsilon(call, tmp_path) -> None:
    target = tmp_path / "files"
    code, _, said = call("export", MONTH, "--to", target, "--dp", "1", "--template", tmp_path / "own.csv")
    assert code == 2 and "--dp writes files of its own" in said
    assert call("export", MONTH, "--to", target, "--dp", "little")[0] == 2
    code, _, said = call("export", MONTH, "--to", target, "--dp", "nan")
    assert code == 1 and "epsilon is a number" in said and not target.exists()
