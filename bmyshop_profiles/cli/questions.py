"""Verbs that answer: sql, audience, explain, profiles, status, value, explore. Nothing is written."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bmyshop_profiles.cli.common import Format, UsageError, app, month_range, settings_in_use
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.terminal import out, print_rows


@app.command("sql")
def sql_command(
    query: Annotated[str | None, typer.Argument(help="one select; every table is a view, those kept by month with a column month")] = None,
    views: Annotated[bool, typer.Option("--views", help="print the views, for any DuckDB of yours")] = False,
    output: Format = "table",
) -> None:
    """Query the tables, read-only."""
    from bmyshop_profiles.questions.queries import readable, view_statements

    settings = settings_in_use()
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
    weekday: Annotated[int, typer.Option(min=0, max=7, help="1 Monday to 7 Sunday; 0: every day. Of what is seen only")] = 0,
    hour: Annotated[int | None, typer.Option(min=0, max=23, help="of what is seen only, over all weekdays")] = None,
    period: Annotated[Literal["month", "quarter"], typer.Option(help="quarter: three months together. Of what is seen only")] = "month",
    kind: Annotated[Literal["all", "mission", "category", "profile"], typer.Option(help="of groups")] = "all",
    everything: Annotated[bool, typer.Option("--all", help="also what is not to be sold")] = False,
    output: Format = "table",
) -> None:
    """Who comes to a shop at a moment, and what for, with intervals, affinity indexes and grades.

    First what is seen on receipts (missions, categories), then what is inferred (profiles). Profiles that may not be sold are one row,
    so that the shares add up; --all shows each of them.
    """
    from bmyshop_profiles.questions import histories
    from bmyshop_profiles.questions.queries import Cell

    month_range(month)
    if hour is not None and weekday:
        raise UsageError("hours are over all weekdays: leave out --weekday or --hour")
    cell = Cell(store, daypart, weekday, -1 if hour is None else hour, period)
    names, rows = histories.audience(settings_in_use(), month, cell, kind=kind, everything=everything)
    if output != "table":
        print_rows(names, rows, output)
        return
    from bmyshop_profiles.questions.published import GRADES
    from bmyshop_profiles.reports import words

    told = [dict(zip(names, values, strict=True)) for values in rows]
    when = f"{words.WEEKDAYS[weekday - 1] if weekday else ''} {words.DAYPARTS[daypart] if hour is None else f'{hour} h'}".strip()
    first, months = told[0], month if period == "month" else f"three months to {month}"
    out.print(f"{store}, {when}, {months}: {first['receipts_count']} receipts, about {words.number(first['people'])} people")
    shown = [
        (
            row["kind"],
            row["name"],
            words.percent(row["share"], 1),
            words.interval(row["low_share"], row["high_share"], 1) if row["low_share"] is not None else "",
            words.number(row["affinity_index"]) if row["affinity_index"] is not None else "",
            GRADES[row["grade"]],
        )
        for row in told
    ]
    print_rows(["kind", "group", "share of visits", "90 % interval", "affinity index", "grade"], shown, output)


@app.command()
def explain(
    receipt: Annotated[str, typer.Argument(help="key of a receipt, as in the table receipts")],
    month: Annotated[str | None, typer.Option(help="its month, 2025-01; without it all months are searched")] = None,
    output: Format = "table",
) -> None:
    """Which items of a receipt moved its posterior, and by how much: nats, against the mean of the profiles."""
    from bmyshop_profiles.questions import histories

    if month is not None:
        month_range(month)
    names, rows = histories.explanation(settings_in_use(), receipt, month)
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
    """Which months of which tables exist, with how many rows, since when, and whether they are stale, and why."""
    from bmyshop_profiles.engine.catalogue import load_catalogue
    from bmyshop_profiles.engine.lake import Lake
    from bmyshop_profiles.orchestration.freshness import Freshness, freshness

    settings, catalogue = settings_in_use(), load_catalogue()
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
        why = "; ".join(dict.fromkeys(item.briefly for item in items if item.briefly))
        summary.append((items[0].table.name, span, rows_count, written, ", ".join(stale), why))
    rooms = list(dict.fromkeys(made.room for made in catalogue.ordered))
    summary.sort(key=lambda row: rooms.index(catalogue[row[0]].room))
    print_rows(["table", "months", "rows", "written (UTC)", "stale", "why"], summary, "table")
    for line in _late(settings):
        out.print(line, soft_wrap=True, markup=False)


def _short(item: Any) -> str:
    return str(item.partition).removeprefix("month=")


def _late(settings: Settings) -> list[str]:
    """Raw files that came or changed after their month was made, one line per month."""
    from bmyshop_profiles.engine.lake import Lake
    from bmyshop_profiles.ingestion.arrivals.late import described, late_files
    from bmyshop_profiles.ingestion.arrivals.seen import seen_files
    from bmyshop_profiles.ingestion.mapping.mapping import load_mapping

    if not settings.sources_file.is_file():
        return []
    late = late_files(Lake(settings.lake_dir), seen_files(load_mapping(settings.sources_file), settings.raw_root))
    lines = []
    for month in sorted({file.month for file in late}):
        again = f"run --months {month}" if month else "run"
        files = described([file for file in late if file.month == month])
        lines.append(f"Late files, {month or 'read once for all months'}: {files}. To read them: bmyshop-profiles {again}")
    return lines


@app.command()
def profiles(
    month: Annotated[str | None, typer.Option(help="2025-04; all months by default")] = None,
    events: Annotated[bool, typer.Option("--events", help="what happened to profiles instead: births, ends, splits, merges")] = False,
    output: Format = "table",
) -> None:
    """The profiles of each month under one stable id, with their names, sizes and verdicts. Names are changed in profile_names.toml."""
    from bmyshop_profiles.questions.histories import profile_histories

    names, rows = profile_histories(settings_in_use(), month=month, events=events)
    print_rows(names, rows, output)


@app.command()
def value(
    variable: Annotated[Path, typer.Argument(help="a question to members, as YAML: docs/methods/enrichment.md says how")],
    month: Annotated[str | None, typer.Option(help="2025-04; default: the last of the history")] = None,
    output: Format = "table",
) -> None:
    """What asking members one more question would be worth: what answers say of purchases, what they change, whether they can be sold."""
    from bmyshop_profiles.questions.values import value_of_file

    settings = settings_in_use()
    month = month_range(month)[0] if month is not None else settings.months()[-1]
    declared, rows, faithful = value_of_file(settings, variable, month)
    if output != "table":
        print_rows(list(rows.columns), [tuple(row) for row in rows.astype(object).where(rows.notna(), None).to_numpy()], output)
        return
    from bmyshop_profiles.reports.asked import asked_content

    told = asked_content(rows, {declared.name: declared.label})[0]
    out.print(f"{declared.label}, {month}", markup=False)
    for sentence in told["sentences"]:
        out.print(sentence, soft_wrap=True, markup=False)
    if told["sold"]:
        names = ["answer", "share of visits", "90 % interval", "a receipt says (nats)", "expected skill", "grade"]
        print_rows(names, [tuple(row.values()) for row in told["sold"]], "table")
    if faithful is not None:
        print_rows(["synthetic answers", "answer", "declared", "drawn"], [tuple(row) for row in faithful.round(3).to_numpy()], "table")


@app.command()
def explore(
    port: Annotated[int, typer.Option(min=0, max=65535, help="of this machine; 0: any that is free")] = 8600,
    month: Annotated[str | None, typer.Option(help="shown first, 2025-04; default: the last")] = None,
) -> None:
    """Look around in the months on a page of this machine: groups, a map, rankings, shops, plans. Read-only; stop it with Ctrl-C."""
    from bmyshop_profiles.explorer.server import serve

    if month is not None:
        month_range(month)
    serve(settings_in_use(), port=port, month=month, told=lambda address: out.print(f"{address} (this machine only; Ctrl-C stops it)"))
