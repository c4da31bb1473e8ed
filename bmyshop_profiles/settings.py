"""Typed settings of one data directory, from `BMYSHOP_*` variables or its `bmyshop.toml`. No defaults elsewhere."""

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.months import last_complete_month, month_plus, months_between

PREFIX = "BMYSHOP_"
SETTINGS_FILE = "bmyshop.toml"


def _month(text: str) -> str:
    if not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", text):
        raise ValueError(f"{text!r} is not a month; write it as 2025-01")
    return text


def _size(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?\s?(KB|MB|GB|TB|KiB|MiB|GiB|TiB)", text):
        raise ValueError(f"{text!r} is not a size; write it as 2GB")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except Exception:
        raise ValueError(f"{text!r} is not a time zone; write it as Europe/Paris") from None
    return text


def _spark_address(text: str) -> str:
    if not re.fullmatch(r"local(\[(\d+|\*)\]|-cluster\[\d+,\d+,\d+\])|(sc|spark)://[^/:\s]+:\d+\S*", text):
        raise ValueError(f"{text!r} is no address of Spark; write it as local[2], sc://host:15002 or spark://host:7077")
    return text


def _words(text: object) -> object:
    return text.replace(",", " ").split() if isinstance(text, str) else text


Month = Annotated[str, AfterValidator(_month)]
Size = Annotated[str, AfterValidator(_size)]
Zone = Annotated[str, AfterValidator(_zone)]
SparkAddress = Annotated[str, AfterValidator(_spark_address)]
Owner = Annotated[str, StringConstraints(pattern=r"^(team:[\w-]+|[^@\s]+@[^@\s]+\.[^@\s]+)$")]
BehaviourGroup = Literal["dayparts", "weekdays", "basket", "spend", "variety"]


class ReferenceFile(BaseModel):
    """An official file: where it is and what it must be."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str = Field(description="a path (relative ones start at the data directory) or the publisher's address (https://…)")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="what its content must hash to; empty: shown, not checked; http:// needs it"
    )
    vintage: str = Field("", description="which edition it is, in words; shown on the tables made of it")


class References(BaseModel):
    """The official files that replace the embedded stand-ins; docs/references.md says which to get, from whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    first_names: ReferenceFile | None = Field(None, description="INSEE, fichier des prénoms, national")
    death_rates: ReferenceFile | None = Field(None, description="Human Mortality Database, France, death rates by year, age and sex")
    communes: ReferenceFile | None = Field(None, description="INSEE, communes with population, households, surface, coordinates")
    incomes: ReferenceFile | None = Field(None, description="INSEE, Filosofi, communes")
    populations: ReferenceFile | None = Field(None, description="INSEE, estimations de population by département, sex and age")
    postcodes: ReferenceFile | None = Field(None, description="La Poste, base officielle des codes postaux")


class Settings(BaseSettings):
    """Every choice a person can make. A field of the SQL's declared parameters may bear the same name as a field here."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", validate_default=True)

    data_dir: Path = Field(Path("data"), description="everything the system writes is below this directory")
    sources: Path | None = Field(None, description="the source mapping (YAML); relative paths start at the data directory")
    raw_dir: Path | None = Field(None, description="directory that the mapping's file patterns start from; default: the mapping's own")
    first_month: Month = Field("2025-01", description="first month of the history; windows never reach before it")
    last_month: Month | None = Field(None, description="last month of the history; empty: the last complete month")
    retention_months: int | None = Field(
        36, ge=12, description="months kept, counted back from the last of the history; older ones are dropped, and identities long away"
    )
    timezone: Zone = Field("Europe/Paris", description="local time of the shops, where a source does not say")
    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="currency of the amounts, where a source does not say")
    memory_limit: Size = Field("2GB", description="memory of one run's DuckDB; beyond it, it spills to the data directory")
    threads: int = Field(2, ge=1, le=256, description="threads of one run's DuckDB, and cores its fits go over")
    engine: Literal["duckdb", "spark"] = Field(
        "duckdb", description="what runs the SQL of tables that read every receipt; docs/spark.md says when it should be Spark"
    )
    spark: SparkAddress = Field(
        "local[2]",
        description="where Spark is: local[2] (started here, on two cores), sc://host:port (Spark Connect) or spark://host:port",
    )
    pseudonym_key: SecretStr | None = Field(None, description="key of the pseudonyms; empty: the vault's, made there once")
    lock_seconds: float = Field(60, gt=0, description="how long a writer waits for another writer of the same table and month")
    seed: int = Field(0, ge=0, description="seed of everything that draws")
    receipts_to_publish: int = Field(20, ge=1, description="k: nothing is published about fewer receipts")
    fine_receipts: int = Field(
        200, ge=1, description="receipts from which an hour, or a daypart of a weekday, of a shop is told by what is seen there"
    )
    item_level: Literal["product", "family"] = Field("product", description="what typology and evidence count: products, or their families")
    product_families: Path | None = Field(
        None, description="a CSV (family,category) of what the tills' families are; relative paths start at the data directory"
    )
    category_confidence: float = Field(
        0.6, ge=0, le=1, description="a product whose family is unknown gets the category its label suggests with at least this probability"
    )
    label_receipts: int = Field(2, ge=1, description="receipts a member's label needs in the half it is read from; fewer: too few receipts")
    most_profiles: int = Field(
        8, ge=2, le=99, description="numbers of profiles tried, from 2; the largest is kept of which every profile comes back"
    )
    proposals: Literal["kmeans", "density", "both"] = Field(
        "kmeans",
        description="what profiles start from: k-means, the agreement of runs of HDBSCAN, or both (benchmarks.typology.sold compares)",
    )
    behaviour_groups: Annotated[tuple[BehaviourGroup, ...], NoDecode, BeforeValidator(_words)] = Field(
        ("dayparts", "basket", "spend", "variety"),
        description="what a typology knows of members beside the items they buy; docs/methods/typology.md says what each is",
    )
    typology_months: int = Field(12, ge=1, le=12, description="months of receipts that typology and evidence are read from; at most 12")
    reference_month: Month | Literal[""] = Field(
        "", description="month whose typology is kept beside each month's own, at most 11 months back; empty: the first of the window"
    )
    typology_runs: int = Field(
        8, ge=1, description="runs of HDBSCAN whose agreement a typology starts from, where proposals are density or both"
    )
    gate_draws: int = Field(
        19, ge=1, le=999, description="half subsets by which the number of profiles is chosen, and shuffles by which each is judged"
    )
    natural_draws: int = Field(
        19, ge=0, le=999, description="fits on people without clusters, above which a typology is called natural; 19 are needed to say so"
    )
    quality_folds: int = Field(5, ge=2, description="folds by person in which the typology is measured")
    topic_receipts: int = Field(20_000, ge=1, description="receipts of the month, identified or not, that topics are learnt from")
    shopper_sample: int = Field(20_000, ge=1, description="keyed shoppers of a month, a sample, that the level is read from")
    calibration_receipts: int = Field(100_000, ge=100, description="receipts of members that calibration and its measures use")
    asked_members: int = Field(
        4000, ge=1, description="members, an even sample, on whom the value of one more question is measured (variable_value)"
    )
    semi_supervised: Literal["topics", "everybody"] = Field(
        "topics", description="what is served: shares of a profile shrunk towards topics of all receipts, or towards everybody's shares"
    )
    sure_skill: float = Field(
        0.5, ge=0, le=1, description="expected skill from which an inferred group that passed the gate is graded sure (group_grades)"
    )
    indicative_skill: float = Field(0.3, ge=0, le=1, description="expected skill from which one that did not fail it is graded indicative")
    sold_from: Literal["seen", "sure", "indicative"] = Field("indicative", description="the lowest grade that is offered for sale")
    alcohol_advertising: bool = Field(
        False, description="plans for alcohol are made (Code de la santé publique L3323-2 to -4); false: such a brief is refused"
    )
    dp_budget: float = Field(
        3.0, gt=0, description="most that exports with noise may tell of a month (epsilon, added up); beyond it they are refused"
    )
    references: References = Field(
        References(), description="official files of names, deaths and places; empty: embedded summaries of them"
    )
    owners: Annotated[tuple[Owner, ...], NoDecode, BeforeValidator(_words)] = Field(
        ("team:data",), description="owners that the UI shows for every table: team:<name>, or an address of electronic mail"
    )
    unattended: bool = Field(
        False, description="schedules, the sensor of raw files and the making of stale months are on without a person; `ui --unattended`"
    )
    report_store: str = Field("", description="the shop that the report shows; empty: the busiest of the month")
    regular_visits: int = Field(3, ge=3, description="visits needed before a member's regularity is stated")

    @model_validator(mode="after")
    def _ordered(self) -> "Settings":
        if self.last_month is not None and self.last_month < self.first_month:
            raise ValueError(f"last_month {self.last_month} is before first_month {self.first_month}")
        if self.retention_months is not None:
            kept = month_plus(self.last_month or last_complete_month(), 1 - self.retention_months)
            self.first_month = max(self.first_month, kept)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before what `load_settings` read from the file: a variable of the moment wins."""
        return env_settings, init_settings

    @property
    def lake_dir(self) -> Path:
        """Tables."""
        return self.data_dir / "lake"

    @property
    def vault_dir(self) -> Path:
        """Raw ids and names, and the key of the pseudonyms."""
        return self.data_dir / "vault"

    @property
    def spill_dir(self) -> Path:
        """Where DuckDB spills and files are transcoded; emptied after each run."""
        return self.data_dir / "spill"

    @property
    def reports_dir(self) -> Path:
        """Pages for people, one per month."""
        return self.data_dir / "reports"

    @property
    def names_file(self) -> Path:
        """Names that people give to profiles, by stable id."""
        return self.data_dir / "profile_names.toml"

    @property
    def dagster_home(self) -> Path:
        """What the UI, the command line and the demo share."""
        return self.data_dir / "dagster"

    @property
    def sources_file(self) -> Path:
        """The source mapping, as an absolute path."""
        return self.data_dir / (self.sources or "sources.yaml")

    @property
    def raw_root(self) -> Path:
        """Raw files are below this directory, and nowhere else."""
        return self.data_dir / self.raw_dir if self.raw_dir else self.sources_file.parent

    @property
    def product_families_file(self) -> Path | None:
        """The families' categories given by a person, as an absolute path."""
        return self.data_dir / self.product_families if self.product_families else None

    def months(self) -> list[str]:
        """Months of the history, in order."""
        return months_between(self.first_month, self.last_month or last_complete_month())


def load_settings(data_dir: Path | str | None = None) -> Settings:
    """Settings of a data directory (argument, else `BMYSHOP_DATA_DIR`, else ./data) with its `bmyshop.toml`, if any.

    Raises:
        BmyshopError: a value, a name of a variable or a line of the file is wrong; it is named.
    """
    directory = Path(data_dir or os.environ.get(f"{PREFIX}DATA_DIR") or "data").absolute()
    path = directory / SETTINGS_FILE
    _refuse_unknown_variables()
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise BmyshopError(f"{path}: not valid TOML: {error}") from None
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise BmyshopError(_explain(error, path, set(values))) from None
    return settings.model_copy(update={"data_dir": directory})


def _refuse_unknown_variables() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {f"{PREFIX}REAL_DATA"}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise BmyshopError(f"environment variable {name} is no setting" + (f"; did you mean {near[0]}?" if near else "."))


def _explain(error: ValidationError, path: Path, in_file: set[str]) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        variable = f"{PREFIX}{name.upper()}"
        place = variable if variable in os.environ else f"{path}: {name}" if name in in_file else name
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, Settings.model_fields, n=1)
            text = "is no setting" + (f"; did you mean {near[0]}?" if near else "")
        lines.append(f"{place}: {text}")
    return "\n".join(lines)
