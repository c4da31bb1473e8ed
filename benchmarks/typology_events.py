"""Are lives of profiles told? A persona born, one vanished, one split, in twelve months, typologies of three.

`python -m benchmarks.typology_events [--members 3000]`. An event is named when `profile_events` tells one of its kind, of a profile whose
members are mostly of that persona, within three months. All other births, ends, splits and merges are false.
"""

import argparse
import json
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks.simulated_members import run_network
from bmyshop_profiles.months import month_plus
from bmyshop_profiles.orchestration.queries import views
from bmyshop_profiles.privacy.pseudonyms import load_key, pseudonym
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Event, Parameters
from bmyshop_profiles.simulation.personas import PERSONAS
from bmyshop_profiles.typology.continuity import profile_events, profile_lives

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=3000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rate", type=int, default=60, help="lines per member and month, those of the anonymous included")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    parameters, events = planted()
    with tempfile.TemporaryDirectory() as name:
        settings = run_network(
            Path(name),
            months=options.months,
            parameters=parameters,
            tables=("cluster_matches",),
            members=options.members,
            lines=options.members * options.months * options.rate,
            typology_months=3,
            most_profiles=16,
        )
        with views(settings) as session:
            matches = session.frame("from cluster_matches order by all")
            labels = session.frame(
                "select month, member_key, profile_key from member_clusters where part = 'whole' and state = 'in_profile' order by all"
            )
        persona = personas_by_month(settings, labels)
    lives = profile_lives(matches, labels[["month", "profile_key"]].drop_duplicates())
    told = profile_events(matches, lives)
    labels = labels.assign(persona=persona).merge(lives, on=["month", "profile_key"])
    mostly = labels.groupby("profile_id").persona.agg(lambda own: own.mode().iloc[0])
    told["persona"] = told.profile_id.map(mostly)
    print(told.to_string())
    named, used = {}, set()
    for kind, month, number in events:
        until = month_plus(month, WITHIN)
        own = told[(told.event == kind) & (told.month >= month) & (told.month <= until) & (told.persona == number)]
        named[f"{kind} {month}"] = bool(len(own))
        used |= set(own.index[:1])
    false = len(told) - len(used)
    ids = lives.groupby("month").profile_id.apply(set)
    kept = len(ids.iloc[0] & ids.iloc[-1]) / max(len(ids.iloc[0]), 1)
    bars = {
        "events named": {"value": sum(named.values()), "target": len(events), "met": all(named.values())},
        "false events": {"value": false, "target": MOST_FALSE, "met": false <= MOST_FALSE},
    }
    print(pd.DataFrame(bars).T.to_string())
    print(
        json.dumps(
            {"figures": {"named": named, "ids_of_the_first_month_still_there": kept, "told": len(told)}, "bars": bars}, default=float
        )
    )


if __name__ == "__main__":
    main()
