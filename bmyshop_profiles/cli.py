"""The command line: thin verbs over the same assets and functions as the Dagster UI. Exit codes: 0, 1 failed run, 2 wrong usage."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.settings import PREFIX, SETTINGS_FILE, Settings, load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
# a pipe has no width: nothing is cut or wrapped there
out = Console(highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False, soft_wrap=True)
_options = {"debug": False}

Format = Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="how the rows are printed")]


class UsageError(BmyshopError):
    """The command was called wrongly."""


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


@app.command()
def demo(
    lines: Annotated[int, typer.Option(min=1000, help="receipt lines to simulate, about")] = 1_000_000,
    stores: Annotated[int, typer.Option(min=2)] = 40,
    members: Annotated[int, typer.Option(min=10)] = 3_000,
    months: Annotated[int, typer.Option(min=1, max=24)] = 4,
) -> None:
    """Simulate a small network, make every table of every month, and say what came of it."""
    from bmyshop_profiles.months import month_plus
    from bmyshop_profiles.simulation import simulate

    settings = _settings()
    directory = settings.data_dir / "simulated"
    mapping = directory / "sources.yaml"
    _adopt(mapping, settings.first_month, month_plus(settings.first_month, months - 1))
    with out.status("simulating a network of shops…"):
        simulate(
            directory,
            seed=settings.seed,
            stores=stores,
            members=members,
            anonymous_shoppers=10 * members,
            first_month=settings.first_month,
            months=months,
            lines=lines,
        )
    out.print(f"A simulated network is in {directory}.")
    settings = _settings()
    _run(settings, settings.months(), None)
    _summary(settings)
    out.print("\nNext: [bold]bmyshop-profiles ui[/] to see the tables, their lineage and their checks in the browser.")


@app.command("simulate")
def simulate_command(
    directory: Annotated[Path, typer.Argument(help="where the raw files and the truth go")],
    lines: Annotated[int, typer.Option(min=1000)] = 1_000_000,
    stores: Annotated[int, typer.Option(min=2)] = 40,
    members: Annotated[int, typer.Option(min=10)] = 3_000,
    months: Annotated[int, typer.Option(min=1)] = 4,
    first_month: Annotated[str, typer.Option()] = "2025-01",
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Write the raw files of a simulated network, with a source mapping beside them and the truth in a directory of its own."""
    from bmyshop_profiles.simulation import simulate

    with out.status("simulating…"):
        network = simulate(
            directory,
            seed=seed,
            stores=stores,
            members=members,
            anonymous_shoppers=10 * members,
            first_month=_month_range(first_month)[0],
            months=months,
            lines=lines,
        )
    first, last = network.months[0], network.months[-1]
    out.print(f"Next: bmyshop-profiles run --sources {network.sources} --months {first}..{last}", soft_wrap=True)


@app.command()
def run(
    sources: Annotated[Path | None, typer.Option(help="the source mapping; remembered by the data directory")] = None,
    raw_dir: Annotated[Path | None, typer.Option(help="where the raw files are; default: the mapping's directory; remembered too")] = None,
    months: Annotated[str | None, typer.Option(help="2025-01..2025-04, or one month; default: the whole history")] = None,
    select: Annotated[str | None, typer.Option(help="only the tables of this room")] = None,
) -> None:
    """Make the tables of some months, one month after the other, through Dagster."""
    settings = _settings()
    wanted = _month_range(months) if months else None
    if sources is not None:
        if not sources.is_file():
            raise UsageError(f"{sources}: there is no such source mapping")
        first, last = (wanted[0], wanted[-1]) if wanted else (settings.first_month, settings.last_month)
        _adopt(sources.absolute(), first, last, raw_dir.absolute() if raw_dir else None)
    elif wanted and (settings.data_dir / SETTINGS_FILE).exists():
        _widen(settings, wanted[0], wanted[-1])
    settings = _settings()
    if not settings.sources_file.is_file():
        raise UsageError(f"{settings.sources_file}: there is no source mapping; name one with --sources, or try bmyshop-profiles demo")
    _run(settings, wanted or settings.months(), select)
    _summary(settings)


