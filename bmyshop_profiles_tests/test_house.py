"""The rules of the house, each held by a test: layers, who may import what, what headers of SQL say."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlglot import exp

from bmyshop_profiles.engine.catalogue import PERSON_KEYS, QUESTIONS, Table, load_catalogue, parse, sql_directory, tables_read

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bmyshop_profiles"
MODULES = sorted(PACKAGE.rglob("*.py"))
TABLES = list(load_catalogue().values())
SQL_TABLES = [table for table in TABLES if table.sql is not None]
SELECTS = sorted(path for path in sql_directory().glob("*/*.sql"))
ALONE = [path for path in SELECTS if path.name.count(".") > 1 or path.parent.name == QUESTIONS]  # frames and questions


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_layers_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_only_dagster_s_own_places_import_dagster(path: Path) -> None:
    allowed = path.name in ("assets.py", "sensors.py", "definitions.py") or path.parent.name in ("cli", "orchestration")
    assert allowed or not [name for name in imports(path) if name.split(".")[0].startswith("dagster")]


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_only_definitions_import_a_room_s_assets(path: Path) -> None:
    assert path.name == "definitions.py" or not [
        name for name in imports(path) if re.search(r"bmyshop_profiles\.[\w.]+\.(assets|sensors)$", name)
    ]


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_a_module_says_what_it_is_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= 300


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.name in ("assets.py", "sensors.py") or path.parent.name == "orchestration"],
    ids=place,
)
def test_annotations_of_assets_are_not_postponed(path: Path) -> None:
    assert "from __future__ import annotations" not in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_definitions_load_nothing_heavy() -> None:
    heavy = ("numba", "umap", "hdbscan", "sklearn", "pyspark")
    code = f"import sys, bmyshop_profiles.definitions; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", ALONE, ids=lambda path: path.name)
def test_the_header_of_a_frame_says_what_it_reads(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    read = tables_read(parse(sql, path))
    assert re.search(r"(?m)^-- inputs: (.*)$", sql).group(1) == ", ".join(sorted(read))  # type: ignore[union-attr]
    assert read <= {table.name for table in TABLES}
    assert sql.startswith("-- ")


# What makes SQL of a mapping or a list of files, and what reads the vault or the truth, cannot stand in a file
GENERATES_SQL = ("ingestion", "privacy", "simulation", "evaluation", "engine")


@pytest.mark.parametrize("path", [path for path in MODULES if place(path).split("/")[0] not in GENERATES_SQL], ids=place)
def test_queries_of_rooms_stand_in_sql(path: Path) -> None:
    assert queries_in(path.read_text(encoding="utf-8")) == []


def queries_in(python: str) -> list[str]:
    """Texts of a module, pieced together or not, that are a select; docstrings are none."""
    found = []
    for node in ast.walk(ast.parse(python)):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(piece.value) if isinstance(piece, ast.Constant) else "x" for piece in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if re.match(r"(?is)\s*(select|with)\b.+\bfrom\b", text):
            found.append(text)
    return found


def test_a_query_in_a_room_is_seen() -> None:
    assert queries_in('TEXT = "give a select: select * from receipts"\nframe("from receipts order by all")\n') == []
    queries = ['"""\nwith a as (select 1) select * from a"""', '"select a from b"', 'f"select {x} from b where {y}"']
    assert [len(queries_in(f"frame({query})")) for query in queries] == [1, 1, 1]


@pytest.mark.parametrize("table", SQL_TABLES, ids=lambda table: table.name)
def test_the_header_says_what_the_sql_is(table: Table) -> None:
    assert table.sql is not None
    header = dict(re.findall(r"(?m)^-- (inputs|window): (.*)$", table.sql))
    assert re.search(r"(?m)^-- grain: .+; key: (.+)$", table.sql).group(1) == ", ".join(table.file.key)  # type: ignore[union-attr]
    assert header["inputs"] == ", ".join(table.inputs)
    window = header["window"]
    written = {} if window == "the month" else {part.split()[0]: int(part.split()[1]) for part in window.split(", ")}
    assert written == table.file.window


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_columns_bear_their_kind(table: Table) -> None:
    for name, column in table.file.columns.items():
        assert column.description
        assert name == name.lower()
        if name.endswith(("_cents", "_count")) and name != "basket_cents":
            assert column.type == "bigint", name
        if name.endswith("_share"):
            assert column.type == "double", name
        if name.endswith("_date"):
            assert column.type == "date", name
        if name.endswith("_at"):
            assert column.type == "timestamp", name
        if name.startswith(("is_", "has_")):
            assert column.type == "boolean", name


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_checks_give_no_key_of_a_person_another_name(table: Table) -> None:
    """What a check returns is kept as examples, those columns apart: under another name a key would be kept."""
    for check in table.checks:
        assert renamed_keys(parse(check.sql, table.path)) == set(), check.name


def renamed_keys(tree: exp.Query) -> set[str]:
    """Columns of any step that are made of a person's key and are not named so; a count of them is none."""
    found = set()
    for select in tree.find_all(exp.Select):
        for column in select.expressions:
            used = {each.name for each in column.find_all(exp.Column) if not each.find_ancestor(exp.Count)}
            if used & set(PERSON_KEYS) and column.alias_or_name not in PERSON_KEYS:
                found.add(column.alias_or_name)
    return found


@pytest.mark.parametrize("sql", ["select member_key as who from this", "select a from (select 'x' || shopper_key as a from this)"])
def test_a_renamed_key_is_seen(sql: str) -> None:
    assert renamed_keys(parse(sql, ROOT)) != set()
    assert renamed_keys(parse("select member_key, count(distinct shopper_key) as cards from this group by all", ROOT)) == set()


@pytest.mark.slow
def test_sql_files_are_formatted() -> None:
    done = subprocess.run([sys.executable, "-m", "sqlfluff", "lint", "sql", "--nocolor"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
