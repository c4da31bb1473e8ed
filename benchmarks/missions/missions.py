"""Is a typology of receipts worth anything? `python -m benchmarks.missions.missions [--receipts 40000] [--months 12] [--lines 6000000]`

Half of a receipt's different articles tell its mission and the others are scored: nats per article against everybody's shares, both
without replacement (`missions/worth.py`). Two folds of receipts, everything fitted inside the fold: density, as served; k-means of as many
groups in the same space, as they are, with rounds by the likeliest mission, and with the rounds that are served; LDA. On a French bakery
(Kaggle, matthieugimbert) and The Complete Journey (84.51°), by articles, and on a simulated network, by families. Contrasts of cells:
shares of missions in the bakery's weekdays × hours and The Complete Journey's shops × dayparts, from two halves of the receipts, against
what binomial noise allows. On the simulated network, all tables made: whether shares stand still when nothing happens, and what it costs to
give every receipt a mission.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.real_people import complete_journey
from benchmarks.helpers.simulated_members import run_network
from benchmarks.simulation.realism import bakery
from benchmarks.simulation.worlds import simulated_lines
from bmyshop_profiles.engine.build import typed_parameters
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.missions.model import MOST, Missions, find_missions, maximised, mixture, places
from bmyshop_profiles.missions.worth import gain_within, halves_within
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters, simulate
from bmyshop_profiles.statistics.intervals import ratio_interval
from bmyshop_profiles.statistics.likelihood import everybody_shares

FOLDS = 2
LEAST_GAIN = {"bakery": 0.20, "complete_journey": 0.09}
Method = Callable[[csr_matrix, int], Missions]


def receipts_of(lines: pd.DataFrame, most: int, seed: int = 0) -> tuple[csr_matrix, pd.DataFrame]:
    """(receipts × articles) 0/1 of a sample, and the receipts: store, at. lines: receipt, item, store, at."""
    names = np.random.default_rng(seed).permutation(np.sort(lines.receipt.unique()))[:most]
    own = lines[lines.receipt.isin(names)]
    receipts = own.groupby("receipt").agg(store=("store", "first"), at=("at", "min"))
    row, item = pd.Index(receipts.index).get_indexer(pd.Index(own.receipt)), pd.factorize(own["item"], sort=True)[0]
    found = csr_matrix((np.ones(len(own)), (row, item)), shape=(len(receipts), item.max() + 1))
    found.data[:] = 1
    return found, receipts


def worlds(options: argparse.Namespace) -> dict[str, pd.DataFrame]:
    """Lines of each world: receipt, item, store, at."""
    found = {}
    if "bakery" in options.worlds:
        found["bakery"] = bakery().rename(columns={"article": "item", "sold": "at"}).assign(store="bakery")
    if "complete_journey" in options.worlds:
        found["complete_journey"] = complete_journey()[["receipt", "item", "store", "at"]]
    if "simulated" not in options.worlds:
        return found
    with tempfile.TemporaryDirectory() as name:
        people = max(options.receipts // 30, 50)
        simulate(Path(name), stores=20, members=people // 10, anonymous_shoppers=people, months=2, lines=options.receipts * 2,
                 parameters=Parameters(flavours=("caisse_a",), defects=0.0))  # fmt: skip
        network = simulated_lines(Path(name)).rename(columns={"sold": "at", "shop": "store"}).drop(columns="article")
        found["simulated"] = network.rename(columns={"family": "item"})[["receipt", "item", "store", "at"]]
    return found


def density(baskets: csr_matrix, groups: int) -> Missions:
    """As served."""
    found, reason = find_missions(baskets)
    assert found is not None, reason
    return found


def shares_of(baskets: csr_matrix, label: np.ndarray, groups: int) -> Missions:
    """Missions of which each receipt belongs to one."""
    return maximised(baskets, np.eye(groups)[label], everybody_shares(baskets))


def kmeans_alone(baskets: csr_matrix, groups: int) -> Missions:
    from sklearn.cluster import KMeans

    return shares_of(baskets, KMeans(groups, n_init=3, random_state=0).fit_predict(places(baskets)), groups)


def kmeans_likeliest(baskets: csr_matrix, groups: int, rounds: int = 8) -> Missions:
    found = kmeans_alone(baskets, groups)
    for _ in range(rounds):
        found = shares_of(baskets, found.posterior(baskets).argmax(1), groups)
    return found


def kmeans_rounds(baskets: csr_matrix, groups: int) -> Missions:
    return mixture(baskets, np.ones(baskets.shape[0]), kmeans_alone(baskets, groups))


def lda_gain(train: csr_matrix, told: csr_matrix, scored: csr_matrix, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """As `gain_within`, of LDA's own mixture of topics for what is told."""
    from sklearn.decomposition import LatentDirichletAllocation

    model = LatentDirichletAllocation(groups, doc_topic_prior=0.1, max_iter=15, random_state=0).fit(train)
    everybody = everybody_shares(train)
    topics = 0.95 * model.components_ / model.components_.sum(1, keepdims=True) + 0.05 * everybody
    shares = model.transform(told) @ topics
    other = scored.tocoo()
    left = (1 - np.asarray(each).ravel()[other.row] for each in (told.multiply(shares).sum(1), told @ everybody))
    ours, all_s = (np.log(share / rest) for share, rest in zip((shares[other.row, other.col], everybody[other.col]), left, strict=True))
    return np.bincount(other.row, ours - all_s, scored.shape[0]), np.bincount(other.row, minlength=scored.shape[0]).astype(float)