@app.command("sql")
def sql_command(
    query: Annotated[str | None, typer.Argument(help="one select; every table is a view, those kept by month with a column month")] = None,
    views: Annotated[bool, typer.Option("--views", help="print the views, for any DuckDB of yours")] = False,
    output: Format = "table",
) -> None:
    """Query the tables, read-only."""
    from bmyshop_profiles.orchestration.queries import readable, view_statements

    settings = _settings()
    if views:
        print("\n".join(view_statements(settings)))
        return
    if not query:
        raise UsageError('give a select: bmyshop-profiles sql "select * from receipts limit 5"')
    names, rows = readable(settings, query)
    _print_rows(names, rows, output)


@app.command()
def status(
    table: Annotated[str | None, typer.Option(help="one table, month by month")] = None,
    output: Format = "table",
) -> None:
    """Which months of which tables exist, with how many rows, since when, and whether they are stale."""
    from bmyshop_profiles.engine.catalogue import load_catalogue
    from bmyshop_profiles.engine.lake import Lake
    from bmyshop_profiles.orchestration.freshness import Freshness, freshness

    settings, catalogue = _settings(), load_catalogue()
    if table is not None and table not in catalogue:
        raise UsageError(f"there is no table {table}; the tables are {', '.join(sorted(catalogue))}")
    found = [item for item in freshness(catalogue, Lake(settings.lake_dir), settings) if table in (None, item.table.name)]
    if table or output != "table":
        rows = [
            (item.table.room, item.table.name, _short(item), item.version.rows, item.version.written_at, item.stale or "") for item in found
        ]
        _print_rows(["room", "table", "month", "rows", "written_at", "stale"], rows, output)
        return
    groups: dict[str, list[Freshness]] = {}
    for item in found:
        groups.setdefault(item.table.name, []).append(item)
    if not groups:
        out.print(f"Nothing has been made yet in {settings.data_dir}. Next: bmyshop-profiles demo")
        return
    summary = []
    for items in groups.values():
        months = [_short(item) for item in items]
        span = months[0] if len(months) == 1 else f"{months[0]}..{months[-1]}"
        stale = [_short(item) for item in items if item.stale]
        rows_count = f"{sum(item.version.rows for item in items):,}".replace(",", " ")
        written = max(item.version.written_at for item in items)[:16].replace("T", " ")
        summary.append((items[0].table.name, span, rows_count, written, ", ".join(stale)))
    rooms = list(dict.fromkeys(made.room for made in catalogue.ordered))
    summary.sort(key=lambda row: rooms.index(catalogue[row[0]].room))
    _print_rows(["table", "months", "rows", "written (UTC)", "stale"], summary, "table")


@app.command()
def ui(port: Annotated[int, typer.Option(help="port on this machine")] = 3000) -> None:
    """Open Dagster's web UI and its daemon for this data directory, on this machine only."""
    from bmyshop_profiles.orchestration.runs import prepare_home

    settings = _settings()
    environment = {**os.environ, "DAGSTER_HOME": str(prepare_home(settings)), f"{PREFIX}DATA_DIR": str(settings.data_dir)}
    out.print(f"Dagster's UI: http://127.0.0.1:{port} — stop it with Ctrl-C")
    command = [sys.executable, "-m", "dagster", "dev", "-m", "bmyshop_profiles.definitions", "-h", "127.0.0.1", "-p", str(port)]
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)


@app.command()
def vacuum() -> None:
    """Remove what killed runs left behind and versions nobody needs; the previous version of each month stays."""
    from bmyshop_profiles.engine.lake import Lake

    settings = _settings()
    removed = Lake(settings.lake_dir).vacuum() + Lake(settings.vault_dir).vacuum()
    out.print(f"{len(removed)} old versions removed.")


def _settings() -> Settings:
    try:
        return load_settings()
    except BmyshopError as error:
        raise UsageError(str(error)) from None


