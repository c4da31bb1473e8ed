"""The verb that writes the study. It writes where a person says, and nothing below the data directory."""

from pathlib import Path
from typing import Annotated

import typer

from bmyshop_profiles.cli.common import app, month_range, settings_in_use
from bmyshop_profiles.terminal import out


@app.command()
def study(
    to: Annotated[Path, typer.Option(help="directory of the files; it must not be there yet, or be empty")],
    month: Annotated[str | None, typer.Option(help="2025-04; default: the last that has been made")] = None,
) -> None:
    """Write the study, in French, as a page and a PDF: question, what is known, method, results with intervals, limits, what to do next.

    Results are those of the data directory and those that benchmarks kept of public data.
    """
    from bmyshop_profiles.media.files import write_files
    from bmyshop_profiles.reports.study.page import study_files

    if month is not None:
        month_range(month)
    write_files(study_files(settings_in_use(writes_elsewhere=True), month), to)
    out.print(f"The study: {to}/etude.html, {to}/etude.pdf", soft_wrap=True, markup=False)
