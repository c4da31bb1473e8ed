"""The page: the template filled with the report's content, one self-contained HTML text."""

import functools
from typing import Any

import jinja2
import markupsafe

from bmyshop_profiles.reports import words


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bmyshop_profiles.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
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
