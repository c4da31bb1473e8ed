"""The command line: thin verbs over the same assets and functions as the Dagster UI. Exit codes: 0, 1 failed run, 2 wrong usage."""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from bmyshop_profiles.cli_profiles import profiles
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.settings import PREFIX, SETTINGS_FILE, Settings, load_settings
from bmyshop_profiles.settings_file import adopt, widen
from bmyshop_profiles.terminal import err, out, print_rows, progress_bar

if TYPE_CHECKING:
    from bmyshop_profiles.simulation import SimulatedNetwork

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.command()(profiles)
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
    """Simulate a small network, make every table of every month, and end with something to see."""
    from bmyshop_profiles.months import month_plus

    settings = _settings()
    directory = settings.data_dir / "simulated"
    # two folds and two draws say less surely what a typology and its profiles are worth, in a fraction of the time
    _remember(directory / "sources.yaml", settings.first_month, month_plus(settings.first_month, months - 1), quality_folds=2, gate_draws=2)
    with out.status("simulating a network of shops…"):
        _simulate(directory, lines, stores, members, months, settings.first_month, settings.seed)
    out.print(f"A simulated network is in {directory}.")
    settings = _settings()
    _run(settings, settings.months(), None)
    _summary(settings)
    _closing(settings, directory / "truth")
    out.print("\nNext: [bold]bmyshop-profiles ui[/] to see the tables, their lineage and their checks in the browser.")
    out.print(f"The report: {settings.reports_dir / f'{settings.months()[-1]}.html'}", soft_wrap=True)


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
    with out.status("simulating…"):
        network = _simulate(directory, lines, stores, members, months, _month_range(first_month)[0], seed)
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
        _remember(sources.absolute(), first, last, raw_dir.absolute() if raw_dir else None)
    elif wanted and (settings.data_dir / SETTINGS_FILE).exists():
        widen(settings, wanted[0], wanted[-1])
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
    print_rows(names, rows, output)


@app.command()
def audience(
    month: Annotated[str, typer.Option(help="2025-04")],
    store: Annotated[str, typer.Option(help="key of the shop; all: the whole network")] = "all",
    daypart: Annotated[
        Literal["all", "early", "morning", "noon", "afternoon", "evening", "night"], typer.Option(help="all: the whole day")
    ] = "all",
    output: Format = "table",
) -> None:
    """Who stands in front of the screen: the mix of profiles of a shop and daypart, with intervals and affinity indexes."""
    from bmyshop_profiles.orchestration import queries

    _month_range(month)
    names, rows = queries.audience(_settings(), month, store, daypart)
    if output == "table":
        from bmyshop_profiles.reports import words

        first = dict(zip(names, rows[0], strict=True))
        estimated = " (estimated)" if first["is_people_estimated"] else ""
        people = words.number(first["people"])
        out.print(f"{store}, {words.DAYPARTS[daypart]}, {month}: {first['receipts_count']} receipts, about {people} people{estimated}")
        shown = [
            (
                row["profile"],
                words.percent(row["mix_share"]),
                words.interval(row["low_share"], row["high_share"]),
                words.number(row["affinity_index"]),
            )
            for row in (dict(zip(names, values, strict=True)) for values in rows)
        ]
        print_rows(["profile", "share of visits", "90 % interval", "affinity index"], shown, output)
        return
    print_rows(names, rows, output)


@app.command()
def explain(
    receipt: Annotated[str, typer.Argument(help="key of a receipt, as in the table receipts")],
    output: Format = "table",
) -> None:
    """Which items of a receipt moved its posterior, and by how much: nats, against the mean of the profiles."""
    from bmyshop_profiles.orchestration import queries

    names, rows = queries.explain(_settings(), receipt)
    if output != "table":
        print_rows(names, rows, output)
        return
    from bmyshop_profiles.reports import words

    terms: dict[tuple[Any, ...], list[str]] = {}
    for _, profile, prior, posterior, what, nats in rows:
        terms.setdefault((profile, words.percent(prior), words.percent(posterior)), []).append(f"{what} {nats:+.2f}")
    shown = [(*group, " · ".join(found)) for group, found in terms.items()]
    print_rows(["profile", "before", "after", "what moved it (nats)"], shown, output)


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
        print_rows(["room", "table", "month", "rows", "written_at", "stale"], rows, output)
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
    print_rows(["table", "months", "rows", "written (UTC)", "stale"], summary, "table")


@app.command()
def ui(port: Annotated[int, typer.Option(help="port on this machine")] = 3000) -> None:
    """Open Dagster's web UI and its daemon for this data directory, on this machine only."""
    from bmyshop_profiles.orchestration.runs import prepare_home

    settings = _settings()
    environment = {**os.environ, "DAGSTER_HOME": str(prepare_home(settings)), f"{PREFIX}DATA_DIR": str(settings.data_dir)}
    out.print(f"Dagster's UI: http://127.0.0.1:{port} — stop it with Ctrl-C")
    command = [sys.executable, "-m", "dagster", "dev", "-m", "bmyshop_profiles.definitions", "-h", "127.0.0.1", "-p", str(port)]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)  # takes this process's place, so that stopping it stops Dagster


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


def _remember(*arguments: Any, **others: Any) -> None:
    try:
        adopt(*arguments, **others)
    except BmyshopError as error:
        raise UsageError(str(error)) from None


def _month_range(text: str) -> list[str]:
    from bmyshop_profiles.months import months_between

    found = re.fullmatch(r"([12]\d{3}-(?:0[1-9]|1[0-2]))(?:\.\.([12]\d{3}-(?:0[1-9]|1[0-2])))?", text)
    if not found or (found[2] and found[2] < found[1]):
        raise UsageError(f"{text!r} are no months; write 2025-01..2025-04, or one month")
    return months_between(found[1], found[2] or found[1])


def _simulate(directory: Path, lines: int, stores: int, members: int, months: int, first_month: str, seed: int) -> "SimulatedNetwork":
    from bmyshop_profiles.simulation import simulate

    return simulate(
        directory,
        seed=seed,
        stores=stores,
        members=members,
        anonymous_shoppers=10 * members,
        first_month=first_month,
        months=months,
        lines=lines,
    )


def _closing(settings: Settings, truth: Path) -> None:
    """The demo's last words; the simulator's truth is read here, by evaluation, and by no asset."""
    from bmyshop_profiles.evaluation.truth import true_mix
    from bmyshop_profiles.orchestration.queries import views
    from bmyshop_profiles.reports.demo import closing

    month = settings.months()[-1]
    with views(settings, beside=truth) as session:
        names = ("profiles", "store_audience", "stores")
        profiles, mixes, stores = (session.frame(f"from {name} where month = $month", {"month": month}) for name in names)
        lines = closing(month, profiles, mixes, stores, true_mix(session, truth, month))
    out.print()
    for line in lines:
        out.print(escape(line), soft_wrap=True)


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
            with progress_bar(month or "lists", len(steps)) as on_step:
                result = runs.run_job(definitions, instance, job, month=month, tables=tables, on_step=on_step)
            if not result.success:
                raise BmyshopError(f"the run of {month or job} failed; what it published before stands.\n{result.failure}")


def _summary(settings: Settings) -> None:
    from bmyshop_profiles.orchestration.queries import ingestion_summary

    out.print()
    for line in ingestion_summary(settings):
        out.print(line)


def _short(item: Any) -> str:
    return str(item.partition).removeprefix("month=")


if __name__ == "__main__":
    main()
