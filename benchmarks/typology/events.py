"""Are lives of profiles told? A persona born, one vanished, one split, in twelve months, typologies of three; and months in which nothing
happens.

`python -m benchmarks.typology.events [--seeds 7 8] [--quiet 5]`. An event is named when `profile_events` tells one of its kind, of a
profile whose members are mostly of that persona, within three months. All other births, ends, splits and mergers are false, those of the
networks without events (`--quiet`) too. The rule was made on seeds 0 to 3, and on 4 without events, and mended once on 6; reported are
others. A profile_id is constant where, of the profiles mostly made of a persona that nothing happens to, one bears the same id in all
months in which there are any.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.helpers import report
from benchmarks.helpers.simulated_members import run_network
from bmyshop_profiles.months import month_plus
from bmyshop_profiles.privacy.pseudonyms import load_key, pseudonym
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Event, Parameters
from bmyshop_profiles.simulation.personas import PERSONAS
from bmyshop_profiles.typology.lives.continuity import profile_events, profile_lives

WITHIN, MOST_FALSE = 3, 1


def planted() -> tuple[Parameters, list[tuple[str, str, int]]]:
    """Parameters, and (kind, month, number of the persona) of each event. The new personas have the tastes of two that exist, exchanged."""
    tastes = [persona.taste for persona in PERSONAS]
    born = replace(PERSONAS[0], name="né en cours", taste=tastes[-1], hours=PERSONAS[1].hours, share=0.0)
    half = replace(PERSONAS[1], name="moitié", taste=tastes[2], share=0.0)
    vanished = PERSONAS[3].name
    parameters = replace(
        Parameters().with_latent(born, half),
        overlap=0.3,
        events=(
            Event("2025-05", None, born.name, 0.15),
            Event("2025-07", vanished, None, 1.0),
            Event("2025-09", PERSONAS[1].name, half.name, 0.5),
        ),
    )
    count = len(PERSONAS)
    return parameters, [("appears", "2025-05", count + 1), ("vanishes", "2025-07", 4), ("splits", "2025-09", 2)]


def personas_by_month(settings: Settings, labels: pd.DataFrame) -> pd.Series:
    """Number of the true persona of each member at the end of each month, 0 for none. labels: month, member_key."""
    truth, key = settings.data_dir / "simulated" / "truth", load_key(settings.vault_dir)
    shoppers = pd.read_parquet(truth / "shoppers", columns=["shopper", "member", "persona"]).dropna(subset="member")
    shoppers.index = [pseudonym(key, "member", raw) for raw in shoppers.member]
    moves = pd.read_parquet(truth / "switches.parquet").sort_values("from_date")
    found = pd.Series(0, index=labels.index)
    for month, own in labels.groupby("month"):
        now = moves[moves.from_date < pd.Timestamp(month_plus(str(month), 1))].drop_duplicates("shopper", keep="last")
        moved = shoppers.shopper.map(now.set_index("shopper").persona).astype(float)
        current = moved.fillna(shoppers.persona.astype(float)).fillna(0).astype(int)
        found[own.index] = current.reindex(own.member_key).fillna(0).to_numpy()
    return found


def lived(directory: Path, options: argparse.Namespace, parameters: Parameters, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events told, and members by month and profile_id with their true persona, of one network."""
    settings = run_network(
        directory,
        months=options.months,
        parameters=parameters,
        tables=("cluster_matches", "profile_changes"),
        members=options.members,
        lines=options.members * options.months * options.rate,
        seed=seed,
        typology_months=3,
        most_profiles=16,
    )
    with views(settings) as session:
        matches, changes = session.frame("from cluster_matches order by all"), session.frame("from profile_changes order by all")
        labels = session.frame(
            "select month, member_key, profile_key from member_clusters where part = 'whole' and state = 'in_profile' order by all"
        )
    lives = profile_lives(matches, labels[["month", "profile_key"]].drop_duplicates())
    labels["persona"] = personas_by_month(settings, labels)
    return profile_events(changes, lives), labels.merge(lives, on=["month", "profile_key"])


