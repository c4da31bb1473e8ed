"""What an advertiser asks for: the typed brief, its JSON Schema, and a draft with comments.

Belongs here: the model of the YAML file, and what it refuses by itself. Does not belong here: what the lake knows of it (`places.py`,
`plan.py`), the law (`rules.py`).
"""

import datetime
import difflib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.media.rules import legal_rules
from bmyshop_profiles.reports.words import DAYPARTS, WEEKDAYS

Daypart = Literal["early", "morning", "noon", "afternoon", "evening", "night"]
Weekday = Literal["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
Code = Annotated[str, BeforeValidator(lambda value: f"{value:02d}" if isinstance(value, int) else value)]  # 01 is a number to YAML
SCHEMA_FILE = "brief.schema.json"


class NotPlanned(BmyshopError):
    """A brief that cannot be planned, in English for the command line. french: the same, for a page in French."""

    def __init__(self, told: str, french: str):
        super().__init__(told)
        self.french = french


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Group(_Model):
    """A group of visits or visitors."""

    kind: str = Field(description="mission or category (seen on receipts), profile (estimated), or another kind that the lake has")
    name: str = Field(description="its name, as in bmyshop-profiles audience, or its key")


class Radius(_Model):
    """Shops whose commune's centre lies within so many kilometres of the centre of a commune."""

    around: Code = Field(description="a commune: its name, or its INSEE code")
    km: float = Field(gt=0, le=500)


class Places(_Model):
    """Where: shops of any of the communes, départements and radii (of all France where none is given), of any of the kinds."""

    communes: tuple[Code, ...] = Field((), description="names or INSEE codes; Paris, Lyon, Marseille stand for all their arrondissements")
    departements: tuple[Code, ...] = Field((), description="codes: 69, 2A, 971")
    radius: tuple[Radius, ...] = ()
    shops: tuple[str, ...] = Field((), description="kinds of shop as the lake writes them: bakery, tobacconist, press…")


class Dates(_Model):
    """First and last day, both included."""

    first: datetime.date
    last: datetime.date

    @model_validator(mode="after")
    def _ordered(self) -> "Dates":
        if self.last < self.first:
            raise ValueError(f"the last day, {self.last}, is before the first, {self.first}")
        return self


class Price(_Model):
    """One of the two."""

    per_thousand_contacts: Decimal | None = Field(None, gt=0, description="euros for a thousand contacts, with the group or not")
    per_screen_day: Decimal | None = Field(None, gt=0, description="euros for a day of a screen that is open")

    @model_validator(mode="after")
    def _one(self) -> "Price":
        if (self.per_thousand_contacts is None) == (self.per_screen_day is None):
            raise ValueError("give per_thousand_contacts or per_screen_day, one of them")
        return self


class Budget(_Model):
    """What may be spent, and for what."""

    euros: Decimal = Field(gt=0)
    price: Price


class Brief(_Model):
    """A whole brief."""

    version: Literal[1] = Field(1, description="of this format")
    title: str = Field(min_length=1, max_length=120)
    advertiser: str = Field(min_length=1, max_length=120)
    sector: str = Field(description="of the advertiser; the law knows some")
    operator_licence: str | None = Field(None, description="of a gambling operator: the approval or exclusive right it advertises under")
    groups: tuple[Group, ...] = Field(min_length=1, description="of one kind; missions and profiles exclude each other and add up")
    places: Places = Places()
    weekdays: tuple[Weekday, ...] = Field(get_args(Weekday), min_length=1)
    dayparts: tuple[Daypart, ...] = Field(get_args(Daypart), min_length=1)
    dates: Dates
    budget: Budget
    most_screens: int | None = Field(None, ge=1)

    @field_validator("sector")
    @classmethod
    def _known(cls, sector: str) -> str:
        known = legal_rules().sectors
        if sector not in known:
            near = difflib.get_close_matches(sector, known, n=1)
            raise ValueError(f"{sector!r} is no sector{f'; did you mean {near[0]}?' if near else ''}; there are {', '.join(known)}")
        return sector

    @field_validator("groups")
    @classmethod
    def _together(cls, groups: tuple[Group, ...]) -> tuple[Group, ...]:
        kinds = sorted({group.kind for group in groups})
        if len(kinds) > 1:
            raise ValueError(f"groups are of one kind, not of {' and '.join(kinds)}: contacts of different kinds cannot be added")
        if kinds == ["category"] and len(groups) > 1:
            raise ValueError("one category at a time: a visit that buys from two would count twice")
        return groups


def brief_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a brief, for editors."""
    schema = Brief.model_json_schema()
    schema["properties"]["sector"] |= {"enum": list(legal_rules().sectors)}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Brief of bmyshop_profiles"}


def load_brief(path: Path) -> Brief:
    """A brief from its YAML file.

    Raises:
        BmyshopError: there is no such file, or what is wrong in it, line of the brief by line.
    """
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BmyshopError(f"{path}: cannot be read ({error.strerror}); plan --draft writes a brief to begin with") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BmyshopError(f"{path}: is not valid YAML: {' '.join(str(error).split())}") from None
    try:
        return Brief.model_validate(told)
    except ValidationError as error:
        raise BmyshopError("\n".join(f"{path}: {_place(each)}: {_said(each)}" for each in error.errors())) from None


def _place(problem: Any) -> str:
    return ".".join(str(part) for part in problem["loc"]) or "the brief"


def _said(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "is no key of a brief; plan --draft shows them all"
    return str(problem["msg"]).removeprefix("Value error, ")


def draft(*, kind: str, name: str, first: datetime.date, last: datetime.date, schema: bool) -> str:
    """A brief to begin with, in YAML with comments, that plans as it is. kind, name: of a group that is on sale. schema: beside it."""
    sectors = ", ".join(legal_rules().sectors)
    dayparts = "\n".join(f"#   {key:10} {DAYPARTS[key]}" for key in get_args(Daypart))
    return f"""\
{f"# yaml-language-server: $schema={SCHEMA_FILE}" if schema else "# A brief for bmyshop-profiles plan"}
version: 1
title: Ma campagne
advertiser: Mon annonceur
sector: autre            # {sectors}
# operator_licence: …    # only for the sector jeux: the approval or exclusive right of the operator

# The groups sought, of one kind: mission or category (seen on receipts), profile (estimated).
# bmyshop-profiles audience --month … lists them. Several missions or profiles add up; one category at a time.
groups:
  - {{kind: {kind}, name: {yaml.safe_dump(name, allow_unicode=True, width=1000).splitlines()[0]}}}

# Where. Nothing: everywhere. Shops of any of the communes, départements and radii, and of any of the kinds.
places:
  communes: []           # [Lyon, Villeurbanne] or INSEE codes
  departements: []       # ["69", "2A"]
  radius: []             # [{{around: Lyon, km: 15}}]
  shops: []              # [bakery, tobacconist_press]

weekdays: [{", ".join(WEEKDAYS)}]
{dayparts}
dayparts: [{", ".join(get_args(Daypart))}]
dates: {{first: {first}, last: {last}}}

budget:
  euros: 4000
  price: {{per_thousand_contacts: 12}}   # or {{per_screen_day: 3.50}}
# most_screens: 50
"""
