"""Do real places differ, and does an estimate from members and baskets know how? Nobody planted the differences.

    python -m benchmarks.audience.real_places

Stores of The Complete Journey: five profiles, some people are members, the others are anonymous. Everything is learnt from members;
scored is the mix of the anonymous people's receipts in each store with at least 40 of them, their labels read from the other half of
their receipts. The mix of the whole network of anonymous people is given; then it is estimated. Members are a half of the people, a fifth,
and a fifth that is biased to one profile. Areas of Ta-Feng: the age of buyers; each area in turn is a place of which only baskets are
known, and the people of the other areas teach. Skill: 1 − mean squared error ÷ that of the network's true mix everywhere. Beside the
small-area model: the mean posterior as it is, members alone, the deconvolution of cells.
"""

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.audience import deconvolution
from benchmarks.helpers import report
from benchmarks.helpers.real_people import RealPeople, load
from benchmarks.platform.chain_real import divide, topics_of
from benchmarks.projection.age import ta_feng
from benchmarks.projection.methods import Task, fitted
from bmyshop_profiles.audience.level import Level, fit_response, level_of_others
from bmyshop_profiles.audience.small_area import SURE, Cells, SmallArea, fit_small_area, predict, sampling_noise

LEAST = 40  # anonymous people of a place that is scored
PROFILES = 5
BARS = {"half": 0.42, "fifth": 0.30, "fifth, biased": 0.20}
AREAS_BAR, AREAS_COVERAGE = 0.30, 0.80


@dataclass(frozen=True)
class Told:
    """What is said of places beside what is true: (places × K) shares each, and the interval of the first."""

    true: np.ndarray
    network: np.ndarray
    estimates: dict[str, np.ndarray]
    low: np.ndarray
    high: np.ndarray
    levels: dict[str, float] = field(default_factory=dict)  # see `levels_of`

    def skill(self, name: str) -> float:
        """Against the network's true mix everywhere."""
        return float(1 - ((self.estimates[name] - self.true) ** 2).sum() / ((self.network - self.true) ** 2).sum())

    def interval_score(self, low: np.ndarray, high: np.ndarray, *, level: float = 0.9) -> float:
        """Gneiting, Raftery 2007: width, and a penalty for what lies outside; lower is better."""
        outside = np.maximum(low - self.true, 0) + np.maximum(self.true - high, 0)
        return float((high - low + 2 / (1 - level) * outside).mean())

    def coverage(self) -> float:
        """How often the interval holds what is true."""
        return float(((self.low <= self.true) & (self.true <= self.high)).mean())

    def best_constant(self) -> float:
        """The interval score of the best width around the network's mix, the same for all places."""
        return min(
            self.interval_score(np.clip(self.network - half, 0, 1), np.clip(self.network + half, 0, 1))
            for half in np.linspace(0.005, 0.4, 80)
        )


