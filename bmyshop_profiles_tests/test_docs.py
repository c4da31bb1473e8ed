"""The docs say what was measured: tables of kept results are those of the commands that made them."""

import json
from pathlib import Path

import pytest

from benchmarks.helpers import report
from tools.kept_results import KEPT, RESULTS, filled, pages, table

PAGES = pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tables_of_kept_results_are_as_measured(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert filled(page) == page


def test_what_is_kept_is_in_the_docs() -> None:
    told = {found[2] for path in PAGES for found in KEPT.finditer(path.read_text(encoding="utf-8"))}
    assert {path.stem for path in RESULTS.glob("*.json")} <= told


def test_a_figure_that_no_command_made_is_seen(tmp_path: Path) -> None:
    bars = {"gain": report.at_least(0.12345, 0.1), "rows": report.equal([], []), "seconds": report.at_most(361.2, 360)}
    kept = report.keep("benchmarks.platform.house", ["--base", "DIR"], {"runs": 3}, bars, tmp_path)
    assert kept.name == "platform.house.json"
    found = json.loads(kept.read_text(encoding="utf-8"))
    assert found["command"] == "python -m benchmarks.platform.house --base DIR"
    assert (found["figures"], found["bars"]["gain"]["met"], found["bars"]["seconds"]["met"]) == ({"runs": 3}, True, False)
    page = "before\n<!-- kept: platform.house -->\nold\n<!-- end of kept -->\nafter\n"
    good = filled(page, tmp_path)
    assert "| gain | 0.123 | 0.1 | yes |" in good
    assert "| seconds | 361.2 | 360 | no |" in good
    assert good.startswith("before\n") and good.endswith("after\n")
    assert filled(good, tmp_path) == good
    assert filled(good.replace("0.123", "0.133"), tmp_path) == good != good.replace("0.123", "0.133")
    assert table(found) in good
    with pytest.raises(FileNotFoundError):
        filled(page.replace("house", "nothing"), tmp_path)
