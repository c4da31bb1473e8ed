"""The source mapping: where raw files are, how they are written, and each canonical column as an expression over raw ones.

Here: the typed model of the YAML file, and what it refuses. Not here: looking for files (`files.py`), reading them (`reading.py`).
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.ingestion.mapping.expressions import check_expression, columns_used
from bmyshop_profiles.settings import Zone

Kind = Literal["receipts", "stores", "products", "members"]
Scope = Literal["network", "source"]

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
# What a pattern of file names may hold beside * and ?, and what each stands for; expressions read them as file_year, file_store…
PLACEHOLDERS = {"year": "[0-9]{4}", "month": "[0-9]{2}", "day": "[0-9]{2}", "store": "[^/]+?"}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dialect(_Model):
    """How a file is written. Nothing is guessed. Names that end in .gz, .zst or .zip are decompressed; of .xlsx, the
    first sheet is read as CSV with commas in UTF-8."""

    format: Literal["csv", "parquet", "json"] = Field("csv", description="csv: delimited text; json: one object per line, or one array")
    delimiter: str = Field(",", min_length=1, max_length=1, description='what parts the fields; a tab is "\\t"')
    quote: str | None = Field('"', max_length=1, description="null: quotes are ordinary characters")
    escape: str | None = Field(None, max_length=1, description="how a quote is written inside quotes; null: doubled")
    encoding: Literal["utf-8", "cp1252", "latin-1", "utf-16"] = Field("utf-8", description="a byte order mark before utf-8 is skipped")
    skip_lines: int = Field(0, ge=0, le=1000, description="lines before the header (or the first line) that are no data")
    header: bool = Field(True, description="the first line names the columns")
    names: tuple[str, ...] | None = Field(None, description="names of the raw columns of a file without header")
    lines: str | None = Field(
        None,
        description="json: path of the array that holds a receipt's articles; each of them is a line, and its fields are read as "
        '"articles.label", those of the receipt by their own path',
    )
    nulls: tuple[str, ...] = Field((), description="words that stand for nothing, as NULL or n/a; an empty text always does")
    decimal: Literal[".", ","] = Field(".", description="decimal mark, for number() and cents()")
    thousands: Literal[" ", ".", ",", "'"] | None = Field(
        None, description="thousands separator, for number() and cents(); a space stands for no-break spaces as well"
    )
    dates: tuple[str, ...] = Field(
        (), description="formats of moment(), as strptime writes them, tried in their order before ISO 8601", examples=[["%d/%m/%Y %H:%M"]]
    )

    @model_validator(mode="after")
    def _coherent(self) -> "Dialect":
        if self.format == "csv" and not self.header and not self.names:
            raise ValueError("a file without header needs the names of its columns")
        if self.quote == "" or self.escape == "":
            raise ValueError("no quote is written null, not an empty text")
        if self.delimiter in (self.quote, "\n", "\r"):
            raise ValueError("the delimiter cannot be the quote or a line end")
        if self.lines is not None and self.format != "json":
            raise ValueError("lines is for format: json")
        if self.format == "json" and self.encoding != "utf-8":
            raise ValueError("JSON is utf-8")
        if self.decimal == self.thousands:
            raise ValueError("the decimal mark cannot be the thousands separator as well")
        return self


class RawTable(_Model):
    """One kind of raw file of a source."""

    files: str = Field(
        description="glob below the raw directory (default: the mapping's own). {year} and {month} say that a file holds one month, "
        "with {day} one day, {store} one shop; expressions read them as file_year, file_month, file_day, file_store"
    )
    dialect: Dialect = Field(Dialect(), description="how the files are written")
    columns: dict[str, str] = Field(description="canonical column: expression over the raw columns, which are all text")
    voided: str | None = Field(
        None,
        description="expression that is true of lines which are no sales (cancelled, totals, a header again); they are refused as voided",
    )

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Names between braces in `files`, each once, in order."""
        return tuple(dict.fromkeys(re.findall(r"{(\w*)}", self.files)))

    @property
    def by_month(self) -> bool:
        """The file names tell the month, so that month's run reads them."""
        return {"year", "month"} <= set(self.placeholders)

    @property
    def raw_columns(self) -> set[str]:
        """Names of the raw columns that the expressions read, those told by file names apart."""
        told = {f"file_{name}" for name in self.placeholders}
        used = [*self.columns.values(), *([self.voided] if self.voided else [])]
        return {name for expression in used for name in columns_used(expression)} - told

    @model_validator(mode="after")
    def _placed(self) -> "RawTable":
        for name in self.placeholders:
            if name not in PLACEHOLDERS:
                raise ValueError(
                    f"{self.files}: {{{name}}} is no placeholder{_near(name, PLACEHOLDERS)}; there are {', '.join(PLACEHOLDERS)}"
                )
        if {"month", "day"} & set(self.placeholders) and not self.by_month:
            raise ValueError(f"{self.files}: a file of one month needs both {{year}} and {{month}}")
        if self.voided:
            check_expression(self.voided, "voided")
        return self