def visits_by_place(place: np.ndarray, label: np.ndarray, person: np.ndarray, *, places: int, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """(places × groups) visits and (places,) effective number of people."""
    visits = np.zeros((places, groups))
    np.add.at(visits, (place, label), 1)
    pairs, count = np.unique(np.column_stack([place, person]), axis=0, return_counts=True)
    squares = np.bincount(pairs[:, 0], count.astype(float) ** 2, places)
    return visits, np.divide(visits.sum(1) ** 2, squares, out=np.zeros(places), where=squares > 0)


def at_level(mixes: np.ndarray, level: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Members' mixes brought to the level of everybody, rows summing to 1."""
    found = mixes * (level / np.maximum(members, 1e-6))
    return found / found.sum(-1, keepdims=True)


def chosen_members(data: RealPeople, kind: str, *, seed: int) -> np.ndarray:
    """Rows of the people who are members."""
    people = data.half_counts[0].shape[0]
    rng = np.random.default_rng(seed)
    if kind != "fifth, biased":
        return np.sort(rng.permutation(people)[: people // (2 if kind == "half" else 5)])
    # people who buy more of the item that differs most between people are three times as likely to be members
    counts = data.half_counts[0] + data.half_counts[1]
    share = np.asarray(counts.todense()) / np.maximum(np.asarray(counts.sum(1)), 1)
    item = int(share.std(0).argmax())
    weight = np.where(share[:, item] > np.median(share[:, item]), 3.0, 1.0)
    return np.sort(rng.choice(people, people // 5, replace=False, p=weight / weight.sum()))


def stores(data: RealPeople, kind: str, *, seed: int) -> tuple[Told, SmallArea]:
    """The Complete Journey's stores, by one division of the people."""
    members = chosen_members(data, kind, seed=seed)
    made = divide(data, seed=seed, topics=topics_of(data, seed=seed), most_profiles=PROFILES, members=members)
    fit, groups = made.fits["on"], made.groups
    place = pd.factorize(data.receipt_table.store.to_numpy(), sort=True)[0]
    places = place.max() + 1
    own = np.flatnonzero(np.isin(data.owner, made.members) & (data.half == 1) & (made.labels[data.owner] >= 0))
    served, label = made.served["on"], made.labels[data.owner[made.scored]]
    network = np.bincount(label, minlength=groups) / len(label)
    posterior, where = np.vstack([fit.posterior, served]), np.concatenate([place[own], place[made.scored]])
    receipts = np.bincount(where, minlength=places)
    means = np.array([np.bincount(where, column, places) for column in posterior.T]).T / np.maximum(receipts, 1)[:, None]
    visits, people = visits_by_place(place[own], fit.label, fit.member, places=places, groups=groups)
    anonymous, _ = visits_by_place(place[made.scored], label, data.owner[made.scored], places=places, groups=groups)
    pairs = np.unique(np.column_stack([place[made.scored], data.owner[made.scored]]), axis=0)
    scored = np.flatnonzero(np.bincount(pairs[:, 0], minlength=places) >= LEAST)
    seen = receipts > 0
    _, crowd = visits_by_place(
        where, np.zeros(len(where), int), np.concatenate([data.owner[own], data.owner[made.scored]]), places=places, groups=1
    )
    cells = Cells(
        np.arange(seen.sum()), np.zeros(seen.sum(), int), means[seen], visits[seen], people[seen], receipts[seen], crowd[seen],
        sampling_noise(fit.posterior, fit.member, receipts=receipts[seen], people=crowd[seen]), np.zeros(seen.sum()),
    )  # fmt: skip
    model = fit_small_area(cells)
    found = predict(model)
    position = np.searchsorted(np.flatnonzero(seen), scored)
    mixes = at_level(found.mix[position], network, cells.members_mix)
    drawn = at_level(found.draws[:, position], network, cells.members_mix)
    own_mean = np.array([np.bincount(place[made.scored], column, places) for column in served.T]).T[scored]
    own_receipts = anonymous.sum(1)[scored]
    size = {"receipts": own_receipts, "people": np.bincount(pairs[:, 0], minlength=places)[scored].astype(float)}
    response = deconvolution.fit_response(fit.posterior, fit.label, fit.member)
    answers = fit_response(fit.posterior, np.eye(groups)[fit.label], fit.member, place[own].astype(str))
    level = level_of_others(answers, answers.members_mix, served.mean(0))
    direct = cells.direct[position] * (people[scored] > 0)[:, None] + cells.members_mix * (people[scored] == 0)[:, None]
    estimates = {
        "small area": mixes,
        "mean posterior": own_mean / own_receipts[:, None],
        "members alone": at_level(direct, network, cells.members_mix),
        "deconvolution": deconvolution.deconvolve(own_mean / own_receipts[:, None], response=response, network_mix=network, **size).mix,
        "level estimated": at_level(found.mix[position], level.mix, cells.members_mix),
    }
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    told = Told(anonymous[scored] / own_receipts[:, None], network, estimates, low, high)
    return replace(told, levels=levels_of(told, level, found.draws[:, position], cells.members_mix)), model


def levels_of(told: Told, level: Level, draws: np.ndarray, members: np.ndarray) -> dict[str, float]:
    """How far the level is off, members' mix beside it, how often its own interval holds; intervals of places that know it is estimated.
    draws: (draws × places × K) of members' mixes."""
    rng = np.random.default_rng(0)
    drawn = np.array([at_level(each, level.draw(rng), members) for each in draws])
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    half = SURE * np.sqrt(np.diag(level.covariance))
    return {
        "level off": float(np.sqrt(((level.mix - told.network) ** 2).mean())),
        "members off": float(np.sqrt(((members - told.network) ** 2).mean())),
        "level held": float((abs(level.mix - told.network) <= half).mean()),
        "coverage": float(((low <= told.true) & (told.true <= high)).mean()),
        "interval_score": told.interval_score(low, high),
    }


def areas(*, share: float = 1.0) -> Told:
    """Ta-Feng's areas by the age of buyers, each left out in turn. share: of the customers."""
    task, area = ta_feng(share)
    person, age, count = task.person, task.label[task.person], int(area.max()) + 1
    told, true, network, low, high = [], [], [], [], []
    for place in range(count):
        there = area == place
        posterior = _posteriors(task, there)
        receipts = np.bincount(area).astype(float)
        means = np.array([np.bincount(area, column) for column in posterior.T]).T / receipts[:, None]
        visits, people = visits_by_place(area[~there], age[~there], person[~there], places=count, groups=3)
        _, crowd = visits_by_place(area, np.zeros(len(area), int), person, places=count, groups=1)
        noise = sampling_noise(posterior[~there], person[~there], receipts=receipts, people=crowd)
        cells = Cells(np.arange(count), np.zeros(count, int), means, visits, people, receipts, crowd, noise, np.zeros(count))
        found = predict(fit_small_area(cells))
        told.append(found.mix[place])
        true.append(np.bincount(age[there], minlength=3) / there.sum())
        network.append(cells.members_mix)
        ends = np.quantile(found.draws[:, place], [0.05, 0.95], axis=0)
        low.append(ends[0])
        high.append(ends[1])
    return Told(np.array(true), np.array(network), {"small area": np.array(told)}, np.array(low), np.array(high))


def _posteriors(task: Task, there: np.ndarray) -> np.ndarray:
    """As served, without the place: of who teaches cross-fitted, of the receipts there by all of them. Nobody is in two areas."""
    learn = np.unique(task.person[~there])
    fit, ratios = fitted(replace(task, sea=csr_matrix(task.receipts[~there])), learn)
    found = np.zeros((len(there), task.groups))
    found[~there], found[there] = fit.posterior, fit.map.posterior(task.receipts[there], ratios)
    return found


def measure(options: argparse.Namespace) -> report.Measured:
    """Skill at the stores and in the areas."""
    warnings.filterwarnings("ignore")
    data = load("complete_journey", people=options.people, items=options.items)
    figures, bars, rows = {}, {}, []
    for kind, target in BARS.items():
        told = [stores(data, kind, seed=seed) for seed in range(options.divisions)]
        names = list(told[0][0].estimates)
        skill = {name: float(np.mean([each.skill(name) for each, _ in told])) for name in names}
        coverage = float(np.mean([each.coverage() for each, _ in told]))
        score = float(np.mean([each.interval_score(each.low, each.high) for each, _ in told]))
        constant = float(np.mean([each.best_constant() for each, _ in told]))
        slopes = ", ".join(f"{model.slope:.2f} ± {model.slope_error:.2f}" for _, model in told)
        rows.append(
            {
                "stores, members": kind,
                "places": len(told[0][0].true),
                **skill,
                "covers": coverage,
                "interval score": score,
                "best constant": constant,
                "slopes": slopes,
            }
        )
        figures[f"stores, {kind}"] = {
            **skill,
            "coverage": coverage,
            "interval_score": score,
            "best_constant": constant,
            "least": min(each.skill("small area") for each, _ in told),
        }
        levels = {name: float(np.mean([each.levels[name] for each, _ in told])) for name in told[0][0].levels}
        figures[f"stores, {kind}, level estimated"] = {
            **levels,
            "skill": skill["level estimated"],
            "least": min(each.skill("level estimated") for each, _ in told),
        }
        bars[f"stores, members a {kind}, level estimated: least skill"] = report.at_least(
            figures[f"stores, {kind}, level estimated"]["least"], 0
        )
        bars[f"stores, members a {kind}: skill"] = report.at_least(skill["small area"], target)
        bars[f"stores, members a {kind}: interval score below the best constant's"] = report.at_most(score, constant)
    report.show(rows)
    report.show([{"stores, members": name.split(", ", 1)[1], **each} for name, each in figures.items() if "level" in name])
    told = areas(share=options.area_share)
    score, constant = told.interval_score(told.low, told.high), told.best_constant()
    figures["areas"] = {"skill": told.skill("small area"), "coverage": told.coverage(), "interval_score": score, "best_constant": constant}
    bars |= {
        "areas: skill": report.at_least(told.skill("small area"), AREAS_BAR),
        "areas: intervals hold": report.at_least(told.coverage(), AREAS_COVERAGE),
        "areas: interval score below the best constant's": report.at_most(score, constant),
    }
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--people", type=int)
    parser.add_argument("--items", type=int)
    parser.add_argument("--divisions", type=int, default=3)
    parser.add_argument("--area-share", type=float, default=1.0, help="of the customers of Ta-Feng")
    return report.run(measure, parser, argv, smoke={"people": 400, "items": 200, "divisions": 1, "area_share": 0.03})


if __name__ == "__main__":
    sys.exit(main())
