"""The command line. `common` is what verbs share, `runs` makes, `questions` answers, `media` plans and exports, `study` writes the study,
`sources` looks at raw files and their mapping, `upkeep` takes out."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bmyshop_profiles.cli import media, questions, runs, sources, study, upkeep  # noqa: F401 - their verbs are registered
from bmyshop_profiles.cli.common import UsageError, app
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.settings import PREFIX
from bmyshop_profiles.terminal import err

_options = {"debug": False}


def main() -> None:
    """Entry point: errors are one readable paragraph, the traceback only with --debug."""
    try:
        app(standalone_mode=True)
    except BmyshopError as error:
        if _options["debug"]:
            raise
        err.print(f"[bold red]error:[/] {escape(str(error))}")
        sys.exit(2 if isinstance(error, UsageError) else 1)


@app.callback()
def _common(
    data_dir: Annotated[Path | None, typer.Option(help="where everything is kept; default: BMYSHOP_DATA_DIR, else ./data")] = None,
    debug: Annotated[bool, typer.Option(help="show the traceback of an error")] = False,
) -> None:
    _options["debug"] = debug
    if data_dir is not None:
        os.environ[f"{PREFIX}DATA_DIR"] = str(data_dir.absolute())
