"""Is a typology called natural where there are no clusters, and where there are? Worlds straight from the simulator's files.

Belongs here: simulated people as behaviour without the tables of a network (so that twenty worlds take minutes), and the verdicts. Does not
belong here: the model without clusters (`typology/natural.py`).
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.real_people import DATA, SMOKE, SMOKE_DATA, load
from benchmarks.simulation.worlds import simulated_lines
from benchmarks.typology.rivals import counts_of
from bmyshop_profiles.simulation import Parameters, simulate
from bmyshop_profiles.statistics.intervals import rows_drawn
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.worth.natural import Natural, natural

LEAST_RECEIPTS = 4
MOST_PEOPLE = 1500
WORLDS, MOST_NATURAL = 20, 1
PEOPLE, MONTHS, DRAWS = 800, 4, 19
FIRST_SEED = 100  # worlds of other seeds served to build the model without clusters


def simulated_people(parameters: Parameters, *, people: int, months: int, seed: int) -> tuple[Behaviour, Behaviour, csr_matrix]:
    """Behaviour of simulated people in two halves, receipts by rank, and what is bought in each shop in the first."""
    with tempfile.TemporaryDirectory() as directory:
        own = replace(parameters, flavours=("caisse_a",), defects=0.0)
        simulate(
            Path(directory), seed=seed, members=people, anonymous_shoppers=0, months=months, lines=people * months * 25, parameters=own
        )
        lines = simulated_lines(Path(directory))
    receipts = lines.drop_duplicates("receipt").sort_values(["person", "sold", "receipt"], ignore_index=True)
    receipts = receipts[receipts.groupby("person").person.transform("size") >= LEAST_RECEIPTS].reset_index(drop=True)
    half, person = receipts.groupby("person").cumcount().to_numpy() % 2, pd.factorize(receipts.person)[0]
    shop, row = pd.factorize(receipts.shop, sort=True)[0], pd.Index(receipts.receipt).get_indexer(pd.Index(lines.receipt))
    lines, row = lines[row >= 0], row[row >= 0]
    item = pd.factorize(lines.article, sort=True)[0]
    shape, shops = (int(person.max()) + 1, int(item.max()) + 1), int(shop.max()) + 1
    halves = [
        behaviour(counts_of(person[row], item, half[row] == part, shape), visits=counts_of(person, shop, half == part, (shape[0], shops)))
        for part in (0, 1)
    ]
    return halves[0], halves[1], counts_of(shop[row], item, half[row] == 0, (shops, shape[1]))


def told(found: Natural) -> dict:
    """Figures of a verdict."""
    return {
        "gain": found.gain,
        "null": [float(found.null.min()), float(found.null.mean()), float(found.null.max())],
        "ratio": found.gain / float(found.null.mean()),
        "below": found.below,
        "people": found.people,
        "verdict": found.verdict,
    }


def show(what: str, found: Natural) -> dict:
    row = told(found)
    null = ", ".join(f"{value:.4f}" for value in row["null"])
    print(
        f"{what:32s} gain {found.gain:.4f}, without clusters {null} (least, mean, most): {row['ratio']:.2f} times, {found.verdict}",
        flush=True,
    )
    return row


def verdicts(parameters: Parameters, name: str, *, worlds: int, options: argparse.Namespace) -> list[dict]:
    """One verdict per seed."""
    found, people = [], min(PEOPLE, options.members)
    typology = Typology
    for seed in range(FIRST_SEED, FIRST_SEED + worlds):
        first, second, sold = simulated_people(parameters, people=people, months=min(MONTHS, *options.months), seed=seed)
        draws = options.draws
        found.append(show(f"{name}, seed {seed}", natural(first, second, typology=typology, store_items=sold, draws=draws, seed=seed)))
    return found


def real_verdicts(options: argparse.Namespace) -> dict[str, dict]:
    """Verdicts on the real sets that are there; items alone, their shops are countries or sell the same."""
    found = {}
    typology, size = Typology, {"people": SMOKE["people"], "items": SMOKE["items"]} if options.smoke else {}
    for name in SMOKE_DATA if options.smoke else DATA:
        try:
            halves = [behaviour(half) for half in load(name, **size).half_counts]
        except report.DataAbsent as absent:
            print(f"{name}: skipped, {absent}")
            continue
        rows = rows_drawn(halves[0].members, most=MOST_PEOPLE, seed=0)
        found[name] = show(name, natural(halves[0][rows], halves[1][rows], typology=typology, draws=options.draws))
    return found


def continuum(options: argparse.Namespace) -> tuple[dict, dict]:
    """Figures and the bar: natural is said in at most one of twenty worlds without clusters, and is said where personas are separable."""
    without = verdicts(Parameters(world="continuum"), "continuum", worlds=options.continua, options=options)
    figures = {"continuum": without}
    said = sum(row["verdict"] == "natural" for row in without)
    bars = {"continuum: called natural": report.at_most(said, MOST_NATURAL * options.continua / WORLDS)}
    for name, overlap in (("personas, overlap 0.3", 0.3), ("personas, default", Parameters().overlap)):
        figures[name] = verdicts(Parameters(overlap=overlap), name, worlds=max(1, options.continua // 5), options=options)
    return figures | real_verdicts(options), bars
