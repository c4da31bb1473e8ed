"""The source mapping: where raw files are, how they are written, and each canonical column as an expression over raw ones.

Here: the typed model of the YAML file, and what it refuses. Not here: looking for files (`files.py`), reading them (`reading.py`).
"""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import duckdb
import sqlglot
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from sqlglot import exp

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.settings import Zone

Kind = Literal["receipts", "stores", "products", "members"]

# Canonical columns of each kind of file and their DuckDB types; those that must be mapped stand in REQUIRED.
CANONICAL: dict[str, dict[str, str]] = {
    "receipts": {
        "receipt_key": "varchar",
        "sold_at": "timestamp",
        "store_key": "varchar",
        "product_key": "varchar",
        "label": "varchar",
        "family": "varchar",
        "quantity": "decimal(12,3)",
        "amount_cents": "bigint",
        "member_id": "varchar",
        "shopper_id": "varchar",
    },
    "stores": {"store_key": "varchar", "name": "varchar", "store_type": "varchar", "postcode": "varchar", "city": "varchar"},
    "products": {"product_key": "varchar", "label": "varchar", "family": "varchar"},
    "members": {
        "member_id": "varchar",
        "first_name": "varchar",
        "last_name": "varchar",
        "birth_year": "integer",
        "age": "integer",
        "declared_on": "date",
        "age_band": "varchar",
        "sex": "varchar",
        "household_size": "varchar",
        "joined_on": "date",
        "postcode": "varchar",
        "objects_to_profiling": "boolean",
    },
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "receipts": ("receipt_key", "sold_at", "store_key", "product_key", "amount_cents"),
    "stores": ("store_key",),
    "products": ("product_key",),
    "members": ("member_id",),
}
PERIOD_MARKS = ("{year}", "{month}")
REFUSED_FUNCTIONS = {"getvariable", "getenv", "current_setting", "error", "nextval"}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dialect(_Model):
    """How a file is written. Nothing is guessed."""

    format: Literal["csv", "parquet"] = "csv"
    delimiter: str = Field(",", min_length=1, max_length=1)
    quote: str | None = Field('"', max_length=1, description="null: quotes are ordinary characters")
    escape: str | None = Field(None, max_length=1, description="how a quote is written inside quotes; null: doubled")
    encoding: Literal["utf-8", "cp1252", "latin-1"] = "utf-8"
    header: bool = True
    names: tuple[str, ...] | None = Field(None, description="names of the raw columns of a file without header")

    @model_validator(mode="after")
    def _named(self) -> "Dialect":
        if self.format == "csv" and not self.header and not self.names:
            raise ValueError("a file without header needs the names of its columns")
        return self


class RawTable(_Model):
    """One kind of raw file of a source."""

    files: str = Field(
        description="glob below the raw directory (default: the mapping's own); {year} and {month} say that a file holds one month"
    )
    dialect: Dialect = Dialect()
    columns: dict[str, str]

    @property
    def by_month(self) -> bool:
        """The file names tell the month, so that month's run reads them."""
        return all(mark in self.files for mark in PERIOD_MARKS)


class Source(_Model):
    """One till system."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    timezone: Zone | None = Field(None, description="zone of the timestamps as written; default: that of the settings")
    store_timezone: Zone | None = Field(None, description="zone of the shops; default: that of the timestamps")
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$")
    unlisted_members: Literal["member", "anonymous"] = Field(
        "member", description="a member id that the members file does not list: a member all the same, or an anonymous shopper's token"
    )
    receipts: RawTable
    stores: RawTable | None = None
    products: RawTable | None = None
    members: RawTable | None = None

    def raw_tables(self) -> dict[str, RawTable]:
        """The kinds of file this source has."""
        found = {kind: getattr(self, kind) for kind in CANONICAL}
        return {kind: table for kind, table in found.items() if table is not None}

    @model_validator(mode="after")
    def _complete(self) -> "Source":
        for kind, table in self.raw_tables().items():
            for name in table.columns:
                if name not in CANONICAL[kind]:
                    raise ValueError(f"{kind}: {name} is no canonical column{_near(name, CANONICAL[kind])}")
            missing = [name for name in REQUIRED[kind] if name not in table.columns]
            if missing:
                raise ValueError(f"{kind}: columns {', '.join(missing)} must be mapped")
            for name, expression in table.columns.items():
                _check_expression(expression, f"{kind}: {name}")
            if kind != "receipts" and table.by_month:
                raise ValueError(f"{kind}: lists are read once, not by month; take {{year}} and {{month}} out of {table.files}")
        if any(mark in self.receipts.files for mark in PERIOD_MARKS) and not self.receipts.by_month:
            raise ValueError(f"receipts: {self.receipts.files} has one of {{year}} and {{month}}; it needs both or none")
        if self.unlisted_members == "anonymous" and self.members is None:
            raise ValueError("unlisted_members: anonymous needs a members file")
        return self


class SourceMapping(_Model):
    """A whole mapping file."""

    version: Literal[1]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]

    @field_validator("sources")
    @classmethod
    def _distinct(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two sources have the same name: {', '.join(sorted({n for n in names if names.count(n) > 1}))}")
        return sources


def load_mapping(path: Path) -> SourceMapping:
    """Read and validate a mapping file.

    Raises:
        BmyshopError: it is missing or wrong; the message names file, source, key and, where one is near, the word that was meant.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BmyshopError(f"{path}: the source mapping cannot be read ({error.strerror}); say where it is with --sources") from None
    try:
        return SourceMapping.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise BmyshopError(f"{path}: not valid YAML: {error}") from None
    except ValidationError as error:
        raise BmyshopError("\n".join(f"{path}: {line}" for line in _explained(error))) from None


def columns_used(expression: str) -> set[str]:
    """Names of the raw columns an expression reads."""
    return {column.name for column in sqlglot.parse_one(f"select {expression}", dialect="duckdb").find_all(exp.Column)}


def _check_expression(text: str, where: str) -> None:
    try:
        duckdb.extract_statements(f"select {text}")
        statements = sqlglot.parse(f"select {text}", dialect="duckdb")
    except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f'{where}: {text!r} does not parse ({reason}); a column with an odd name is written "so"') from None
    tree = statements[0]
    if len(statements) != 1 or not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or set(_clauses(tree)) != {"expressions"}:
        raise ValueError(f"{where}: {text!r} is not a single expression")
    if next(tree.find_all(exp.Subquery, exp.Table, exp.AggFunc, exp.Window, exp.Star), None) or len(list(tree.find_all(exp.Select))) > 1:
        raise ValueError(f"{where}: {text!r} may only use the columns of its own line")
    for function in tree.find_all(exp.Anonymous):
        if str(function.this).lower() in REFUSED_FUNCTIONS:
            raise ValueError(f"{where}: the function {function.this} is not for mappings")


def _clauses(tree: exp.Select) -> Iterable[str]:
    return (name for name, value in tree.args.items() if value)


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _explained(error: ValidationError) -> list[str]:
    known = {name for model in (SourceMapping, Source, RawTable, Dialect) for name in model.model_fields}
    lines = []
    for problem in error.errors():
        place = " → ".join(str(part) for part in problem["loc"])
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = f"no such key{_near(str(problem['loc'][-1]), known)}"
        lines.append(f"{place}: {text}")
    return lines
