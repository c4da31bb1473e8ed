"""Verbs about raw files and their mapping: sources inspect, check, schema. Samples are read, nothing is ingested."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bmyshop_profiles.cli.common import Format, UsageError, app, settings_in_use
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.privacy.pseudonyms import SIMULATED_FILE
from bmyshop_profiles.settings import SETTINGS_FILE
from bmyshop_profiles.terminal import err, out, print_rows

if TYPE_CHECKING:
    from bmyshop_profiles.engine.session import Session
    from bmyshop_profiles.ingestion.drafts.check import Found

SCHEMA_FILE = "sources.schema.json"
sources = typer.Typer(no_args_is_help=True, help="Raw files and their mapping: inspect drafts one, check tries it, schema is for editors.")
app.add_typer(sources, name="sources")


@sources.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(help="exports of a till, and lists of members, shops, products where there are any")],
    output: Annotated[Path | None, typer.Option(help="where the draft goes; default: the terminal. Never overwrites")] = None,
    raw_dir: Annotated[
        Path | None, typer.Option(help="directory that patterns start from; default: the nearest that holds all files")
    ] = None,
    name: Annotated[str | None, typer.Option(help="name of the source; default: that of the files")] = None,
) -> None:
    """Look at samples of raw files, write a commented draft of a mapping and try it as check does. Values of persons are not printed."""
    from bmyshop_profiles.engine.session import open_session
    from bmyshop_profiles.ingestion.drafts.draft import draft_of
    from bmyshop_profiles.ingestion.mapping.schema import mapping_schema

    settings = settings_in_use(writes_elsewhere=True)
    if output is not None and output.exists():
        raise UsageError(f"{output}: is there already, and a draft never overwrites; name another file with --output")
    beside = output is not None and all(path.resolve().is_relative_to(output.parent.resolve()) for path in files)
    root = raw_dir or (output.parent if output and beside else None)
    with open_session(memory_limit=settings.memory_limit, threads=settings.threads) as session:
        draft = draft_of(files, session, root=root, name=name, schema=SCHEMA_FILE if output else None)
        found = [] if "receipts" in draft.missing else _tried_draft(draft.text, draft.root, session, settings.timezone)
    if output is None:
        print(draft.text, end="")
        _print_found(found, err)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("x", encoding="utf-8") as stream:
        stream.write(draft.text)
    schema = output.parent / SCHEMA_FILE
    schema.write_text(json.dumps(mapping_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    out.print(f"A draft is in {output}; editors check it by {schema.name} beside it.", soft_wrap=True, markup=False)
    for where in draft.missing:
        out.print(f"  missing: {where}", soft_wrap=True, markup=False)
    for text in draft.assumed:
        out.print(f"  assumed: {text}", soft_wrap=True, markup=False)
    _print_found(found, out)
    elsewhere = "" if draft.root == output.parent.resolve() else f" --raw-dir {draft.root}"
    months = f" --months {draft.months[0]}..{draft.months[-1]}" if draft.months else ""
    out.print(f"Next: bmyshop-profiles sources check {output}{elsewhere}", soft_wrap=True, markup=False)
    sampled = "  (months of the sample)" if draft.months else ""
    out.print(
        f"Then: bmyshop-profiles --data-dir data/NEW run --sources {output}{elsewhere}{months}{sampled}", soft_wrap=True, markup=False
    )


@sources.command()
def check(
    mapping: Annotated[Path | None, typer.Argument(help="the mapping; default: that of the data directory")] = None,
    raw_dir: Annotated[Path | None, typer.Option(help="where the raw files are; default: the mapping's directory")] = None,
    output: Format = "table",
) -> None:
    """Try a mapping on samples of its files, without ingesting. Exit code 1 when something is wrong."""
    from bmyshop_profiles.engine.session import open_session
    from bmyshop_profiles.ingestion.drafts.check import check as tried
    from bmyshop_profiles.ingestion.mapping.mapping import load_mapping

    settings = settings_in_use(writes_elsewhere=True)
    path = (mapping or settings.sources_file).absolute()
    if not path.is_file():
        raise UsageError(f"{path}: there is no such source mapping; bmyshop-profiles sources inspect drafts one")
    root = (raw_dir or (settings.raw_root if mapping is None else path.parent)).absolute()
    own = (path, settings.data_dir, root / SCHEMA_FILE, root / SETTINGS_FILE, root / SIMULATED_FILE)
    with open_session(memory_limit=settings.memory_limit, threads=settings.threads) as session:
        found, unmatched = tried(load_mapping(path), root, session, timezone=settings.timezone, own=own)
    rows = [
        (
            each.source,
            each.kind,
            each.files,
            each.lines,
            f"{100 * each.refused_count / each.lines:.2f} %" if each.lines else "",
            _span(each.months, told=each.months_told),
            "; ".join(each.errors),
            "; ".join(each.notes),
        )
        for each in found
    ]
    names = ["source", "kind", "files", "sampled lines", "refused", "months", "wrong", "note"]
    errors = sum(len(each.errors) for each in found)
    if output != "table":
        print_rows(names, rows, output)
    else:
        print_rows(names[:6], [row[:6] for row in rows], output)
        _print_found(found, out)
        if unmatched:
            some = ", ".join(unmatched[:5]) + (", …" if len(unmatched) > 5 else "")
            out.print(f"note: {len(unmatched)} files below {root} belong to no pattern: {some}", soft_wrap=True, markup=False)
    if errors:
        err.print(f"{path}: {errors} things are wrong; nothing was ingested", markup=False)
        raise typer.Exit(1)
    if output == "table":
        out.print("Nothing wrong was found in the sample.")


def _tried_draft(text: str, root: Path, session: "Session", timezone: str) -> "list[Found]":
    """The draft, tried as `check` tries it."""
    import yaml

    from bmyshop_profiles.ingestion.drafts.check import check as tried
    from bmyshop_profiles.ingestion.mapping.mapping import SourceMapping

    return tried(SourceMapping.model_validate(yaml.safe_load(text)), root, session, timezone=timezone)[0]


def _print_found(found: "Sequence[Found]", stream: Console) -> None:
    """What is wrong, then what a person should know."""
    for each in found:
        for text in each.errors:
            stream.print(f"wrong, {each.source}, {each.kind}: {text}", soft_wrap=True, markup=False)
        for text in each.notes:
            stream.print(f"note, {each.source}, {each.kind}: {text}", soft_wrap=True, markup=False)


@sources.command()
def schema(output: Annotated[Path | None, typer.Option(help="where it goes; default: the terminal")] = None) -> None:
    """JSON Schema of a mapping, for editors: `# yaml-language-server: $schema=sources.schema.json` as a mapping's first line."""
    from bmyshop_profiles.ingestion.mapping.schema import mapping_schema

    text = json.dumps(mapping_schema(), indent=1, ensure_ascii=False)
    if output is None:
        print(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BmyshopError(f"{output}: cannot be written ({error.strerror})") from None


def _span(months: list[str], *, told: bool) -> str:
    """From the first to the last month; how many there are is known where file names tell them."""
    if not months:
        return ""
    span = months[0] if len(months) == 1 else f"{months[0]}..{months[-1]}"
    return f"{span}, {len(months)} months" if told and len(months) > 1 else span if told else f"{span} (in the sample)"
