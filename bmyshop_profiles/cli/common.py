"""What every verb shares: the application, wrong usage, the settings of the data directory, months as people write them. No verbs."""

import re
from typing import Annotated, Literal

import typer

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.privacy.closed import close_to_others
from bmyshop_profiles.settings import Settings, load_settings

HELP = "The command line: thin verbs over the same assets and functions as the Dagster UI. Exit codes: 0, 1 failed run, 2 wrong usage."
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)

Format = Annotated[
    Literal["table", "csv", "json"],
    typer.Option("--format", help="how the rows are printed; csv: formulas are quoted"),
]


class UsageError(BmyshopError):
    """The command was called wrongly."""


def settings_in_use(*, writes_elsewhere: bool = False) -> Settings:
    """Settings of the data directory that was named, else of ./data. What is written from then on is closed to other users.

    writes_elsewhere: the verb writes only where a person says, under that person's own rules.
    """
    try:
        settings = load_settings()
    except BmyshopError as error:
        raise UsageError(str(error)) from None
    if not writes_elsewhere:
        close_to_others(settings.data_dir)
    return settings


def month_range(text: str) -> list[str]:
    """2025-01..2025-04, or one month."""
    from bmyshop_profiles.months import months_between

    found = re.fullmatch(r"([12]\d{3}-(?:0[1-9]|1[0-2]))(?:\.\.([12]\d{3}-(?:0[1-9]|1[0-2])))?", text)
    if not found or (found[2] and found[2] < found[1]):
        raise UsageError(f"{text!r} are no months; write 2025-01..2025-04, or one month")
    return months_between(found[1], found[2] or found[1])
