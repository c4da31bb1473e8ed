"""What the study is made of: tables of the lake with their months and content hashes, and kept results of benchmarks.

Belongs here: reading, and saying where a figure comes from. Does not belong here: what figures say.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bmyshop_profiles.engine.catalogue import digest, load_catalogue, question
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.engine.session import open_session
from bmyshop_profiles.engine.shipped import shipped
from bmyshop_profiles.months import missions_since, months_between
from bmyshop_profiles.questions.histories import known_profiles
from bmyshop_profiles.reports.seen import missions_in_use
from bmyshop_profiles.reports.words import MONTHS, month_name
from bmyshop_profiles.settings import Settings

# read whole, of the month; none has a row per person, receipt or shop
OF_MONTH = (
    *("audience_quality", "forecast_quality", "group_grades", "mission_quality", "profile_cards", "profile_quality", "profiles"),
    *("projection_quality", "synthetic_variables", "typology_drift", "typology_numbers", "typology_quality", "variable_value"),
)
# question of sql/questions → tables that it reads, over how many months
ASKED = {
    "what_was_read": (("file_ledger", "staged_file_ledger"), "history"),
    "who_was_seen": (("receipts",), "history"),
    "network_seen": (("seen_audience",), "month"),
    "network_mix": (("store_audience",), "month"),
}
RESULTS = (
    *("audience.real_places", "enrichment.candidates", "enrichment.twins", "enrichment.value", "media.forecast", "media.plan"),
    *("missions.missions", "platform.backfill", "typology.sold", "projection.age", "projection.ceiling", "projection.receipts"),
)
SHORT = 8  # last digits of a content hash, which are shown


@dataclass(frozen=True)
class Network:
    """A month of a lake. frames: by table or question; profiles: of the month, under the names that stay. hashes: (table, month) → hash."""

    months: list[str]
    frames: Mapping[str, pd.DataFrame]
    hashes: Mapping[tuple[str, str], str]

    @property
    def month(self) -> str:
        """The month that is told of: the last one."""
        return self.months[-1]

    def source(self, *tables: str, history: bool = False) -> str:
        """Source : `receipts`, avril 2025, empreinte 1a2b3c4d."""
        told = []
        for table in tables:
            kept = {month: value for (name, month), value in sorted(self.hashes.items()) if name == table}
            months = [month for month in kept if month in self.months]
            months = months if history else ([self.month] if self.month in months else months[:1])
            hashes = [kept[month] for month in months] or list(kept.values())
            when = f", {span_of(months)}" if months else ""
            mark = hashes[0] if len(hashes) == 1 else digest(*hashes)
            told.append(f"`{table}`{when}, empreinte {mark[-SHORT:]}" if hashes else f"`{table}`, absente")
        return f"Source : {' ; '.join(told)}."


@dataclass(frozen=True)
class Kept:
    """What a benchmark measured, with the command and the date behind it."""

    command: str
    date: str
    commit: str
    figures: Mapping[str, Any]
    bars: Mapping[str, Mapping[str, Any]]

    @property
    def source(self) -> str:
        """Source : `python -m benchmarks…`, 28 novembre 2026, révision d45b813."""
        year, month, day = self.date.split("-")
        when = f"{'1er' if day == '01' else int(day)} {MONTHS[int(month) - 1]} {year}"
        revision, _, dirty = self.commit.partition("-")
        return f"Source : `{self.command}`, {when}, révision {revision}{' modifiée' if dirty else ''}."


def span_of(months: list[str]) -> str:
    """avril 2025, or: de janvier 2025 à avril 2025."""
    return month_name(months[0]) if len(months) == 1 else f"de {month_name(months[0])} à {month_name(months[-1])}"


def read_network(settings: Settings, month: str | None) -> Network:
    """A month of the lake, the last one by default, and what the months before it hold.

    Raises:
        BmyshopError: no month has been made, or not this one.
    """
    lake, catalogue = Lake(settings.lake_dir), load_catalogue()
    made = [each.removeprefix("month=") for each in lake.partitions(TableName("features", "receipts"))]
    if not made:
        raise BmyshopError(
            f"{settings.data_dir}: no month has been made yet, so there is nothing to study; bmyshop-profiles run makes some"
        )
    if month is not None and month not in made:
        raise BmyshopError(f"{month} has not been made in {settings.data_dir}; made are {', '.join(made)}")
    months = [each for each in made if each <= (month or made[-1])]
    windows = {
        **dict.fromkeys(OF_MONTH, months[-1:]),
        **{table: months if over == "history" else months[-1:] for tables, over in ASKED.values() for table in tables},
        "mission_profiles": months_between(missions_since(months[-1]), months[-1]),
    }
    always = ("product_taxonomy", "staged_file_ledger")
    wanted = [(name, partition_of(each)) for name, own in windows.items() if name not in always for each in own]
    wanted += [(name, partition_of(None)) for name in always]
    names = {name: TableName(catalogue[name].room, name) for name in (*windows, *always)}
    with (
        lake.snapshot([(names[name], partition) for name, partition in wanted]) as snapshot,
        open_session(memory_limit=settings.memory_limit, threads=settings.threads, spill=settings.spill_dir) as session,
    ):
        session.attach(catalogue, snapshot, list(names))
        frames = {name: session.whole(name) for name in (*OF_MONTH, "mission_profiles", "product_taxonomy")}
        for name in ASKED:
            asked = question(name)
            frames[name] = session.frame(asked.sql, path=asked.path)
        hashes = {
            (table.name, partition.removeprefix("month=")): version.content_hash
            for (table, partition), version in snapshot.versions.items()
            if version and not (table.name == "mission_profiles" and not version.rows)
        }
    profiles = known_profiles(settings)
    frames["profiles"] = profiles[profiles.month == months[-1]].reset_index(drop=True)
    frames["mission_profiles"] = missions_in_use(frames, months[-1])
    frames["product_taxonomy"] = frames["product_taxonomy"].drop_duplicates("category")
    return Network(months, frames, hashes)


def read_results(directory: Path | None = None) -> dict[str, Kept]:
    """Kept results by benchmark. directory: by default `benchmarks/results/` of the checkout, or its copy inside an installed wheel.

    Raises:
        BmyshopError: one is missing or not to be read; it is named.
    """
    directory = directory or shipped("_results", "benchmarks/results")
    found = {}
    for name in RESULTS:
        path = directory / f"{name}.json"
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            found[name] = Kept(**{key: told[key] for key in ("command", "date", "commit", "figures", "bars")})
        except (OSError, ValueError, KeyError):
            raise BmyshopError(f"{path}: the kept result of a benchmark is missing or broken; install the package again") from None
    return found
