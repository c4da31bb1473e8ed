"""What makes a table stale: the code behind it, all of it, and nothing else."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.python_code import ROOT, code_digest
from bmyshop_profiles.orchestration.code import Code
from bmyshop_profiles.settings import Settings

CATALOGUE = load_catalogue()
PYTHON_TABLES = [table for table in CATALOGUE.values() if table.sql is None]
Edit = Callable[[str, str, str], set[str]]


@pytest.fixture
def edit(tmp_path: Path, settings: Settings) -> Edit:
    """Replace a text in a copy of a module; the tables whose own code is another then."""

    def edited(module: str, text: str, instead: str) -> set[str]:
        package = tmp_path / f"copy{len(list(tmp_path.iterdir()))}"
        shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("__pycache__"))
        path = package / module
        before = path.read_text(encoding="utf-8")
        assert before.count(text) >= 1, f"{module} no longer holds {text!r}"
        path.write_text(before.replace(text, instead, 1), encoding="utf-8")
        now, then = Code(CATALOGUE, settings), Code(CATALOGUE, settings, package)
        return {table.name for table in CATALOGUE.values() if now.own(table) != then.own(table)}

    return edited


@pytest.mark.parametrize("table", PYTHON_TABLES, ids=lambda table: table.name)
def test_a_python_table_names_a_function_that_is_there(table) -> None:
    assert table.file.made_by
    assert code_digest(table.file.made_by)
    for file in table.file.files:
        assert (ROOT / file).is_file()


def test_sql_tables_name_no_function() -> None:
    assert [table.name for table in CATALOGUE.values() if table.sql is not None and table.file.made_by] == []


def test_comments_and_docstrings_change_nothing(edit: Edit) -> None:
    assert edit("ingestion/reading/files.py", "\nimport ", "\n# a remark\nimport ") == set()
    assert edit("statistics/likelihood.py", '"""What the members of a group buy', '"""Said anew: what the members of a group buy') == set()
    assert edit("typology/steps.py", '"""Names of the profiles."""', '"""Profiles, by name."""') == set()


def test_a_constant_two_imports_away_makes_the_tables_behind_it_stale(edit: Edit) -> None:
    # typology.steps → typology.worth.quality → typology.worth.gate
    assert edit("typology/worth/gate.py", "PERCENTILE = 95", "PERCENTILE = 90") == {"typology_quality", "profile_quality"}
    assert edit("features/label_text.py", "import re\n", "import re\n\nNEW = 1\n") == {"product_categories"}


def test_code_that_was_listed_nowhere_counts(edit: Edit) -> None:
    stale = edit("statistics/intervals.py", "0.5 + level / 2", "0.5 + level / 3")
    assert {"projection_quality", "typology_quality", "profile_quality", "variable_value"} <= stale
    assert "receipt_lines" not in stale
    assert edit("privacy/pseudonyms.py", "import ", "NEW = 1\nimport ") >= {"receipt_lines", "staged_members", "member_demographics"}


def test_a_function_of_a_room_s_assets_brings_only_what_it_uses(edit: Edit) -> None:
    assert edit("typology/steps.py", 'told = ("labels", ', 'told = ("halves", ') == {"profile_cards"}
    assert edit("typology/steps.py", "{row.profile_name} (", "{row.profile_name}: (") == {"profiles"}


def test_a_new_setting_makes_nothing_stale(edit: Edit) -> None:
    assert edit("settings.py", "    seed: int", "    other: int = 0\n    seed: int") == set()


def test_a_data_file_counts(tmp_path: Path, settings: Settings) -> None:
    package = tmp_path / "copy"
    shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "references/data/product_families.csv").write_text("family,category\n")
    now, then = Code(CATALOGUE, settings), Code(CATALOGUE, settings, package)
    assert [table.name for table in CATALOGUE.values() if now.own(table) != then.own(table)] == ["product_categories"]


def test_a_function_that_is_not_there_is_named() -> None:
    with pytest.raises(BmyshopError, match="there is no module bmyshop_profiles.typology.nowhere"):
        code_digest("typology.nowhere:clusters")
    with pytest.raises(BmyshopError, match="defines no nothing"):
        code_digest("typology.steps:nothing")
