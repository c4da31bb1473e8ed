"""The SQL catalogue: every table of the lake, read from `sql/<room>/<table>.yml` and, where SQL makes it, the `.sql` beside it. What a
table that Python makes reads is `sql/<room>/<table>.<frame>.sql`, one select a frame.

Here: what a table is (columns, key, window, parameters, checks), what it reads, and the hash of the code that makes it.
Not here: running anything (`session.py`, `build.py`), where the rows go (`lake.py`).
"""

import functools
import graphlib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import sqlglot
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlglot import exp

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.shipped import shipped

ParameterType = Literal["date", "integer", "double", "varchar"]
PERSON_KEYS = ("member_key", "shopper_key")  # the key of a person has one of these names in every table: erasure goes by them
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a third of a second for all tables, where libyaml is there
QUESTIONS = "questions"  # the directory of selects that people ask for and that no table is made of
CHANGES_CODE = ("key", "columns", "window", "parameters", "inputs")


class Column(BaseModel):
    """A column: its DuckDB type and what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: str
    description: str


class Check(BaseModel):
    """A rule about a table: a select that returns the rows breaking it. `this` is the version being checked."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str
    sql: str
    blocking: bool = True


class TableFile(BaseModel):
    """The `.yml` of a table, as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    description: str
    grain: str
    key: list[str]
    by_month: bool = True
    window: dict[str, int] = {}
    parameters: dict[str, ParameterType] = {}
    inputs: list[str] = Field([], description="tables that Python is handed whole, beside the frames")
    made_with: str | None = Field(None, description="the table whose step makes this one too, of the same inputs")
    made_by: str | None = Field(None, pattern=r"^[a-z_.]+:[a-z_]+$", description="the function that makes it, room.module:function")
    files: list[str] = Field([], description="data files of the package that this function reads, paths below the package")
    columns: dict[str, Column]
    checks: list[Check] = []
    figures: str | None = Field(None, description="a select of name and value from `this`: numbers to follow from month to month")


@dataclass(frozen=True)
class Frame:
    """A select whose rows are handed to Python, and the parameters that it uses."""

    name: str
    path: Path
    sql: str
    parameters: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the catalogue. `sql` is None when Python makes it, of what `frames` read."""

    name: str
    room: str
    path: Path
    sql: str | None
    file: TableFile
    inputs: tuple[str, ...]
    frames: tuple[Frame, ...] = ()

    @property
    def checks(self) -> tuple[Check, ...]:
        """The written checks, after the one about the key."""
        return (*self._key_check(), *self.file.checks)

    def _key_check(self) -> tuple[Check, ...]:
        if not self.file.key:
            return ()
        key = ", ".join(self.file.key)
        nulls = " or ".join(f"{name} is null" for name in self.file.key)
        sql = f"select {key} from this where {nulls} union all select {key} from this group by {key} having count(*) > 1"
        return (Check(name="key_is_unique", description=f"{key} is never empty and never occurs twice", sql=sql),)

    def window_of(self, table: str) -> int:
        """Number of months of an input that are read, the month itself included."""
        return self.file.window.get(table, 1)

    def own_code(self) -> str:
        """Digest of what makes this table, its inputs apart: SQL without comments, columns, key, window, parameters."""
        sql = _without_comments(self.sql, self.path) if self.sql else ""
        frames = [f"{frame.name}: {_without_comments(frame.sql, frame.path)}" for frame in self.frames]
        return digest(sql, *frames, self.file.model_dump_json(include=set(CHANGES_CODE)))


