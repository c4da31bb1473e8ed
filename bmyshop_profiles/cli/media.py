"""Verbs of ad sales: plan answers a brief, export writes files for ad servers. They write where a person says, or plans below the data
directory."""

import re
from pathlib import Path
from typing import Annotated

import typer

from bmyshop_profiles.cli.common import UsageError, app, month_range, settings_in_use
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.terminal import out


@app.command()
def plan(
    brief: Annotated[Path | None, typer.Argument(help="the brief, a YAML file; --draft writes one to begin with")] = None,
    to: Annotated[Path | None, typer.Option(help="directory of the plan's files; default: plans/TITLE of the data directory")] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="write a brief with comments to BRIEF, or to the terminal, and plan nothing")
    ] = False,
) -> None:
    """Plan screens from a brief: which, at what price, with how many contacts, and why. A page, a PDF, a table and JSON.

    A brief that breaks a rule of law is refused, with the rule. A visit is a receipt, not a person.
    """
    if draft:
        _draft(settings_in_use(writes_elsewhere=brief is not None), brief)
        return
    if brief is None:
        raise UsageError("name a brief, or write one with plan --draft brief.yaml")
    from bmyshop_profiles.media.brief import load_brief
    from bmyshop_profiles.media.files import write_files
    from bmyshop_profiles.media.page import files_of
    from bmyshop_profiles.media.plan import make_plan
    from bmyshop_profiles.reports import words

    settings = settings_in_use(writes_elsewhere=to is not None)
    asked = load_brief(brief)
    found = make_plan(settings, asked)
    target = to or settings.data_dir / "plans" / _slug(asked.title)
    write_files(files_of(found), target)
    contacts = f"{words.number(found.contacts.value)} [{words.number(found.contacts.low)}–{words.number(found.contacts.high)}]"
    screens = words.counted(len(found.screens), "écran", "écrans")
    out.print(f"{screens}, {words.money(found.cost_cents, 'EUR')} : {contacts} contacts avec le groupe.", markup=False)
    for mention in found.mentions:
        out.print(f"Mention obligatoire : {mention}", soft_wrap=True, markup=False)
    out.print(f"The plan: {target}/plan.html, .pdf, .csv, .json", soft_wrap=True, markup=False)


@app.command()
def export(
    month: Annotated[str, typer.Argument(help="2025-04")],
    to: Annotated[Path, typer.Option(help="directory of the files; it must not be there yet, or be empty")],
    inputs: Annotated[
        Path | None, typer.Option(help="YAML: people per receipt and dwell time, with their sources; without it, files give visits")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(help="a customer's own CSV: its columns are filled, in its order, and the other files are not written")
    ] = None,
    dp: Annotated[
        float | None,
        typer.Option(metavar="EPSILON", help="instead: visits and categories with noise (differential privacy), of the month's budget"),
    ] = None,
) -> None:
    """Write the files that ad servers take: screens, impressions by hour, audience indexes, OpenRTB objects, methodology.

    At most 1,000,000 rows a file.
    """
    month_range(month)
    if dp is not None:
        if inputs or template:
            raise UsageError("--dp writes files of its own: leave out --inputs and --template")
        from bmyshop_profiles.media.noised import export_noised

        written = export_noised(settings_in_use(writes_elsewhere=True), month, to, dp)
    else:
        from bmyshop_profiles.media.exports import export_month

        written = export_month(settings_in_use(writes_elsewhere=True), month, to, inputs=inputs, template=template)
    for name, rows in written.items():
        out.print(f"{name}: {rows} rows" if rows is not None else name, soft_wrap=True, markup=False)
    out.print(f"The files: {to}", soft_wrap=True, markup=False)


def _draft(settings: Settings, path: Path | None) -> None:
    import json

    from bmyshop_profiles.media.brief import SCHEMA_FILE, brief_schema
    from bmyshop_profiles.media.files import write_files
    from bmyshop_profiles.media.plan import draft_of

    text = draft_of(settings, schema=path is not None)
    if path is None:
        print(text, end="")
        return
    if path.exists():
        raise UsageError(f"{path}: is there already, and a draft never overwrites; name another file")
    schema = json.dumps(brief_schema(), indent=1, ensure_ascii=False) + "\n"
    write_files({path.name: text.encode(), SCHEMA_FILE: schema.encode()}, path.parent, beside=True)
    out.print(f"A draft is in {path}; editors check it by {SCHEMA_FILE} beside it.", soft_wrap=True, markup=False)
    out.print(f"Next: bmyshop-profiles plan {path}", soft_wrap=True, markup=False)


def _slug(title: str) -> str:
    """A name of a directory: lower case without accents, hyphens between words."""
    from bmyshop_profiles.reports.words import unaccented

    return re.sub(r"[^a-z0-9]+", "-", unaccented(title)).strip("-") or "plan"
