"""The verb `profiles` of the command line: the profiles along the months."""

from typing import Annotated, Literal

import typer

from bmyshop_profiles.settings import load_settings
from bmyshop_profiles.terminal import print_rows


def profiles(
    month: Annotated[str | None, typer.Option(help="2025-04; all months by default")] = None,
    events: Annotated[bool, typer.Option("--events", help="what happened to profiles instead: births, ends, splits, merges")] = False,
    output: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="how the rows are printed")] = "table",
) -> None:
    """The profiles of each month under one stable id, with their names, sizes and verdicts. Names are changed in profile_names.toml."""
    from bmyshop_profiles.reports.histories import profile_histories

    names, rows = profile_histories(load_settings(), month=month, events=events)
    print_rows(names, rows, output)