METHODS: dict[str, Method] = {
    "density": density,
    "k-means": kmeans_alone,
    "k-means, rounds by the likeliest": kmeans_likeliest,
    "k-means, same rounds": kmeans_rounds,
}


def said_within(name: str, lines: pd.DataFrame, options: argparse.Namespace) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of the table of a world, and what the bars need."""
    baskets, receipts = receipts_of(lines, options.receipts)
    fold = np.random.default_rng(0).integers(0, FOLDS, baskets.shape[0])
    gain, count = {method: np.zeros(baskets.shape[0]) for method in (*METHODS, "LDA")}, np.zeros(baskets.shape[0])
    label, sizes = np.full(baskets.shape[0], -1), []
    for number in range(FOLDS):
        train, out = baskets[fold != number], np.flatnonzero(fold == number)
        told, scored = halves_within(baskets[out])
        served = density(train, MOST)
        groups = len(served.sizes)
        sizes.append(groups)
        label[out] = served.likeliest(baskets[out])
        for method, fit in METHODS.items():
            gain[method][out], count[out] = gain_within(served if method == "density" else fit(train, groups), told, scored)
        gain["LDA"][out], _ = lda_gain(train, told, scored, groups)
    rows = []
    for method, own in gain.items():
        value, above = ratio_interval(own, count), ratio_interval(gain["density"] - own, count)
        rows.append({"world": name, "missions": str(sizes), "method": method, "nats per article": value.value, "low": value.low,
                     "high": value.high, "density is above by": above.value, "from": above.low, "to": above.high})  # fmt: skip
    other = float((label < 0).mean())
    return rows, {"gain": rows[0], "other": other, "most": max(sizes), "rows": rows, "receipts": receipts, "fold": fold, "baskets": baskets}


def contrasts(name: str, found: dict[str, Any], least: int) -> dict[str, Any]:
    """Do shares of missions differ from cell to cell, alike in both halves of the receipts?"""
    baskets, receipts, fold = found["baskets"], found["receipts"], found["fold"]
    label = density(baskets[fold == 0], MOST).likeliest(baskets)
    hours = receipts["at"].dt.hour
    cell = (
        receipts["at"].dt.day_of_week.astype(str) + " " + hours.astype(str)
        if receipts.store.nunique() == 1
        else receipts.store + " " + pd.cut(hours, [-1, 8, 11, 13, 17, 21, 24], labels=False).astype(str)
    )
    half = np.random.default_rng(1).integers(0, 2, len(receipts))
    table = pd.DataFrame({"cell": cell.to_numpy(), "half": half, "mission": label})
    size = table.groupby("cell").half.size()
    table = table[table.cell.isin(size[size >= least].index)]
    counts = table.groupby(["cell", "half", "mission"]).size().unstack(fill_value=0)
    shares = counts.div(counts.sum(axis=1), axis=0)
    whole = table.mission.value_counts(normalize=True).reindex(shares.columns)
    first, second = (shares.xs(number, level="half") - whole for number in (0, 1))
    each = [counts.xs(number, level="half").sum(axis=1).to_numpy()[:, None] for number in (0, 1)]
    pooled = (whole + (first + second) / 2).clip(1e-9)
    noise = [float((pooled * (1 - pooled) / number).to_numpy().mean()) for number in each]
    squares = [float((own**2).to_numpy().mean()) for own in (first, second)]
    seen = float((first * second).to_numpy().mean()) / np.sqrt(squares[0] * squares[1])
    allowed = float(np.sqrt(np.prod([max(square - chance, 0) / square for square, chance in zip(squares, noise, strict=True)])))
    return {"world": name, "cells": len(first), "correlation": seen, "binomial noise allows": allowed, "ratio": seen / max(allowed, 1e-9)}


def network_of(directory: Path, options: argparse.Namespace, *, months: int, lines: int) -> Settings:
    """A simulated network whose receipts have missions."""
    return run_network(
        directory, months=months, parameters=Parameters(flavours=("caisse_a",)), tables=("store_missions",), members=options.people,
        anonymous=10 * options.people, lines=lines,
    )  # fmt: skip


def quiet_shares(directory: Path, options: argparse.Namespace) -> pd.DataFrame:
    """(months × missions) shares of visits of a network in which nothing happens."""
    settings = network_of(directory, options, months=options.months, lines=options.lines)
    with views(settings) as session:
        visits = session.frame("select month, mission_key, sum(receipts_count) as receipts_count from store_missions group by all")
    counts = visits.pivot(index="month", columns="mission_key", values="receipts_count").sort_index().fillna(0)
    return counts.div(counts.sum(axis=1), axis=0)


def scoring_seconds(settings: Settings, *, times: int = 5) -> dict[str, float]:
    """Best of several, over the lines of the first month: of the count that any scoring must beat, and of the missions of all receipts by
    shop and hour."""
    table, month = load_catalogue()["store_missions"], settings.months()[0]
    assert table.sql is not None
    given = typed_parameters(table, parameters(settings, month))
    asked = {"count": ("select receipt_key, count(*) as lines_count from receipt_lines group by 1", None), "missions": (table.sql, given)}
    best = dict.fromkeys(asked, np.inf)
    with views(settings, months=[month]) as session:
        for _ in range(times):
            for name, (sql, bound) in asked.items():
                began = time.perf_counter()
                session.execute(f"create or replace temp table scored as {sql}", bound)
                best[name] = min(best[name], time.perf_counter() - began)
    return best


def measure(options: argparse.Namespace) -> report.Measured:
    figures: dict[str, Any] = {}
    bars: dict[str, report.Bar] = {}
    rows, kept = [], {}
    for name, lines in worlds(options).items():
        own, found = said_within(name, lines, options)
        rows += own
        kept[name] = {
            "said": own,
            "other": found["other"],
            **({"contrasts": contrasts(name, found, options.least_cell)} if name != "simulated" else {}),
        }
        if name in LEAST_GAIN:
            by_method = {row["method"]: row for row in own}
            bars[f"{name}: nats per article"] = report.at_least(own[0]["nats per article"], LEAST_GAIN[name])
            bars[f"{name}: missions"] = report.at_most(found["most"], MOST)
            for method in ("k-means", "k-means, rounds by the likeliest", "k-means, same rounds"):
                bars[f"{name}: above {method}, low end"] = report.at_least(by_method[method]["from"], 0)
            bars[f"{name}: other visits"] = report.at_most(found["other"], 0.05)
            told = kept[name]["contrasts"]
            bars[f"{name}: contrasts, of what noise allows"] = report.at_least(told["ratio"], 0.9)
    report.show(rows, title="what half of a receipt says about its other half")
    report.show([own["contrasts"] for own in kept.values() if "contrasts" in own], title="contrasts of cells in two halves of the receipts")
    with tempfile.TemporaryDirectory() as name:
        shares = quiet_shares(Path(name), options)
    with tempfile.TemporaryDirectory() as name:
        seconds = scoring_seconds(network_of(Path(name), options, months=1, lines=options.scored))
    moved = (shares / shares.mean() - 1).abs().max().drop("other", errors="ignore")
    report.show([{"mission": key, **shares[key].round(4).to_dict()} for key in shares], title="share of visits by month, nothing happens")
    report.show([{**seconds, "ratio": seconds["missions"] / seconds["count"]}], title="seconds of one month")
    bars["quiet months: largest move of a mission, of itself"] = report.at_most(float(moved.max()), 0.1)
    bars["scoring ÷ count by receipt"] = report.at_most(seconds["missions"] / seconds["count"], 2)
    figures |= {"worlds": kept, "quiet": {key: shares[key].tolist() for key in shares}, "seconds": seconds}
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    command_line = report.parser(__doc__)
    command_line.add_argument("--receipts", type=int, default=40_000, help="of each world, at most")
    command_line.add_argument("--months", type=int, default=12, help="of the simulated network")
    command_line.add_argument("--lines", type=int, default=6_000_000, help="of the simulated network")
    command_line.add_argument("--scored", type=int, default=4_000_000, help="lines of the month whose receipts are given a mission in time")
    command_line.add_argument("--people", type=int, default=2000, help="members of the simulated network")
    command_line.add_argument("--worlds", nargs="*", default=["bakery", "complete_journey", "simulated"])
    command_line.add_argument("--least-cell", type=int, default=200, help="receipts of a cell whose contrast is compared")
    small = {"worlds": ["bakery"], "least_cell": 10, "receipts": 1500, "months": 2, "lines": 12_000, "scored": 6000, "people": 60}
    return report.run(measure, command_line, argv, smoke=small)


if __name__ == "__main__":
    sys.exit(main())