def named_events(told: pd.DataFrame, events: list[tuple[str, str, int]]) -> tuple[dict[str, bool], int]:
    """Which planted events are named, and how many of those told are false. told: with persona."""
    named, used = {}, set()
    for kind, month, number in events:
        until = month_plus(month, WITHIN)
        own = told[(told.event == kind) & (told.month >= month) & (told.month <= until) & (told.persona == number)]
        named[f"{kind} {month}"] = bool(len(own))
        used |= set(own.index[:1])
    return named, len(told) - len(used)


def constancy(labels: pd.DataFrame, untouched: set[int]) -> tuple[float, float]:
    """Share of persona × month in which a profile mostly made of the persona bears its usual id, and in which the largest one does."""
    profiles = labels.groupby(["month", "profile_id"]).persona.agg(persona=lambda own: own.mode().iloc[0], members_count="size")
    profiles = profiles[profiles.persona.isin(untouched)].reset_index()
    usual = profiles.groupby(["persona", "profile_id"]).members_count.sum().groupby("persona").idxmax().map(lambda pair: pair[1])
    profiles["kept"] = profiles.profile_id == profiles.persona.map(usual)
    by_month = profiles.sort_values("members_count", ascending=False).groupby(["persona", "month"]).kept
    return float(by_month.any().mean()), float(by_month.first().mean())


def measure(options: argparse.Namespace) -> report.Measured:
    """One network per seed, with events and without."""
    parameters, events = planted()
    touched = {number for _, _, number in events} | {0}
    figures: dict[str, dict[str, Any]] = {}
    for seed, quiet in [*((seed, False) for seed in options.seeds), *((seed, True) for seed in options.quiet)]:
        with tempfile.TemporaryDirectory() as name:
            told, labels = lived(Path(name), options, replace(parameters, events=()) if quiet else parameters, seed=seed)
        told["persona"] = told.profile_id.map(labels.groupby("profile_id").persona.agg(lambda own: own.mode().iloc[0]))
        named, false = named_events(told, [] if quiet else events)
        kept, largest = constancy(labels, set(range(1, len(PERSONAS) + 1)) - ({0} if quiet else touched))
        title = f"seed {seed}" + (", nothing happens" if quiet else "")
        figures[title] = {
            "named": named,
            "false": false,
            "ids_constant": kept,
            "largest_keeps_id": largest,
            "ids": int(labels.profile_id.nunique()),
            "profiles_by_month": float(labels.groupby("month").profile_id.nunique().mean()),
        }
        print(f"{title}: {figures[title]}\n{told.to_string()}\n", flush=True)
    loud = [found for title, found in figures.items() if "nothing" not in title]
    silent = [found for title, found in figures.items() if "nothing" in title]
    fewest = min((sum(found["named"].values()) for found in loud), default=0)
    most, most_quiet = (max((found["false"] for found in each), default=0) for each in (loud, silent))
    bars = {
        "events named": report.equal(fewest, len(events)),
        "false events": report.at_most(most, MOST_FALSE),
        "false events where nothing happens": report.at_most(most_quiet, MOST_FALSE),
        "profile_id of the others constant": report.equal(min(found["ids_constant"] for found in figures.values()), 1.0),
    }
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--members", type=int, default=3000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rate", type=int, default=60, help="lines per member and month, those of the anonymous included")
    parser.add_argument("--seeds", type=int, nargs="*", default=[7, 8], help="networks with events")
    parser.add_argument("--quiet", type=int, nargs="*", default=[5], help="networks without")
    return report.run(measure, parser, argv, smoke={"members": 100, "months": 2, "rate": 30, "seeds": [7], "quiet": []})


if __name__ == "__main__":
    sys.exit(main())