class Catalogue(Mapping[str, Table]):
    """All tables by name."""

    __hash__ = object.__hash__

    def __init__(self, tables: Iterable[Table]):
        self._tables = {table.name: table for table in tables}
        for table in self._tables.values():
            for name in {*table.inputs, *table.file.window} - set(self._tables):
                raise BmyshopError(f"{table.path}: reads {name}, which is no table of the catalogue")

    def __getitem__(self, name: str) -> Table:
        return self._tables[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    @functools.cached_property
    def ordered(self) -> list[Table]:
        """Tables, each after what it reads.

        Raises:
            BmyshopError: tables read each other.
        """
        try:
            names = graphlib.TopologicalSorter({name: self[name].inputs for name in sorted(self)}).static_order()
            return [self[name] for name in names]
        except graphlib.CycleError as error:
            path = list(reversed(error.args[1]))
            raise BmyshopError(f"{self[path[0]].path}: the tables {' → '.join(path)} read each other") from None


def digest(*parts: str) -> str:
    """A short stable hash of texts."""
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


def sql_directory() -> Path:
    """`sql/` of the checkout, or its copy inside an installed wheel."""
    found = shipped("_sql", "sql")
    if not found.is_dir():
        raise BmyshopError(f"the SQL files are missing: neither {found} nor a copy in the package is there; install again")
    return found


@functools.cache
def load_catalogue(directory: Path | None = None) -> Catalogue:
    """Read every table below a directory (default: the project's `sql/`).

    Raises:
        BmyshopError: a file does not parse, names something undeclared, or lacks its other half; the file is named.
    """
    directory = directory or sql_directory()
    files = [path for path in sorted(directory.glob("*/*")) if path.suffix in (".sql", ".yml") and path.parent.name != QUESTIONS]
    frames: dict[Path, list[Path]] = {}
    for path in files:
        frames.setdefault(path.with_name(path.name.split(".")[0]), []).extend([path] if path.name.count(".") > 1 else [])
    tables: dict[str, Table] = {}
    for stem, paths in frames.items():
        table = _read(stem, paths)
        if table.name in tables:
            raise BmyshopError(f"{table.path}: {tables[table.name].path} already makes a table of that name")
        tables[table.name] = table
    return Catalogue([_joined(table, tables) for table in tables.values()])


def _read(stem: Path, frame_paths: list[Path]) -> Table:
    path, sql_path = stem.with_suffix(".yml"), stem.with_suffix(".sql")
    if not path.exists():
        raise BmyshopError(f"{path}: is missing; every table documents its columns and checks there")
    try:
        file = TableFile.model_validate(yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER))
    except (yaml.YAMLError, ValidationError) as error:
        raise BmyshopError(f"{path}: {error}") from None
    frames = tuple(read_frame(each) for each in frame_paths)
    sql = sql_path.read_text(encoding="utf-8") if sql_path.exists() else None
    if sql is None:
        read, used = [name for frame in frames for name in tables_read(parse(frame.sql, frame.path))], set(file.parameters)
        for frame in frames:
            for name in frame.parameters:
                if name not in used:
                    raise BmyshopError(f"{frame.path}: uses the parameter {name}, which {path.name} does not declare\n{frame.sql}")
    else:
        if file.inputs:
            raise BmyshopError(f"{path}: inputs are read from {sql_path.name}; take the list out")
        if frames:
            raise BmyshopError(f"{frames[0].path}: no Python function makes {stem.name}, to which it could be handed")
        read, used = list(tables_read(parse(sql, sql_path))), _parameters_used(sql, sql_path)
    if used != set(file.parameters):
        raise BmyshopError(f"{sql_path}: uses parameters {sorted(used)} but {path.name} declares {sorted(file.parameters)}\n{sql}")
    for name in file.key:
        if name not in file.columns:
            raise BmyshopError(f"{path}: the key names {name}, which is no column")
    inputs = tuple(sorted({*file.inputs, *read}))
    for name in file.window:
        if name not in inputs:
            raise BmyshopError(f"{path}: the window names {name}, which the table does not read")
    return Table(stem.name, stem.parent.name, sql_path if sql is not None else path, sql, file, inputs, frames)


def question(name: str, directory: Path | None = None) -> Frame:
    """What people ask of the lake: a select of `sql/questions/`.

    Raises:
        BmyshopError: it is not exactly one select.
    """
    return read_frame((directory or sql_directory()) / QUESTIONS / f"{name}.sql")


@functools.cache
def read_frame(path: Path) -> Frame:
    """A select in a file of its own, named by what stands before `.sql`."""
    sql = path.read_text(encoding="utf-8")
    return Frame(path.name.split(".")[-2], path, sql, tuple(sorted(_parameters_used(sql, path))))


def _joined(table: Table, tables: Mapping[str, Table]) -> Table:
    """The table; one that is made with another reads what that one reads."""
    if table.file.made_with is None:
        return table
    first = tables.get(table.file.made_with)
    if first is None or first.file.made_by is None:
        raise BmyshopError(f"{table.path}: made_with names {table.file.made_with}, which no Python function makes")
    same = {name: getattr(first.file, name) for name in ("inputs", "window", "parameters", "made_by", "files")}
    if any(getattr(table.file, name) for name in same) or table.frames or table.sql:
        raise BmyshopError(f"{table.path}: what it is made of and by stands in {first.path}; take it out here")
    return replace(table, file=table.file.model_copy(update=same), inputs=first.inputs, frames=first.frames)


def _parameters_used(sql: str, path: Path) -> set[str]:
    return {str(node.this) if node.this else "?" for node in parse(sql, path).find_all(exp.Placeholder, exp.Parameter)}


@functools.cache
def parse(sql: str, path: Path) -> exp.Query:
    """The one select of a file.

    Raises:
        BmyshopError: it does not parse, or is not exactly one select.
    """
    try:
        statements = [tree for tree in sqlglot.parse(sql, dialect="duckdb") if tree is not None]
    except sqlglot.errors.ParseError as error:
        raise BmyshopError(f"{path}: does not parse: {re.sub(chr(27) + r'.*?m', '', str(error))}\n{sql}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise BmyshopError(f"{path}: must hold exactly one select\n{sql}")
    return statements[0]


@functools.cache
def _without_comments(sql: str, path: Path) -> str:
    """Asked for by every step of a run, of every table behind it."""
    return parse(sql, path).sql(dialect="duckdb", comments=False)


def tables_read(tree: exp.Query) -> set[str]:
    """Names of the tables a select reads, its own named steps apart."""
    steps = {step.alias for step in tree.find_all(exp.CTE)}
    return {table.name for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier)} - steps
