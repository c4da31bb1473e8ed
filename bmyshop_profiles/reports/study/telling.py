"""How the study says a figure, and what a part of it consists of. Pure."""

from dataclasses import dataclass, field
from typing import Any

from bmyshop_profiles.reports.study.blocks import Figure, Table
from bmyshop_profiles.reports.words import number, percent, span

DATA = {"complete_journey": "The Complete Journey", "online_retail": "Online Retail", "simulated": "réseau simulé", "bakery": "boulangerie"}
PEOPLE = {name: DATA[name] for name in ("complete_journey", "online_retail")}


@dataclass
class Part:
    """A part of the results. facts: what its text says, None where there is nothing to say; shown: its tables and figures by key."""

    facts: dict[str, Any] | None
    shown: dict[str, Table | Figure] = field(default_factory=dict)


def with_interval(row: Any, digits: int = 3, *, times: float = 1) -> str:
    """0,039 [0,034 ; 0,045]. row: has value, low, high."""
    value, low, high = (times * float(row[name] if isinstance(row, dict) else getattr(row, name)) for name in ("value", "low", "high"))
    return f"{number(value, digits)} {span(low, high, digits)}"


def share_with_interval(row: Any, digits: int = 1) -> str:
    """24,7 % [23,3 ; 26,0]."""
    value, low, high = (float(row[name] if isinstance(row, dict) else getattr(row, name)) for name in ("value", "low", "high"))
    return f"{percent(value, digits)} {span(100 * low, 100 * high, digits)}"


def triple(values: Any) -> dict[str, float]:
    """[value, low, high] of a kept result."""
    return dict(zip(("value", "low", "high"), values, strict=True))


def listed(words: list[str]) -> str:
    """a, b et c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} et {words[-1]}" if words else ""
