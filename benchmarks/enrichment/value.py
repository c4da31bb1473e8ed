"""Is the value of a variable what was planted? Order, decoys, answers not at random, the smallest value seen, cells with and without it.

    python -m benchmarks.enrichment.value

People of The Complete Journey keep their number of items and their tastes: a person buys by the shares of the first half of the receipts,
drawn towards the profile's, tilted by what the planted answer likes, exp(tilt × normal) by item. What the answer then says of an item given
the profile is known: the mean divergence of the tilted shares from their mean, in nats. Decoys are measured on the people's own receipts:
50 permutations of made answers, and 50 answers that depend on nothing but the number of receipts. Last, a simulated network: the error of
cells with and without the persona (the most that any answer could tell), a synthetic answer, and a decoy, at the true level of the network.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.special import expit
from scipy.stats import kendalltau

from benchmarks.helpers import report
from benchmarks.helpers.real_people import RealPeople, load
from benchmarks.helpers.simulated_members import personas_of, run_network
from bmyshop_profiles.engine.build import Frames
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.enrichment.gain import UNKNOWN, Gain, gain_of, neighbours, permuted
from bmyshop_profiles.enrichment.sold import cells_of, known_of, soft_labels
from bmyshop_profiles.enrichment.synthesis import draw
from bmyshop_profiles.enrichment.value import Material, material_of
from bmyshop_profiles.enrichment.variables import catalogue
from bmyshop_profiles.evaluation.truth import true_mix
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.simulation import Parameters
from bmyshop_profiles.statistics.intervals import rows_drawn
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals, shrunk_shares
from bmyshop_profiles.typology.model.fit import Typology

SHAPES = {"two answers": (0.5, 0.5), "four, uneven": (0.4, 0.3, 0.2, 0.1), "six": (1 / 6,) * 6}
TILTS = (0.05, 0.1, 0.2, 0.3)  # real answers of these people, from receipts: as .03 to .1
OWN = 100.0  # items of the profile that a person's taste is drawn towards
ORDER, DECOYS_SEEN, COVERAGE = 0.8, 9, 0.85


@dataclass(frozen=True)
class People:
    """bought: (people × items) of the second half, labels: (people,) from the first, receipts: (people,) of the second. taste: (people ×
    items) shares, sizes: (people,) items bought."""

    bought: csr_matrix
    labels: np.ndarray
    receipts: np.ndarray
    taste: np.ndarray
    sizes: np.ndarray


def people_of(data: RealPeople, *, most: int) -> People:
    """An even sample of the people, under a typology of all."""
    first, second = data.half_counts
    found = Typology(most_profiles=8).fit(first).labels_
    labels = np.where(found >= 0, found, found.max() + 1)
    receipts = np.bincount(data.owner[data.half == 1], minlength=first.shape[0])
    rows = rows_drawn(first.shape[0], most=most, seed=0)
    return tasteful(first[rows], second[rows], np.unique(labels[rows], return_inverse=True)[1], receipts[rows])


def tasteful(first: csr_matrix, second: csr_matrix, labels: np.ndarray, receipts: np.ndarray) -> People:
    """People with their tastes, read from their first halves."""
    totals = group_totals(first, labels, groups=int(labels.max()) + 1)
    shares = shrunk_shares(totals, target=everybody_shares(first), strength=1000)
    taste = np.asarray(first.todense()) + OWN * shares[labels]
    return People(second, labels, receipts, taste / taste.sum(1, keepdims=True), np.asarray(second.sum(1)).ravel().astype(int))


@dataclass(frozen=True)
class World:
    """A planted answer: bought: (people × items), answers: (people,), information: nats per item that it tells given the profile."""

    bought: csr_matrix
    answers: np.ndarray
    information: float


def plant(people: People, shares: Sequence[float], tilt: float, *, seed: int) -> World:
    """Receipts drawn anew, tilted by an answer drawn independently of the person: what it likes is drawn too."""
    rng = np.random.default_rng(seed)
    return tilted_world(people, shares, np.exp(tilt * rng.standard_normal((len(shares), people.taste.shape[1]))), rng)


def tilted_world(people: People, shares: Sequence[float], likes: np.ndarray, rng: np.random.Generator) -> World:
    """The same, of given likes (answers × items): factors on the shares of a person's taste."""
    answers = rng.choice(len(shares), len(people.labels), p=np.array(shares) / sum(shares))
    own = people.taste * likes[answers]
    own /= own.sum(1, keepdims=True)
    bought = np.array([rng.multinomial(size, each) for size, each in zip(people.sizes, own, strict=True)], dtype=float)
    return World(csr_matrix(bought), answers, planted_information(people, shares, likes))


