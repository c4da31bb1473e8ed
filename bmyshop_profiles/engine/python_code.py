"""The Python code that a function depends on, as a digest: itself, and every module of the package that it imports, directly or not.

Belongs here: reading modules as syntax trees, following imports. Does not belong here: which function makes which table (the `.yml` of the
table), SQL (`catalogue.py`).

Within its own module a function brings only what it uses: other functions, classes and constants, by name. Of other modules everything
counts, imports inside functions included. Comments and docstrings do not count, nor do `settings` (a table's digest holds the values that
it declares) and what is Dagster's. Nothing is imported to find out.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bmyshop_profiles.engine.errors import BmyshopError

PACKAGE = "bmyshop_profiles"
ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("settings", "orchestration")  # below the package: values are hashed where they are declared; Dagster decides no row


@functools.cache
def code_digest(function: str, root: Path = ROOT) -> str:
    """Digest of a function, named as `room.module:function` below the package in `root`.

    Raises:
        BmyshopError: there is no such module or function.
    """
    module, _, name = function.partition(":")
    path = _path(root, module)
    if path is None:
        raise BmyshopError(f"{function}: there is no module {PACKAGE}.{module}")
    own, modules = _used(root, module, name)
    if name not in own:
        raise BmyshopError(f"{function}: {path} defines no {name} at its top level")
    parts = [f"{module}:{each}={own[each]}" for each in sorted(own)]
    parts += [f"{each}={_read(_text(root, each)).digest}" for each in sorted(_closure(root, modules))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _used(root: Path, module: str, name: str) -> tuple[dict[str, str], set[str]]:
    """What a function uses of its own module (name → syntax tree as text), and the modules that the names it uses come from."""
    defined, imported = _definitions(_parsed(_text(root, module))), _imported_names(root, module)
    own: dict[str, str] = {}
    modules: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in own or each not in defined:
            modules |= imported.get(each, set())
            continue
        own[each] = "\n".join(ast.unparse(node) for node in defined[each])
        waiting += [found.id for node in defined[each] for found in ast.walk(node) if isinstance(found, ast.Name)]
    return own, modules


def _definitions(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """Top-level statements by the name that they define."""
    found: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        else:
            continue
        for name in names:
            found.setdefault(name, []).append(node)
    return found


def _closure(root: Path, modules: set[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found and module.split(".")[0] not in LEFT_OUT:
            found.add(module)
            waiting += _module_imports(root, module)
    return found


def _imported_names(root: Path, module: str) -> dict[str, set[str]]:
    """Name in the code → modules below the package that it stands for or comes from."""
    found: dict[str, set[str]] = {}
    for name, base, imported in _read(_text(root, module)).imports:
        below = f"{base}.{imported}".strip(".")
        found.setdefault(name, set()).add(below if imported and _path(root, below) else base)
    return found


@functools.cache
def _module_imports(root: Path, module: str) -> tuple[str, ...]:
    return tuple(sorted({each for found in _imported_names(root, module).values() for each in found if each}))


@functools.cache
def _text(root: Path, module: str) -> str:
    path = _path(root, module)
    assert path is not None, module
    return path.read_text(encoding="utf-8")


@dataclass(frozen=True)
class _Read:
    """What is kept of a module: its digest, and its imports as name in the code, module below the package, name there (or empty)."""

    digest: str
    imports: tuple[tuple[str, str, str], ...]


# By text: of two copies of the package only what differs is read anew. Trees are not kept: the collector would go through those of all
# modules again and again, for a fifth of the time that the definitions take.
@functools.cache
def _read(text: str) -> _Read:
    tree = _parsed(text)
    return _Read(
        hashlib.sha256(ast.unparse(tree).encode()).hexdigest(), tuple(each for node in _statements(tree) for each in _imports(node))
    )


def _imports(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.startswith(f"{PACKAGE}."):
                yield alias.asname or PACKAGE, alias.name.removeprefix(f"{PACKAGE}."), ""
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
        for alias in node.names:
            yield alias.asname or alias.name, node.module.removeprefix(PACKAGE).removeprefix("."), alias.name


def _parsed(text: str) -> ast.Module:
    """A module without docstrings."""
    tree = ast.parse(text)
    for node in [tree, *_statements(tree)]:
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements, those inside others too: a tenth of the nodes that `ast.walk` visits."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, block, None)
            if isinstance(inner, list):  # a lambda's body is an expression
                waiting += inner
                yield from (each for each in inner if isinstance(each, ast.stmt))


@functools.cache
def _path(root: Path, module: str) -> Path | None:
    stem = root.joinpath(*module.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)
