"""The truth is for evaluation: no room names its directory, none of its files is a source, and its mixes are those of its receipts."""

import ast
from pathlib import Path

import pytest
import yaml

import bmyshop_profiles
from bmyshop_profiles.simulation import SimulatedNetwork
from bmyshop_profiles_tests.simulation.reading import truth

PACKAGE = Path(bmyshop_profiles.__file__).parent
MAY_NAME_IT = ("simulation", "evaluation", "cli")  # the command line hands the path of a demo's truth to evaluation
OUTSIDE = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in MAY_NAME_IT]


def words(path: Path) -> list[str]:
    """Texts of a module, its docstrings apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {
        ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in documented
    ]


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_room_names_the_directory_of_the_truth(path: Path) -> None:
    assert not [text for text in words(path) if text == "truth" or "truth/" in text or ("parquet" in text and "truth" in text)]


def test_the_search_would_find_it() -> None:
    assert "truth" in words(PACKAGE / "cli" / "runs.py")


def test_no_sql_names_it() -> None:
    for file in sorted((PACKAGE.parent / "sql").rglob("*.sql")):
        assert "truth" not in file.read_text(encoding="utf-8"), file


def test_no_source_reads_it(network: SimulatedNetwork) -> None:
    mapping = yaml.safe_load(network.sources.read_text(encoding="utf-8"))
    files = [
        source[kind]["files"] for source in mapping["sources"] for kind in ("receipts", "stores", "products", "members") if kind in source
    ]
    assert files and all(file.startswith("raw/") for file in files)


def test_visit_mixes_are_those_of_the_receipts(network: SimulatedNetwork) -> None:
    told = truth(network, "visit_mixes", "select month, shop, daypart, persona, visits from truth order by all")
    names = "['early', 'morning', 'noon', 'afternoon', 'evening', 'night'][daypart + 1]"
    counted = truth(network, "receipts", f"select month, shop, {names}, persona, count(*) from truth group by all order by all")
    assert sorted(told, key=str) == sorted(counted, key=str)
    sums = truth(network, "visit_mixes", "select sum(visit_share) from truth group by month, shop, daypart")
    assert all(total == pytest.approx(1) for (total,) in sums)