def _month_range(text: str) -> list[str]:
    from bmyshop_profiles.months import months_between

    found = re.fullmatch(r"([12]\d{3}-(?:0[1-9]|1[0-2]))(?:\.\.([12]\d{3}-(?:0[1-9]|1[0-2])))?", text)
    if not found or (found[2] and found[2] < found[1]):
        raise UsageError(f"{text!r} are no months; write 2025-01..2025-04, or one month")
    return months_between(found[1], found[2] or found[1])


def _adopt(sources: Path, first_month: str, last_month: str | None, raw_dir: Path | None = None) -> None:
    """Remember the sources of a data directory in its settings file; a directory keeps the sources it was made with."""
    settings = _settings()
    path = settings.data_dir / SETTINGS_FILE
    if path.exists():
        if settings.sources_file != sources:
            raise UsageError(
                f"{settings.data_dir} holds the tables of {settings.sources_file}; give these sources another --data-dir, or edit {path}"
            )
        _widen(settings, first_month, last_month or first_month)
        return
    lines = {"sources": str(sources), "raw_dir": str(raw_dir) if raw_dir else None, "first_month": first_month, "last_month": last_month}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in lines.items() if value)
    path.write_text(f"# settings of this data directory; BMYSHOP_* variables win over them\n{text}", encoding="utf-8")


def _widen(settings: Settings, first: str, last: str) -> None:
    """Let the history of a data directory reach to months that are asked for."""
    path = settings.data_dir / SETTINGS_FILE
    text = path.read_text(encoding="utf-8")
    if first < settings.first_month:
        text = re.sub(r"(?m)^first_month\s*=.*$", f'first_month = "{first}"', text)
    if settings.last_month and last > settings.last_month:
        text = re.sub(r"(?m)^last_month\s*=.*$", f'last_month = "{last}"', text)
    path.write_text(text, encoding="utf-8")


def _run(settings: Settings, months: list[str], room: str | None) -> None:
    from bmyshop_profiles.definitions import build_definitions
    from bmyshop_profiles.engine.catalogue import load_catalogue
    from bmyshop_profiles.ingestion.mapping import load_mapping
    from bmyshop_profiles.orchestration import runs

    load_mapping(settings.sources_file)  # a wrong mapping is wrong usage of no month
    catalogue = load_catalogue()
    if room is not None and room not in {table.room for table in catalogue.values()}:
        raise UsageError(f"there is no room {room}; the rooms are {', '.join(sorted({table.room for table in catalogue.values()}))}")
    definitions = build_definitions(settings)
    jobs: list[tuple[str, str | None]] = [("references", None), *(("month", month) for month in months)]
    with runs.instance(settings) as instance:
        for job, month in jobs:
            tables = [t.name for t in catalogue.ordered if t.file.by_month == (month is not None) and room in (None, t.room)]
            if not tables:
                continue
            steps = runs.steps_of(definitions, job, tables)
            with _progress(month or "lists", len(steps)) as on_step:
                result = runs.run_job(definitions, instance, job, month=month, tables=tables, on_step=on_step)
            if not result.success:
                raise BmyshopError(f"the run of {month or job} failed; what it published before stands.\n{result.failure}")


@contextmanager
def _progress(title: str, steps: int) -> Iterator[Callable[[str], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("[bold]{task.description:8}"), BarColumn(30), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.fields[step]}"), console=out, transient=False) as progress:
        task = progress.add_task(title, total=steps, step="")
        yield lambda step: progress.update(task, advance=1, step=step)
        progress.update(task, step="")


def _summary(settings: Settings) -> None:
    from bmyshop_profiles.orchestration.queries import ingestion_summary

    out.print()
    for line in ingestion_summary(settings):
        out.print(line)


def _short(item: Any) -> str:
    return str(item.partition).removeprefix("month=")


def _print_rows(names: list[str], rows: list[tuple[Any, ...]], output: str) -> None:
    if output == "json":
        print(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str, ensure_ascii=False, indent=1))
    elif output == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(names)
        writer.writerows(rows)
    else:
        table = RichTable(*names, box=None, header_style="bold")
        for row in rows:
            table.add_row(*("" if value is None else escape(str(value)) for value in row))
        out.print(table)


if __name__ == "__main__":
    main()
