"""What can be counted of the package's code without running it: lines, long modules, queries in Python, what a comment makes stale.

Belongs here: counting. Does not belong here: what is held of it (`house.py`), the rules that a test holds for each module
(`bmyshop_profiles_tests/test_house.py`).
"""

import ast
import io
import re
import shutil
import tempfile
import tokenize
from pathlib import Path

import sqlglot
from sqlglot import exp

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.python_code import ROOT
from bmyshop_profiles.orchestration.code import Code
from bmyshop_profiles.settings import Settings

MOST_LINES = 300
# directories of the package that hold no tables
NO_ROOMS = ("cli", "engine", "orchestration")
# room, or file of one → why its SQL is written in Python
GENERATED: dict[str, str] = {
    "ingestion": "made of the mapping: columns, formats and codes that each till writes its own way",
    "simulation": "draws rows by the parameters of a network, and is no asset",
    "evaluation": "reads the truth of the simulator, which no table of the lake holds",
    "privacy/identities.py": "reads the vault, which is no part of the lake",
    "privacy/erasure.py": "rewrites any table that has keys of persons",
}
SELECT = re.compile(r"\bselect\b.+\bfrom\b", re.IGNORECASE | re.DOTALL)
FIRST = re.compile(r"\s*(select|with|from)\s+(\w+)", re.IGNORECASE)
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}


def modules(package: Path = ROOT) -> list[Path]:
    """All modules of a package."""
    return sorted(path for path in package.rglob("*.py") if "__pycache__" not in path.parts)


def code_lines(package: Path = ROOT) -> int:
    """Lines of Python: blank ones, comments and docstrings left out."""
    count = 0
    for path in modules(package):
        text = path.read_text(encoding="utf-8")
        used: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in NO_CODE:
                used |= set(range(token.start[0], token.end[0] + 1))
        for each in docstrings(ast.parse(text)):
            used -= set(range(each.lineno, (each.end_lineno or each.lineno) + 1))
        count += len(used)
    return count


def sql_lines(directory: Path) -> int:
    """Lines of the SQL files: blank ones and comments left out."""
    lines = [line.strip() for path in directory.glob("*/*.sql") for line in path.read_text(encoding="utf-8").splitlines()]
    return sum(bool(line) and not line.startswith("--") for line in lines)


def long_modules() -> list[str]:
    """Modules of more than `MOST_LINES` lines."""
    return [place(path) for path in modules() if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES]


def docstrings(tree: ast.Module) -> list[ast.Constant]:
    """Of a module, its classes and functions."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            found.append(node.body[0].value)  # type: ignore[attr-defined]
    return found


def queries(package: Path = ROOT) -> dict[str, list[str]]:
    """Room → file and line of each text in its Python that is a query."""
    found: dict[str, list[str]] = {}
    for path in modules(package):
        room = path.relative_to(package).parts[0]
        if path.parent == package or room in NO_ROOMS:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        told = {id(each) for each in docstrings(tree)}
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if id(node) not in told | inside and is_query(text_of(node)):
                found.setdefault(room, []).append(f"{place(path, package)}:{node.lineno}")  # type: ignore[attr-defined]
    return found


def text_of(node: ast.AST) -> str:
    """A text in the code, with x for what is put into it; empty for all else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def is_query(text: str) -> bool:
    """Whether a text selects from something: by its words, or because it parses as a select (of a table of ours, where it begins so)."""
    first = FIRST.match(text)
    if SELECT.search(text) or first is None:
        return bool(SELECT.search(text))
    if first[1].lower() == "from" and first[2] not in load_catalogue():
        return False
    try:
        return isinstance(sqlglot.parse_one(text, read="duckdb"), exp.Query)
    except sqlglot.errors.SqlglotError:
        return False


def stray_queries() -> dict[str, list[str]]:
    """`queries` without those that are `GENERATED`."""
    rooms = {room: [each for each in places if not reason(each)] for room, places in queries().items()}
    return {room: places for room, places in rooms.items() if places}


def reason(where: str) -> str | None:
    """Why the SQL of a place is written in Python; None where it should be a file."""
    return next((why for name, why in GENERATED.items() if where.startswith((f"{name}/", f"{name}:"))), None)


def stale_by_a_comment() -> list[str]:
    """Tables whose own code is another when every module has one more comment. What all of them do not change, none of them does."""
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as directory:
        package, settings = Path(directory) / "package", Settings(data_dir=Path(directory))
        shutil.copytree(ROOT, package, ignore=shutil.ignore_patterns("__pycache__"))
        for path in modules(package):
            path.write_text(path.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
        now, then = Code(catalogue, settings), Code(catalogue, settings, package)
        return [table.name for table in catalogue.values() if now.own(table) != then.own(table)]


def place(path: Path, package: Path = ROOT) -> str:
    """Where a module is, below the package."""
    return path.relative_to(package).as_posix()
