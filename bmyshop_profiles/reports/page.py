"""The page: the template filled with the report's content, one self-contained HTML text; and how all pages for people are made: templates,
the typesetter."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from bmyshop_profiles.reports import words


def html_templates(*packages: str) -> jinja2.Environment:
    """Templates of some packages, in which whatever comes from data is escaped and a name that is missing is an error."""
    loader = jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages])
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def typeset(template: Path, told: Mapping[str, Any], pictures: Mapping[str, bytes] | None = None) -> bytes:
    """The PDF of a template, which reads what is told as `NAME.json`: without a browser, with fonts that come with the typesetter; the same
    bytes for the same words."""
    import typst

    text = json.dumps(told, ensure_ascii=False).encode()
    files: Any = {"main.typ": template.read_bytes(), f"{template.stem}.json": text, **(pictures or {})}
    made: bytes = typst.compile(files, ignore_system_fonts=True, timestamp=0)
    return made


@functools.cache
def _environment() -> jinja2.Environment:
    environment = html_templates("bmyshop_profiles.reports")
    for name in ("number", "percent", "money", "counted", "lower_first"):
        environment.filters[name] = getattr(words, name)
    for name in ("span", "times_more", "times_less"):
        environment.globals[name] = getattr(words, name)
    environment.globals["interval"] = _interval
    environment.globals["weekdays"] = words.WEEKDAYS
    return environment


def _interval(low: float, high: float, digits: int = 0) -> markupsafe.Markup:
    """`words.interval` that does not break at its dash."""
    return markupsafe.Markup('<span class="n">{}</span>').format(words.interval(low, high, digits))


def beginning(content: dict[str, Any]) -> str:
    """The first lines of the report as Markdown, for who sees the table and not the page."""
    return _environment().get_template("beginning.md.j2").render(**content)


def render(content: dict[str, Any]) -> str:
    """HTML of the monthly report. Whatever comes from data is escaped; charts are our own SVG."""
    return _environment().get_template("monthly.html.j2").render(**content)
