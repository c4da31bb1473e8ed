"""What the command line prints with: the console, a table of rows in three formats, a progress bar per month. No verbs."""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

# a pipe has no width: nothing is cut or wrapped there
out = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False, soft_wrap=True)


# a spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection); the last four are full-width forms of the first four
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def print_rows(names: Sequence[str], rows: Sequence[tuple[Any, ...]], output: str) -> None:
    """Rows as a table, CSV or JSON. In CSV a text that a spreadsheet would run as a formula is led by an apostrophe."""
    if output == "json":
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str, ensure_ascii=False, indent=1))
    elif output == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerows([no_formula(value) for value in row] for row in (names, *rows))
    else:
        table = Table(*names, box=None, header_style="bold")
        for row in rows:
            table.add_row(*("" if value is None else escape(str(value)) for value in row))
        out.print(table)


def no_formula(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula, led by an apostrophe; anything else as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


@contextmanager
def progress_bar(title: str, steps: int) -> Iterator[Callable[[str], None]]:
    """A bar that moves with each step that ends; its name is shown."""
    columns = (TextColumn("[bold]{task.description:8}"), BarColumn(30), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[step]}"), console=out, transient=False) as progress:
        task = progress.add_task(title, total=steps, step="")
        yield lambda step: progress.update(task, advance=1, step=step)
        progress.update(task, step="")