def planted_information(people: People, shares: Sequence[float], likes: np.ndarray) -> float:
    """Nats per item that an answer of such likes tells given the profile."""
    codes, groups = len(shares), int(people.labels.max()) + 1
    mixes = np.zeros((codes, groups, people.taste.shape[1]))
    for code in range(codes):
        tilted = people.taste * likes[code]
        np.add.at(mixes[code], people.labels, people.sizes[:, None] * tilted / tilted.sum(1, keepdims=True))
    weight = mixes[0].sum(1) / mixes[0].sum()
    mixes /= np.maximum(mixes.sum(2, keepdims=True), 1e-12)
    mean = np.einsum("c,cki->ki", shares, mixes)
    divergence = (mixes * np.log(np.maximum(mixes, 1e-12) / np.maximum(mean, 1e-12))).sum(2)
    return float(np.array(shares) @ divergence @ weight)


def order(people: People, options: argparse.Namespace) -> tuple[list[dict], list[float]]:
    """Every shape and tilt, in so many worlds: planted information, value found, and Kendall's tau within each world."""
    rows, taus = [], []
    for world in range(options.worlds):
        own = []
        for number, (shape, shares) in enumerate(SHAPES.items()):
            for tilt in TILTS:
                made = plant(people, shares, tilt, seed=1000 * world + 10 * number + round(100 * tilt))
                found = gain_of(made.bought, people.labels, made.answers, people.receipts, permutations=options.permutations, seed=world)
                own.append(
                    {
                        "answers": shape,
                        "tilt": tilt,
                        "planted": made.information,
                        "value": found.value.value,
                        "low": found.value.low,
                        "high": found.value.high,
                        "smallest": found.smallest,
                        "seen": found.is_seen,
                    }
                )
        taus.append(float(kendalltau([row["planted"] for row in own], [row["value"] for row in own]).statistic))
        rows += own
    return rows, taus


def decoys(people: People, options: argparse.Namespace) -> dict[str, int]:
    """How many of the permutations, and of the answers that follow the number of receipts only, are found worth something."""
    rng, shapes, half = np.random.default_rng(5), list(SHAPES.values()), options.decoys // 2
    block, seen = neighbours(people.labels, people.receipts), {"permuted": 0, "number of receipts": 0}
    frequent = np.log1p(people.receipts)
    for number in range(half):
        shares = np.array(shapes[number % len(shapes)])
        made = rng.choice(len(shares), len(people.labels), p=shares / shares.sum())
        shuffled = permuted(made, block, draws=1, seed=number)[0]
        seen["permuted"] += _seen(people, shuffled, options, seed=number)
        score = frequent + frequent.std() * rng.standard_normal(len(frequent))
        following = np.searchsorted(np.quantile(score, np.cumsum(shares)[:-1]), score)
        seen["number of receipts"] += _seen(people, following, options, seed=number)
    return seen


def _seen(people: People, answers: np.ndarray, options: argparse.Namespace, *, seed: int) -> bool:
    return gain_of(people.bought, people.labels, answers, people.receipts, permutations=options.permutations, seed=seed).is_seen


