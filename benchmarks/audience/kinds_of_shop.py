"""Shops of several kinds, planted in real people: does a shop's own assortment mislead its audience?

    python -m benchmarks.audience.kinds_of_shop

Real people's receipts are dealt into kinds of shop: each kind carries a part of the items, so that a receipt met there holds those only,
and people of a profile go to some kinds more than to others. In a second world each shop carries half of what its kind does. Members taught
what is served; shops of the anonymous half draw a mix around that of their kind. Beside the baselines: one response for the whole network
(what is done where kinds are unknown) and one per kind. Skill = 1 − MSE / MSE of the network mix. People and their division as in
platform/chain_real.py; last line one JSON object.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.audience.deconvolution import Mixes, fit_response, network_mix_of
from benchmarks.audience.kinds import Kind, deconvolve_kinds, kind_responses, shop_context
from benchmarks.helpers import report
from benchmarks.helpers.real_people import SMOKE, RealPeople, chosen, data_parser, load
from benchmarks.platform.chain_real import SHOP_PROFILES, split_people, topics_of
from benchmarks.simulation.semi_synthetic import Pool
from bmyshop_profiles.projection.calibration import cross_fit
from bmyshop_profiles.projection.evidence import choose_learner, receipt_evidence
from bmyshop_profiles.statistics.likelihood import ATYPICAL, everybody_shares, group_totals
from bmyshop_profiles.typology.model.fit import Typology

KINDS, CARRIED, PEOPLE = 4, 0.3, 200
SHOPS, MIXES = 10, 4  # shops of a kind, and mixes each is given in turn
SHOP_CARRIES = (1.0, 0.5)
KIND_SPREAD, SHOP_SPREAD = 5.0, 10.0  # concentrations: of kinds around the network, of shops around their kind


def placed(data: RealPeople, labels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, csr_matrix, np.ndarray]:
    """(receipts,) kind each receipt falls in, the receipts with what that kind carries, (kinds × groups) mixes of the kinds."""
    groups, items = labels.max() + 1, data.receipts.shape[1]
    prior = np.bincount(labels[data.owner][labels[data.owner] >= 0], minlength=groups) / (labels[data.owner] >= 0).sum()
    mixes = rng.dirichlet(prior * KIND_SPREAD + 1e-3, KINDS)
    odds = mixes[:, np.maximum(labels, 0)][:, data.owner]  # people without a label go anywhere; they are not scored
    kind = (rng.random(len(data.owner)) < np.cumsum(odds / odds.sum(0), axis=0)).argmax(0)
    carried = rng.random((KINDS, items)) < CARRIED
    return kind, only(data.receipts, carried[kind[rows_of(data.receipts)], data.receipts.indices]), mixes


def rows_of(receipts: csr_matrix) -> np.ndarray:
    """(entries,) row of each entry."""
    return np.repeat(np.arange(receipts.shape[0]), np.diff(receipts.indptr))


def only(receipts: csr_matrix, kept: np.ndarray) -> csr_matrix:
    """The receipts with the entries that are kept (entries,)."""
    cut = csr_matrix(receipts, copy=True)
    cut.data = cut.data * kept
    cut.eliminate_zeros()
    return cut


def division(
    data: RealPeople, *, seed: int, shop_carries: float, runs: int
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, Mixes | None]]:
    """By method: mixes found, true mixes, and the deconvolution where the method is one: it has intervals."""
    rng = np.random.default_rng(seed)
    first = data.half_counts[0]
    members, anonymous = split_people(first.shape[0], seed=seed)
    typology = Typology(most_profiles=SHOP_PROFILES, runs=runs).fit(first[members])
    labels = np.empty(first.shape[0], dtype=int)
    labels[members], labels[anonymous] = typology.labels_, typology.predict(first[anonymous])
    groups = typology.profiles_.count + 1
    labels = np.where(labels == ATYPICAL, groups - 1, labels)
    kind, cut, _ = placed(data, labels, rng)
    of_kind, shop = cut, kind * SHOPS + rng.integers(0, SHOPS, len(kind))
    carried = rng.random((KINDS * SHOPS, cut.shape[1])) < shop_carries
    cut = only(cut, carried[shop[rows_of(cut)], cut.indices])
    usable = (data.half == 1) & (labels[data.owner] >= 0) & (np.diff(cut.indptr) > 0)
    of_member = np.isin(data.owner, members)
    taught, scored = np.flatnonzero(usable & of_member), np.flatnonzero(usable & ~of_member)
    everybody = everybody_shares(cut[of_member])
    learn, _ = choose_learner(first[members], labels[members], groups=groups, everybody=everybody, topics=topics_of(data, seed=seed))
    owner = np.searchsorted(members, data.owner[taught])
    fit = cross_fit(first[members], labels[members], cut[taught], owner, groups=groups, learn=learn)
    ratios = learn(group_totals(first[members], labels[members], groups=groups))
    network = fit_response(fit.posterior, fit.label, fit.member)
    material = fit.posterior, fit.label, fit.member, kind[taught].astype(str)
    own = kind_responses(*material, network=network)
    context = shop_context(*material, shop[taught], responses=own)
    truth, means, where = [], [], []
    for name in range(KINDS):
        rows = np.flatnonzero(kind[scored] == name)
        pool = Pool(labels[data.owner[scored[rows]]], data.owner[scored[rows]], groups)
        here = np.bincount(labels[data.owner[scored[rows]]], minlength=groups) / len(rows)
        for number in range(SHOPS * MIXES):
            wanted = rng.dirichlet(here * SHOP_SPREAD + 1e-9) * pool.is_present
            found, mix = pool.deal(rng, wanted, people=PEOPLE, each=1, drawn_as="visits")
            truth.append(mix)
            met = of_kind[scored[rows[found]]]
            met = only(met, carried[name * SHOPS + number % SHOPS, met.indices])
            means.append(fit.map.posterior(receipt_evidence(met, ratios)).mean(0))
            where.append(str(name))
    means_, where_, truth_ = np.array(means), np.array(where), np.array(truth)
    size = {"receipts": np.full(len(truth), float(PEOPLE)), "people": np.full(len(truth), float(PEOPLE))}
    total = SHOPS * MIXES * PEOPLE
    prior, _ = network_mix_of(means_.mean(0), response=network, receipts=total * KINDS, people=total * KINDS)
    kinds = {}
    for name, response in own.items():
        mix, doubt = network_mix_of(means_[where_ == name].mean(0), response=response, receipts=total, people=total)
        kinds[name] = Kind(response, mix, doubt)
    one = deconvolve_kinds(means_, np.full(len(truth), "all"), kinds={"all": Kind(network, prior)}, least=1, **size)
    bare = deconvolve_kinds(means_, where_, kinds=kinds, least=1, **size)
    kinds = {name: replace(k, response=replace(k.response, doubt=k.response.doubt + context)) for name, k in kinds.items()}
    several = deconvolve_kinds(means_, where_, kinds=kinds, least=1, **size)
    return {
        "network mix": (np.tile(prior, (len(truth), 1)), truth_, None),
        "mix of the kind": (np.array([kinds[name].mix for name in where_]), truth_, None),
        "mean posterior": (means_, truth_, None),
        "one response": (one.mix, truth_, one),
        "the same, shops of a kind taken as alike": (bare.mix, truth_, bare),
        "a response per kind": (several.mix, truth_, several),
    }


def run(name: str, *, options: argparse.Namespace, shop_carries: float) -> dict:
    """Skill, coverage, mean width and concentrations by method."""
    data, divisions = load(name, people=options.people, items=options.items), options.divisions
    parts = [division(data, seed=seed, shop_carries=shop_carries, runs=options.runs) for seed in range(divisions)]
    error = {method: sum(((p[method][0] - p[method][1]) ** 2).sum() for p in parts) for method in parts[0]}
    figures = {}
    for method, square in error.items():
        figures[method] = {"skill": float(1 - square / error["network mix"])}
        found = [(p[method][2], p[method][1]) for p in parts if p[method][2] is not None]
        if found:
            figures[method]["coverage"] = float(np.mean([((m.low <= t + 1e-12) & (t <= m.high + 1e-12)).mean() for m, t in found]))
            figures[method]["width"] = float(np.mean([(m.high - m.low).mean() for m, _ in found]))
            figures[method]["concentration"] = float(np.median([m.concentration for m, _ in found]))
    print(f"{name}, {divisions} divisions: {KINDS} kinds with {CARRIED:.0%} of the items, {shop_carries:.0%} of those in a shop")
    print(pd.DataFrame(figures).T.round(3).to_string(), flush=True)
    return figures


def measure(options: argparse.Namespace) -> report.Measured:
    """The named data sets, both by default."""
    figures = {
        f"{name}, {carries}": run(name, options=options, shop_carries=carries)
        for name in chosen(options)
        for carries in SHOP_CARRIES[: 1 if options.smoke else None]
    }
    bars = {}
    for name, found in figures.items():
        ours, one = found["a response per kind"], found["one response"]
        bars[f"{name}.kind_better_than_one"] = report.at_least(ours["skill"] - one["skill"], 0.0)
        bars[f"{name}.coverage"] = report.at_least(ours["coverage"], 0.85)
    return figures, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = data_parser(__doc__)
    parser.add_argument("--divisions", type=int, default=3)
    return report.run(measure, parser, argv, smoke={**SMOKE, "divisions": 1})


if __name__ == "__main__":
    sys.exit(main())
