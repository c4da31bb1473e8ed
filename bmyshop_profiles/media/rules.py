"""The law on advertising as data: `legal_rules.yml`, typed, and what it says of a brief.

Belongs here: which rules a brief falls under, and the refusal. Does not belong here: the law itself (the file), briefs (`brief.py`).
"""

import datetime
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.references.wording import short_word
from bmyshop_profiles.settings import Settings

RULES_FILE = Path(__file__).with_name("legal_rules.yml")
UNCONFIRMED = "à confirmer par un juriste"


class BriefRefused(BmyshopError):
    """A brief breaks a rule of law. The message says which rule, and its texts."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Model):
    """A text of law. since: when it came into force, or its law was passed."""

    reference: str
    since: datetime.date


class Confirmed(_Model):
    """Who with a lawyer's word has read the rule, and when."""

    by: str
    on: datetime.date


class Rule(_Model):
    """A rule. sectors: of the advertiser. refuse: when a brief of these sectors is refused. groups: categories that they may not seek."""

    id: str
    title: str
    sectors: tuple[str, ...] | Literal["all"]
    refuse: Literal["always", "unless_setting", "unless_brief", "never"]
    unless: str | None = None
    groups: tuple[str, ...] = ()
    why: str
    texts: tuple[Text, ...] = Field(min_length=1)
    mentions: tuple[str, ...] = ()
    confirmed: Confirmed | None

    @property
    def standing(self) -> str:
        """Who confirmed it, in French."""
        return f"confirmé par {self.confirmed.by} le {self.confirmed.on:%d/%m/%Y}" if self.confirmed else UNCONFIRMED

    @property
    def source(self) -> str:
        """Its texts in one line, in French."""
        return " ; ".join(f"{text.reference} (depuis le {text.since:%d/%m/%Y})" for text in self.texts)


class Rules(_Model):
    """The whole file. sectors: key → French name."""

    sectors: dict[str, str]
    rules: tuple[Rule, ...]


@functools.cache
def legal_rules(path: Path = RULES_FILE) -> Rules:
    """The rules as they stand in the file."""
    return Rules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def check_sector(sector: str, given: Mapping[str, object], settings: Settings, rules: Rules | None = None) -> list[Rule]:
    """The rules that an advertiser's sector falls under. given: fields of the brief by name.

    Raises:
        BriefRefused: one of them does not let the sector advertise.
    """
    found = [rule for rule in (rules or legal_rules()).rules if rule.sectors == "all" or sector in rule.sectors]
    for rule in found:
        allowed = {
            "always": False,
            "unless_setting": bool(getattr(settings, rule.unless or "", False)),
            "unless_brief": bool(given.get(rule.unless or "")),
            "never": True,
        }
        if not allowed[rule.refuse]:
            raise BriefRefused(f"le brief est refusé, {_refusal(rule)}")
    return found


def check_group(rules: Sequence[Rule], kind: str, key: str, name: str, labels: Mapping[str, str]) -> None:
    """Whether the rules let a group be sought. labels: French label of each category.

    Missions and profiles are known by their names, which name the categories that they hold most above others.

    Raises:
        BriefRefused: a rule does not.
    """
    for rule in rules:
        for category in rule.groups:
            label = labels.get(category, category)
            words = {label.lower(), short_word(label).lower()}
            if (kind == "category" and key == category) or (kind != "category" and any(word in name.lower() for word in words)):
                raise BriefRefused(f"le brief est refusé, le groupe « {name} » ne peut pas être visé, {_refusal(rule)}")


def _refusal(rule: Rule) -> str:
    return f"règle « {rule.title} » : {rule.why} {rule.source} — {rule.standing}."