def not_at_random(people: People, options: argparse.Namespace) -> list[dict]:
    """Planted answers of which 60 % are given: at random, or more by those who come often and by those of the last answers."""
    rng, rows = np.random.default_rng(9), []
    often = (np.log1p(people.receipts) - np.log1p(people.receipts).mean()) / np.log1p(people.receipts).std()
    for draw_number in range(options.answerings):
        shares = list(SHAPES.values())[draw_number % len(SHAPES)]
        tilt = TILTS[1 + draw_number % 2]
        made = plant(people, shares, tilt, seed=50_000 + draw_number)
        rank = made.answers / (len(shares) - 1) - 0.5
        for kind, score in (("at random", 0 * often), ("not at random", 0.7 * often + 1.4 * rank)):
            level = np.log(0.6 / 0.4)
            given = np.where(rng.random(len(often)) < expit(score + level), made.answers, UNKNOWN)
            found: Gain = gain_of(made.bought, people.labels, given, people.receipts, permutations=options.permutations, seed=draw_number)
            inside = found.value.low <= made.information <= found.value.high
            rows.append({"kind": kind, "planted": made.information, "value": found.value.value, "inside": bool(inside)})
    return rows


def power(people: People, smallest: float, options: argparse.Namespace) -> dict[str, float]:
    """How often a planted value is found that is as small as the smallest said to be seen, of four answers."""
    shares = SHAPES["four, uneven"]
    low, high = 0.0, 0.5
    for _ in range(12):  # the tilt whose information it is
        tilt = (low + high) / 2
        low, high = (tilt, high) if plant(people, shares, tilt, seed=70_000).information < smallest else (low, tilt)
    worlds = [plant(people, shares, tilt, seed=70_000 + number) for number in range(options.answerings)]
    found = [
        gain_of(each.bought, people.labels, each.answers, people.receipts, permutations=options.permutations, seed=number).is_seen
        for number, each in enumerate(worlds)
    ]
    return {"planted": float(np.mean([each.information for each in worlds])), "found": float(np.mean(found))}


def simulated(options: argparse.Namespace) -> list[dict]:
    """Cells of a simulated network with and without an answer: slope, what is said to be known, error against the truth."""
    tables = ("variable_value", "store_audience")
    with tempfile.TemporaryDirectory() as name:
        settings = run_network(
            Path(name), months=options.months, parameters=Parameters(), tables=tables, members=options.members, lines=options.lines,
            stores=24, anonymous=5 * options.members, quality_folds=2, natural_draws=0, gate_draws=2,
            topic_receipts=options.topic_receipts,
        )  # fmt: skip
        month, months = settings.months()[-1], settings.months()
        table = load_catalogue()["variable_value"]
        with views(settings, months=[month], windows={"member_visit_months": months}) as session:
            frames = dict(Frames(session, table, load_catalogue(), {}))
        truth = settings.data_dir / "simulated" / "truth"
        with views(settings, beside=truth) as session:
            true = true_mix(session, truth, month)
        material = material_of(frames)
        if material is None:
            return []
        personas = personas_of(settings, material.members.keys)
    rng = np.random.default_rng(3)
    answered = rng.random(len(personas)) < 0.6
    children = next(each for each in catalogue() if each.name == "children")
    tried = {
        "none": np.full(len(personas), UNKNOWN),
        "persona, all answer": personas,
        "persona, 60 % answer": np.where(answered, personas, UNKNOWN),
        "children of the catalogue, three times as strong": draw(children.stronger(3), material.drivers).answers,
        "decoy of five answers": rng.integers(5, size=len(personas)),
    }
    return [{"answer": name, **_cells(material, answers, true)} for name, answers in tried.items()]


