"""Verbs that make something: demo, simulate, run, ui."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape

from bmyshop_profiles.cli.common import UsageError, app, month_range, settings_in_use
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.privacy.closed import close_to_others
from bmyshop_profiles.settings import PREFIX, SETTINGS_FILE, Settings
from bmyshop_profiles.settings_file import adopt, widen
from bmyshop_profiles.terminal import out, print_rows, progress_bar

if TYPE_CHECKING:
    from bmyshop_profiles.engine.catalogue import Catalogue
    from bmyshop_profiles.simulation import SimulatedNetwork


@app.command()
def demo(
    lines: Annotated[int, typer.Option(min=1000, help="receipt lines to simulate, about")] = 1_000_000,
    stores: Annotated[int, typer.Option(min=2)] = 40,
    members: Annotated[int, typer.Option(min=10)] = 3_000,
    months: Annotated[int, typer.Option(min=1, max=24)] = 4,
) -> None:
    """Simulate a small network, make every table of every month, and end with something to see."""
    from bmyshop_profiles.months import month_plus

    settings = settings_in_use()
    directory = settings.data_dir / "simulated"
    # two folds say less surely what a typology is worth, in less than half the time
    few = {"quality_folds": 2, "natural_draws": 0}
    _remember(directory / "sources.yaml", settings.first_month, month_plus(settings.first_month, months - 1), **few)
    with out.status("simulating a network of shops…"):
        _simulate(directory, lines, stores, members, months, settings.first_month, settings.seed)
    out.print(f"A simulated network is in {directory}.")
    settings = settings_in_use()
    _summary(settings, _run(settings, settings.months(), None))
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
    overlap: Annotated[float | None, typer.Option(min=0, max=1, help="of the personas: 0 says everything, 1 nothing")] = None,
    world: Annotated[Literal["personas", "continuum"], typer.Option(help="continuum: tastes vary without any persona")] = "personas",
    flavours: Annotated[str, typer.Option(help="tills, comma separated: caisse_a, caisse_b, caisse_c, caisse_d")] = "caisse_a,caisse_b",
    zones: Annotated[Path | None, typer.Option(help="directory of INSEE's communes and shops; default: an embedded summary")] = None,
    first_names: Annotated[Path | None, typer.Option(help="INSEE's first names, zip or CSV; default: an embedded summary")] = None,
    only: Annotated[
        str | None, typer.Option("--month", help="files of this month only; in a directory begun before, as it was begun")
    ] = None,
) -> None:
    """Write the raw files of a simulated network, with a source mapping beside them and the truth in a directory of its own."""
    from bmyshop_profiles.simulation import Parameters, continue_network

    chosen: dict[str, Any] = {"world": world, "flavours": tuple(name.strip() for name in flavours.split(","))}
    if overlap is not None:
        chosen["overlap"] = overlap
    month = month_range(first_month)[0]
    settings = settings_in_use(writes_elsewhere=True)
    if directory.absolute().is_relative_to(settings.data_dir):
        close_to_others(settings.data_dir)
    try:
        with out.status("simulating…"):
            if only is not None and (directory / "truth" / "parameters.json").exists():
                network = continue_network(directory, month_range(only)[0])
            else:
                network = _simulate(
                    directory, lines, stores, members, months, month, seed, month=month_range(only)[0] if only else None,
                    parameters=Parameters(**chosen), zones_directory=zones, names_file=first_names,
                )  # fmt: skip
    except (ValueError, FileNotFoundError, FileExistsError) as error:
        raise UsageError(str(error)) from None
    first, last = network.months[0], network.months[-1]
    out.print(f"Next: bmyshop-profiles run --sources {network.sources} --months {first}..{last}", soft_wrap=True)


@app.command()
def run(
    sources: Annotated[Path | None, typer.Option(help="the source mapping; remembered by the data directory")] = None,
    raw_dir: Annotated[Path | None, typer.Option(help="where the raw files are; default: the mapping's directory; remembered too")] = None,
    months: Annotated[str | None, typer.Option(help="2025-01..2025-04, or one month; default: the whole history")] = None,
    select: Annotated[str | None, typer.Option(help="only the tables of these rooms, as in ingestion,references,features")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would be made, in what time, and make nothing")] = False,
) -> None:
    """Make the tables of some months, one month after the other, through Dagster."""
    settings = settings_in_use()
    wanted = month_range(months) if months else None
    if dry_run:
        _foretold(settings, wanted or settings.months(), select)
        return
    if sources is not None:
        if not sources.is_file():
            raise UsageError(f"{sources}: there is no such source mapping")
        first, last = (wanted[0], wanted[-1]) if wanted else (settings.first_month, settings.last_month)
        _remember(sources.absolute(), first, last, raw_dir.absolute() if raw_dir else None)
    elif wanted and (settings.data_dir / SETTINGS_FILE).exists():
        widen(settings, wanted[0], wanted[-1])
    settings = settings_in_use()
    if not settings.sources_file.is_file():
        raise UsageError(f"{settings.sources_file}: there is no source mapping; name one with --sources, or try bmyshop-profiles demo")
    _summary(settings, _run(settings, wanted or settings.months(), select))


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="port on this machine")] = 3000,
    unattended: Annotated[bool, typer.Option("--unattended", help="switch on schedules, the sensor of raw files, stale months")] = False,
) -> None:
    """Open Dagster's web UI and its daemon for this data directory, on this machine only.

    Schedules and sensors are off until somebody switches them on under Automation, or all at once with --unattended: then the month that
    has ended is made on the third day, late files are read, and the months that they make stale are made again.
    """
    from bmyshop_profiles.orchestration.runs import prepare_home

    settings = settings_in_use()
    environment = {**os.environ, "DAGSTER_HOME": str(prepare_home(settings)), f"{PREFIX}DATA_DIR": str(settings.data_dir)}
    if unattended:
        environment[f"{PREFIX}UNATTENDED"] = "true"
    out.print(f"Dagster's UI: http://127.0.0.1:{port} — stop it with Ctrl-C")
    if (unattended or settings.unattended) and settings.last_month:
        out.print(f"The history ends with {settings.last_month}: no later month is made until last_month is taken out of {SETTINGS_FILE}.")
    elif not (unattended or settings.unattended):
        out.print("Schedules and sensors are off: switch them on under Automation, or start with --unattended.")
    command = [sys.executable, "-m", "dagster", "dev", "-m", "bmyshop_profiles.definitions", "-h", "127.0.0.1", "-p", str(port)]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)  # takes this process's place, so that stopping it stops Dagster


def _remember(*arguments: Any, **others: Any) -> None:
    try:
        adopt(*arguments, **others)
    except BmyshopError as error:
        raise UsageError(str(error)) from None


def _simulate(
    directory: Path, lines: int, stores: int, members: int, months: int, first_month: str, seed: int, **further: Any
) -> "SimulatedNetwork":
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
        **further,
    )


def _closing(settings: Settings, truth: Path) -> None:
    """The demo's last words; the simulator's truth is read here, by evaluation, and by no asset."""
    from bmyshop_profiles.evaluation.truth import true_mix
    from bmyshop_profiles.questions.histories import known_profiles
    from bmyshop_profiles.questions.queries import views
    from bmyshop_profiles.reports.demo import closing, seen_lines
    from bmyshop_profiles.reports.seen import seen_content

    month = settings.months()[-1]
    profiles = known_profiles(settings)
    with views(settings, beside=truth) as session:
        mixes, stores = (session.frame(f"from {name} where month = $month", {"month": month}) for name in ("store_audience", "stores"))
        true = true_mix(session, truth, month)
        traffic = session.frame("from store_months where month = $month order by receipts_count desc, store_key", {"month": month})
        busiest = str(traffic.store_key.iloc[0])
        tables = {name: session.whole(name) for name in ("mission_profiles", "product_taxonomy")}
        chosen = {"month": month, "store": busiest}
        seen = session.frame("from seen_audience where month = $month and store_key in ('all', $store)", chosen)
        lines = closing(month, profiles[profiles.month == month], mixes, stores, true)
    name = dict(zip(stores.store_key, stores.name, strict=True)).get(busiest, busiest)
    out.print()
    for line in [*seen_lines(month, name, seen_content({**tables, "seen_audience": seen}, month, busiest)), "", *lines]:
        out.print(escape(line), soft_wrap=True)


def _run(settings: Settings, months: list[str], select: str | None) -> list[str]:
    """Lines about the checks that warned."""
    from bmyshop_profiles.definitions import build_definitions
    from bmyshop_profiles.engine.catalogue import load_catalogue
    from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
    from bmyshop_profiles.orchestration import runs
    from bmyshop_profiles.orchestration.upkeep import apply_retention

    load_mapping(settings.sources_file)  # a wrong mapping is wrong usage of no month
    catalogue = load_catalogue()
    definitions = build_definitions(settings)
    warned: list[runs.Warned] = []
    with runs.instance(settings) as instance:
        for job, month, tables in _jobs(catalogue, months, select):
            steps = runs.steps_of(definitions, job, tables)
            with progress_bar(month or "lists", len(steps)) as on_step:
                result = runs.run_job(definitions, instance, job, month=month, tables=tables, on_step=on_step)
            if not result.success:
                raise BmyshopError(f"the run of {month or job} failed; what it published before stands.\n{result.failure}")
            warned += result.warned
    apply_retention(settings)
    return runs.in_words(warned, catalogue)


def _jobs(catalogue: "Catalogue", months: list[str], select: str | None) -> list[tuple[str, str | None, list[str]]]:
    """Runs, one after the other: job, month and tables."""
    known = {table.room for table in catalogue.values()}
    rooms = {room.strip() for room in select.split(",")} if select is not None else known
    if unknown := sorted(rooms - known):
        raise UsageError(f"there is no room {', '.join(unknown)}; the rooms are {', '.join(sorted(known))}")
    jobs: list[tuple[str, str | None]] = [("references", None), *(("month", month) for month in months)]
    tables = {
        is_month: [t.name for t in catalogue.ordered if t.file.by_month == is_month and t.room in rooms] for is_month in (False, True)
    }
    return [(job, month, tables[month is not None]) for job, month in jobs if tables[month is not None]]


def _foretold(settings: Settings, months: list[str], select: str | None) -> None:
    """What would be made."""
    from bmyshop_profiles.definitions import build_definitions
    from bmyshop_profiles.engine.catalogue import load_catalogue
    from bmyshop_profiles.orchestration import runs
    from bmyshop_profiles.orchestration.foretold import foretell

    catalogue = load_catalogue()
    with runs.instance(settings) as instance:
        found = foretell(build_definitions(settings), instance, catalogue, settings, _jobs(catalogue, months, select))
    rows = [
        (
            each.month or "lists",
            each.tables,
            each.missing,
            each.stale,
            f"{each.minutes:.1f}" + (f", and {each.unknown_steps} steps never run" if each.unknown_steps else ""),
            f"{each.gigabytes:.3f}",
        )
        for each in found
    ]
    print_rows(["month", "tables made", "of which missing", "stale", "minutes, as in past runs", "GB"], rows, "table")
    minutes = sum(each.minutes for each in found)
    out.print(f"In all about {minutes:.0f} minutes. Nothing was made. Why a table is stale: bmyshop-profiles status")


def _summary(settings: Settings, warnings: list[str]) -> None:
    from bmyshop_profiles.questions.queries import ingestion_summary

    out.print()
    for line in ingestion_summary(settings):
        out.print(line)
    if warnings:
        out.print()
    for line in warnings:
        out.print(escape(line), soft_wrap=True)