class Codes(_Model):
    """Where the codes of a source mean one thing: in the whole network, or in the source alone, whose name then starts them."""

    stores: Scope | None = Field(
        None,
        description="codes of shops; default: network where there is one source, or one of several has a list of shops, which then is for "
        "all; else source",
    )
    products: Scope | None = Field(None, description="codes of articles; default: as of stores, by the lists of products")
    shoppers: Scope = Field("network", description="tokens of anonymous shoppers")


class Source(_Model):
    """One till system."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="lower-case letters, digits, _; it starts the key of each receipt")
    timezone: Zone | None = Field(None, description="zone of the timestamps as written; default: that of the settings")
    store_timezone: Zone | None = Field(None, description="zone of the shops; default: that of the timestamps")
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="of the amounts, as EUR; default: that of the settings")
    unlisted_members: Literal["member", "anonymous"] = Field(
        "member", description="a member id that the members file does not list: a member all the same, or an anonymous shopper's token"
    )
    codes: Codes = Field(
        Codes(), description="network: a code means the same in every source that says so; source: another till system may use it for else"
    )
    receipts: RawTable = Field(description="files of receipt lines")
    stores: RawTable | None = Field(None, description="lists of shops")
    products: RawTable | None = Field(None, description="lists of articles")
    members: RawTable | None = Field(None, description="lists of members of the loyalty app")

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
                check_expression(expression, f"{kind}: {name}")
            if kind != "receipts" and table.by_month:
                raise ValueError(f"{kind}: lists are read once, not by month; take {{year}} and {{month}} out of {table.files}")
        if self.unlisted_members == "anonymous" and self.members is None:
            raise ValueError("unlisted_members: anonymous needs a members file")
        return self


class SourceMapping(_Model):
    """A whole mapping file."""

    version: Literal[1] = Field(description="of this format")
    sources: Annotated[tuple[Source, ...], Field(min_length=1, description="till systems")]

    @property
    def has_objections(self) -> bool:
        """Some list of members says who objects to profiling."""
        return any(source.members is not None and "objects_to_profiling" in source.members.columns for source in self.sources)

    @field_validator("sources")
    @classmethod
    def _distinct(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two sources have the same name: {', '.join(sorted({n for n in names if names.count(n) > 1}))}")
        return _scoped(sources)


def _scoped(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """The sources with the scope of their codes where they do not say it."""
    default: dict[str, Scope] = {}
    for kind in ("stores", "products"):
        for_all = [source for source in sources if kind in source.raw_tables() and getattr(source.codes, kind) != "source"]
        default[kind] = "network" if len(sources) == 1 or len(for_all) == 1 else "source"

    def codes(source: Source) -> Codes:
        return source.codes.model_copy(update={kind: getattr(source.codes, kind) or scope for kind, scope in default.items()})

    return tuple(source.model_copy(update={"codes": codes(source)}) for source in sources)


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


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _explained(error: ValidationError) -> list[str]:
    lines = []
    problems = error.errors()
    for problem in problems:
        if problem["type"] == "too_short" and len(problems) > 1:
            continue  # a source that is wrong counts as none
        place = " → ".join(str(part) for part in problem["loc"])
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = f"no such key{_meant(problem['loc'])}"
        lines.append(f"{place}: {text}")
    return lines


def _meant(place: tuple[int | str, ...]) -> str:
    """What a wrong key was meant to be: one like it that may stand there, or where else that very key belongs."""
    keys: dict[str, Iterable[str]] = {
        "the top of the file": SourceMapping.model_fields,
        "a source": Source.model_fields,
        "receipts, stores, products or members": RawTable.model_fields,
        "dialect": Dialect.model_fields,
        "codes": Codes.model_fields,
        "columns": {name for columns in CANONICAL.values() for name in columns},
    }
    parents = [part for part in place[:-1] if isinstance(part, str)]
    here = "the top of the file" if not parents else "a source" if parents[-1] == "sources" else "receipts, stores, products or members"
    here = parents[-1] if parents and parents[-1] in ("dialect", "codes") else here
    name = str(place[-1])
    elsewhere = [where for where, known in keys.items() if name in known]
    return f"; {name} belongs under {elsewhere[0]}" if elsewhere else _near(name, keys[here])
