"""How the report of a month is made, of what is in hand."""

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.orchestration.steps import Inputs, markdown
from bmyshop_profiles.questions.histories import known_profiles
from bmyshop_profiles.reports.content import report_content
from bmyshop_profiles.reports.page import beginning, render
from bmyshop_profiles.settings import Settings


def report(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """The page of a month."""
    month, settings = str(inputs.month), inputs.settings
    # tables in full, but for what is seen, of which one shop and the network are told, and for members, of whom only the number is
    frames = {name: inputs.frames[name] for name in load_catalogue()["monthly_report"].inputs if name != "seen_audience"}
    frames["seen_audience"] = inputs.frames["seen"]
    known = known_profiles(settings)  # the names that stay, read along the months that are there
    frames["profiles"] = known[known.month == month]
    content = report_content(frames, month, store=inputs.parameters["report_store"] or None, currency=_currency(settings))
    html = render(content)
    path = settings.reports_dir / f"{month}.html"
    _replace(path, html)
    inputs.figures["monthly_report"] = {"page": path, "begins": markdown(beginning(content))}
    return {"monthly_report": pd.DataFrame([{"file": path.name, "html": html}])}


def _currency(settings: Settings) -> str | None:
    """The currency of the amounts, when all sources have the same."""
    found = {source.currency or settings.currency for source in load_mapping(settings.sources_file).sources}
    return found.pop() if len(found) == 1 else None


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
