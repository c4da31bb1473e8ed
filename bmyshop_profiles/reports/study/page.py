"""The study's files: a page to read on a screen and a PDF, of the same blocks.

Belongs here: HTML, the typesetter. Does not belong here: what the blocks say.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import markupsafe

from bmyshop_profiles.reports.page import html_templates, typeset
from bmyshop_profiles.reports.study.blocks import Block
from bmyshop_profiles.reports.study.content import study_blocks
from bmyshop_profiles.reports.study.literature import read_review
from bmyshop_profiles.reports.study.sources import read_network, read_results, span_of
from bmyshop_profiles.reports.words import of_month
from bmyshop_profiles.settings import Settings

TITLE = "Qui est devant l’écran\u202f?"
SUBTITLE = "Profils de clients, projection sur les tickets anonymes et valeur d’une variable, d’après des tickets de caisse"
PRINT_FONT = "Libertinus Serif"  # comes with the typesetter


def study_files(settings: Settings, month: str | None) -> Mapping[str, bytes]:
    """Name → content: etude.html, etude.pdf. month: the last that has been made, where none is named.

    Raises:
        BmyshopError: there is no such month; or the package lacks a file.
    """
    told = study_told(settings, month)
    return {"etude.html": html_of(told).encode(), "etude.pdf": pdf_of(told)}


def study_told(settings: Settings, month: str | None) -> Mapping[str, Any]:
    """Everything that the page and the PDF show."""
    network = read_network(settings, month)
    found = study_blocks(network, read_results(), read_review())
    months = span_of(network.months)
    data = f"Données : tickets {months}." if months.startswith("de ") else f"Données : tickets {of_month(network.month)}."
    return {"title": TITLE, "subtitle": SUBTITLE, "data": data, "blocks": found}


def html_of(told: Mapping[str, Any]) -> str:
    """The page, self-contained. Whatever comes from data is escaped; charts are our own SVG."""
    return _environment().get_template("study.html.j2").render(**told, svg=markupsafe.Markup)


def pdf_of(told: Mapping[str, Any]) -> bytes:
    """The PDF: typeset without a browser, with fonts that come with the typesetter."""
    pictures = {
        block["file"]: block["svg"].replace("system-ui, sans-serif", PRINT_FONT).encode()
        for block in told["blocks"]
        if block["kind"] == "figure"
    }
    template = Path(__file__).with_name("templates") / "study.typ"
    return typeset(template, {**told, "blocks": _without_pictures(told["blocks"])}, pictures)


def _without_pictures(found: Sequence[Block]) -> list[Block]:
    return [{key: value for key, value in block.items() if key != "svg"} for block in found]


@functools.cache
def _environment() -> jinja2.Environment:
    return html_templates("bmyshop_profiles.reports.study")
