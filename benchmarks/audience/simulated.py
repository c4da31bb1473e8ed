"""Audiences on simulated networks, judged by the simulator's truth: are they nearer to it than the network's true mix everywhere?

    python -m benchmarks.audience.simulated

Worlds: the default at several seeds, with shopper keys on some receipts and without; shops that do not differ (no clienteles, no tastes
of places, no link of personas and kinds of shop); members who adopt without any bias. The chain is run as people run it, as far as
`store_audience`; the last month is judged.
Skill: 1 − mean squared error ÷ that of the *true* mix of the network in every cell of shop and daypart: harder than against the mix that
we estimate ourselves. Beside the estimate: members' mix everywhere, the mean posterior of the cell.
"""

import argparse
import dataclasses
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.helpers import report
from benchmarks.helpers.simulated_members import run_network
from bmyshop_profiles.evaluation.truth import true_mix
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters

ALIKE, COVERAGE = -0.02, (0.85, 0.95)
# mean skill, least skill, how far the level may be off, part of the skill at the true level
TARGETS = {"default": (0.40, 0.20, 0.015, 0.6), "without shopper keys": (0.15, -np.inf, 0.030, 0.6)}
# strengths that are 0 where shops do not differ, of those that the simulator has
DIFFER = ("clientele_strength", "place_strength", "shop_strength", "zone_strength")
ADOPTION = ("app_age", "app_persona", "app_trait")


def without(*names: str) -> Parameters:
    """The default world with some strengths at 0."""
    known = {field.name for field in dataclasses.fields(Parameters)}
    return dataclasses.replace(Parameters(), **{name: 0.0 for name in names if name in known})


def judged(settings: Settings) -> dict[str, float]:
    """Figures of the last month."""
    month = settings.months()[-1]
    truth = settings.data_dir / "simulated" / "truth"
    with views(settings, months=None, beside=truth) as session:
        told = session.frame("from store_audience where month = $month", {"month": month})
        evidence = session.frame("from store_evidence where month = $month", {"month": month})
        quality = session.frame("from audience_quality where month = $month", {"month": month}).set_index("measure").value
        true = true_mix(session, truth, month)
    keys = ["store_key", "daypart", "group_name"]
    whole = true[(true.store_key == "all") & (true.daypart == "all")].set_index("group_name").true_share
    own = told[(told.store_key == "all") & (told.daypart == "all")].set_index("group_name").mix_share
    cells = told[(told.store_key != "all") & (told.daypart != "all") & told.is_published].merge(true, on=keys, how="left")
    cells = cells.merge(evidence[[*keys, "mean_posterior"]], on=keys, how="left").fillna({"true_share": 0.0})
    network = cells.group_name.map(whole).fillna(0.0)
    base = float(((network - cells.true_share) ** 2).mean())

    def skill(estimate: pd.Series) -> float:
        return 1 - float(((estimate - cells.true_share) ** 2).mean()) / base

    inside = (cells.low_share <= cells.true_share) & (cells.true_share <= cells.high_share)
    outside = np.maximum(cells.low_share - cells.true_share, 0) + np.maximum(cells.true_share - cells.high_share, 0)
    score = float((cells.high_share - cells.low_share + 20 * outside).mean())
    constant = min(
        float((2 * half + 20 * np.maximum(abs(network - cells.true_share) - half, 0)).mean()) for half in np.linspace(0.005, 0.4, 80)
    )
    sold = cells[cells.affinity_low >= 120]
    return {
        "cells": len(cells.drop_duplicates(keys[:2])),
        "spread": float(cells.assign(square=(network - cells.true_share) ** 2).groupby(keys[:2]).square.sum().mean()),
        "skill": skill(cells.mix_share),
        "skill at the true level": skill(cells.mix_share * cells.group_name.map(whole).fillna(0) / cells.group_name.map(own)),
        "estimated network mix": skill(cells.group_name.map(own)),
        "mean posterior": skill(cells.mean_posterior),
        "level off": float(np.sqrt(((own - whole.reindex(own.index).fillna(0)) ** 2).mean())),
        "covers": float(inside.mean()),
        "interval score": score,
        "best constant": constant,
        "slope served": float(quality["served_slope"]),
        "expected skill": float(quality["expected_skill"]),
        "surely 120, below 100": float((sold.true_share < sold.group_name.map(whole).fillna(0)).mean()) if len(sold) else 0.0,
        "surely 120": len(sold),
    }


def bars_of(world: str, rows: list[dict], mean: float, least: float, off: float, part: float) -> dict[str, report.Bar]:
    """What is held of a world over its seeds."""
    own = {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name not in ("world", "seed")}
    bars = {
        "mean skill": report.at_least(own["skill"], mean),
        "level off": report.at_most(own["level off"], off),
        "part of the skill at the true level": report.at_least(own["skill"] / own["skill at the true level"], part),
        "intervals hold, least": report.at_least(own["covers"], COVERAGE[0]),
        "intervals hold, most": report.at_most(own["covers"], COVERAGE[1]),
        "interval score below the best constant's": report.at_most(own["interval score"], own["best constant"]),
        "of what is surely at 120, below 100": report.at_most(own["surely 120, below 100"], 0.1),
    }
    if np.isfinite(least):
        bars["least skill"] = report.at_least(min(row["skill"] for row in rows), least)
    return {f"{world}: {name}": bar for name, bar in bars.items()}


def measure(options: argparse.Namespace) -> report.Measured:
    """All worlds."""
    warnings.filterwarnings("ignore")
    keyless = dataclasses.replace(Parameters(), card_holders=0.0)
    worlds = [(name, seed, world) for seed in range(options.seeds) for name, world in zip(TARGETS, (Parameters(), keyless), strict=True)]
    if options.seeds > 1:
        worlds += [("alike", 0, without(*DIFFER)), ("no bias of members", 0, without(*ADOPTION))]
    rows = []
    for name, seed, parameters in worlds:
        with tempfile.TemporaryDirectory(prefix="audience-") as directory:
            settings = run_network(
                Path(directory), months=options.months, parameters=parameters, tables=("store_audience",), members=options.members,
                lines=options.lines, stores=options.stores, anonymous=10 * options.members, seed=seed,
            )  # fmt: skip
            rows.append({"world": name, "seed": seed, **judged(settings)})
    report.show(rows)
    bars: dict[str, report.Bar] = {}
    for world, targets in TARGETS.items():
        bars |= bars_of(world, [row for row in rows if row["world"] == world], *targets)
    for row in rows:
        if row["world"] == "alike":
            bars["alike: skill"] = report.at_least(row["skill"], ALIKE)
    return {f"{row['world']}, seed {row['seed']}": row for row in rows}, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--members", type=int, default=3000)
    parser.add_argument("--stores", type=int, default=40)
    parser.add_argument("--months", type=int, default=2)
    return report.run(measure, parser, argv, smoke={"seeds": 1, "lines": 16_000, "members": 250, "stores": 4, "months": 1})


if __name__ == "__main__":
    sys.exit(main())