def _cells(material: Material, answers: np.ndarray, true: pd.DataFrame) -> dict:
    labels = soft_labels(material.label, material.other, answers, groups=len(material.groups), codes=int(max(answers.max(), 0)) + 1)
    cells = cells_of(material.places, labels.with_answer, material.means, material.noise)
    known = known_of(cells)
    if known is None:
        return {}
    wide = true.pivot_table(index=["store_key", "daypart"], columns="group_name", values="true_share", aggfunc="sum")
    network = wide.loc[("all", "all")].reindex(material.groups).fillna(0.0).to_numpy()
    mix = known.mix * (network / np.maximum(cells.members_mix, 1e-6))
    mix /= mix.sum(1, keepdims=True)
    truth = wide.reindex(columns=material.groups).reindex(material.index).fillna(0.0).to_numpy()
    there = (truth.sum(1) > 0) & (cells.receipts >= 20)
    error, base = ((mix - truth)[there] ** 2).sum(), ((network - truth)[there] ** 2).sum()
    return {
        "labels changed": labels.changed.value,
        "label loss": labels.loss,
        "slope": known.slope,
        "expected skill": known.skill,
        "skill": float(1 - error / base),
        "cells": int(there.sum()),
    }


def measure(options: argparse.Namespace) -> report.Measured:
    """Everything."""
    data = load(options.data, people=options.people, items=options.items)
    people = people_of(data, most=options.asked)
    rows, taus = order(people, options)
    planted = pd.DataFrame(rows)
    report.show(
        planted.groupby(["answers", "tilt"], sort=False)[["planted", "value", "smallest", "seen"]].mean().reset_index().to_dict("records"),
        title=f"planted and found, nats per item, mean over {options.worlds} worlds of {len(people.labels)} people",
    )
    covered = float(((planted.low <= planted.planted) & (planted.planted <= planted.high)).mean())
    slope = float((planted.value @ planted.planted) / (planted.planted @ planted.planted))
    false = decoys(people, options)
    answering = pd.DataFrame(not_at_random(people, options))
    inside = answering.groupby("kind").inside.mean().to_dict()
    found = power(people, float(planted.smallest.median()), options)
    report.show([{"decoys found worth something, of " + str(options.decoys): sum(false.values()), **false}])
    report.show([{"answers given": kind, "value in its interval": share} for kind, share in inside.items()])
    report.show([{"smallest value said to be seen": found["planted"], "found in": found["found"]}])
    cells = simulated(options)
    report.show(cells, title="cells of a simulated network, at the true level")
    figures = {
        "people": len(people.labels),
        "planted": rows,
        "kendall_by_world": taus,
        "slope": slope,
        "coverage": covered,
        "decoys": false,
        "answering": inside,
        "power": found,
        "cells": cells,
    }
    bars = {
        "order of 12 planted values: Kendall, mean over worlds": report.at_least(float(np.mean(taus)), ORDER),
        f"decoys found worth something, of {options.decoys}": report.at_most(sum(false.values()), DECOYS_SEEN),
        "answers not at random: value in its interval": report.at_least(inside["not at random"], COVERAGE),
    }
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--data", default="complete_journey", choices=["complete_journey", "online_retail"])
    parser.add_argument("--people", type=int, help="of the data set, evenly drawn; default: all")
    parser.add_argument("--items", type=int, help="those most bought; default: all")
    parser.add_argument("--asked", type=int, default=800, help="people who are asked")
    parser.add_argument("--worlds", type=int, default=5)
    parser.add_argument("--permutations", type=int, default=39)
    parser.add_argument("--decoys", type=int, default=100)
    parser.add_argument("--answerings", type=int, default=60)
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--months", type=int, default=2)
    parser.add_argument("--topic-receipts", type=int, default=20_000, help="that topics are learnt from")
    smoke = {"data": "online_retail", "people": 300, "items": 100, "asked": 150, "worlds": 1, "permutations": 9, "decoys": 4,
             "answerings": 3, "lines": 12_000, "members": 300, "months": 1, "topic_receipts": 200}  # fmt: skip
    return report.run(measure, parser, argv, smoke=smoke)


if __name__ == "__main__":
    sys.exit(main())
