"""What groups of behaviour beside the items are worth on real people. `python -m benchmarks.typology.groups [--served] [data …]`

Protocol: people, halves and folds of real.py; groups are counted by the package's own SQL from the receipts of both sets (a shop
of Online Retail is a country). For each group alone, and for those served together: the held-out gain on items; the group's *own* held-out
gain, nats per count of the group in the other half of people left out, told by the profile of the first half, under profiles of items
alone and under profiles that know the group; AMI of the two halves. A group should be served where its own gain is surely above 0 in both
sets and items lose less than 2 % to all that is served.
"""

import argparse
import functools
import sys
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.real_people import DATA, SMOKE, RealPeople, data_parser, load, of_each
from benchmarks.helpers.windows import FACTS, make, make_window
from benchmarks.platform.chain_real import text
from benchmarks.typology.real import FALL, MOST_PROFILES, agreement
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.session import Session, open_session
from bmyshop_profiles.statistics.intervals import Interval, ratio_interval
from bmyshop_profiles.statistics.likelihood import choose_strength, everybody_shares, group_totals, item_gain, log_ratios, shrunk_shares
from bmyshop_profiles.typology.groups import GROUPS, SERVED
from bmyshop_profiles.typology.members import groups_of
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.worth.held_out_gain import Fitted, HeldOut, held_out_gain

Halves = tuple[Behaviour, Behaviour]


def make_facts(session: Session, name: str, data: RealPeople) -> None:
    """Tables of `FACTS` and of the window of all months, from the receipts of a data set, with the halves of the benchmark."""
    lines = DATA[name]()
    lines = lines[lines.receipt.isin(data.receipt_table.index)]
    session.connection.register("real_lines", lines)
    session.connection.register("real_receipts", data.receipt_table.reset_index())
    session.execute(
        "create temp table all_lines as select receipt as receipt_key, real_receipts.store as store_key, real_receipts.at as sold_at, "
        "real_receipts.person as member_key, null::varchar as shopper_key, item as product_key, 1 as quantity, "
        "round(100 * amount)::bigint as amount_cents from real_lines inner join real_receipts using (receipt)"
    )
    session.execute("create temp view products as select distinct product_key, product_key as item_key, '' as family from all_lines")
    catalogue = load_catalogue()
    months = sorted(data.receipt_table["at"].dt.strftime("%Y-%m").unique())
    for month in months:
        session.execute(f"create or replace temp view receipt_lines as from all_lines where strftime(sold_at, '%Y-%m') = '{month}'")
        session.execute(
            "create or replace temp view receipts as select made.* replace ((k % 2)::integer as half) "
            f"from ({catalogue['receipts'].sql}) as made inner join real_receipts on made.receipt_key = real_receipts.receipt"
        )
        for table in FACTS:
            make(session, table, month, {})
    make_window(session, months)


def unweighted(name: str, data: RealPeople) -> Halves:
    """The halves of a data set with all groups as plain counts."""
    keys = np.array(sorted(data.receipt_table.person.unique()), dtype=object)
    with open_session() as session:
        make_facts(session, name, data)
        found = groups_of(session.frame("from member_window order by all"), keys, tuple(GROUPS))
    first, second = (
        behaviour(data.half_counts[half], others={group: counts[half] / GROUPS[group].weight for group, counts in found.items()})
        for half in (0, 1)
    )
    return first, second


def with_groups(halves: Halves, weights: dict[str, float]) -> Halves:
    """The halves with the items and some groups, weighted."""
    first, second = (
        behaviour(half.items, others={group: weight * half.others[group] for group, weight in weights.items() if group in half.others})
        for half in halves
    )
    return first, second


def told_by(halves: Halves, weights: dict[str, float], options: argparse.Namespace) -> tuple[HeldOut, dict[str, Interval]]:
    """The held-out gain on items of the typology that knows some groups, and what its profiles say of every group."""
    models: list[Typology] = []

    def method(first: Behaviour, second: Behaviour) -> Fitted:
        models.append(Typology(most_profiles=MOST_PROFILES).fit(first, other=second))
        return Fitted(models[-1].profiles_.log_ratios, models[-1].nearest)

    known = with_groups(halves, weights)
    found = held_out_gain(*known, method=method, folds=options.folds)
    own = {}
    for group, counts in halves[0].others.items():
        gain, other = np.zeros(halves[0].members), halves[1].others[group]
        for number, model in enumerate(models):
            train, out = np.flatnonzero(found.fold != number), np.flatnonzero(found.fold == number)
            ratios = profile_log_ratios(counts[train], model.nearest(known[0][train]), groups=model.profiles_.count)
            gain[out] = item_gain(other[out], ratios, found.labels[out])
        own[group] = ratio_interval(gain, np.asarray(other.sum(1)).ravel())
    return found, own


def profile_log_ratios(counts: csr_matrix, labels: np.ndarray, *, groups: int) -> np.ndarray:
    """(columns × profiles) log-ratios of the counts (people × columns) of profiles (people,), shrunk as suits people left out."""
    everybody = everybody_shares(counts)
    strength = choose_strength(counts, labels, groups=groups, everybody=everybody)
    return log_ratios(shrunk_shares(group_totals(counts, labels, groups=groups), target=everybody, strength=strength), everybody)


def variants(weights: list[float], *, served: bool) -> Iterator[tuple[str, dict[str, float]]]:
    """What is measured beside items alone: each group, all that there is, all that is served; or the last alone."""
    if not served:
        for group in GROUPS:
            for weight in weights or [GROUPS[group].weight]:
                yield f"{group} × {weight:g}", {group: weight}
        yield "all that there is", {name: group.weight for name, group in GROUPS.items()}
    yield "all that is served", {group: GROUPS[group].weight for group in SERVED}


def run(name: str, options: argparse.Namespace) -> tuple[dict, dict]:
    """Figures and bars of one data set."""
    data = load(name, people=options.people, items=options.items)
    halves = unweighted(name, data)
    alone, told = told_by(halves, {}, options)
    base = alone.per_item().value
    print(f"\n{name}: {halves[0].members} people; items alone {text(alone.per_item())} nats per item, profiles {alone.profiles}")
    print(f"{'items and':24s} gain     change   {'minus items alone':30s} AMI of halves  own gain, under items alone")
    figures: dict = {"items alone": {"gain": base, "halves": agreement(alone), "own": told}}
    for what, weights in variants(options.weights, served=options.served):
        found, own = told_by(halves, weights, options)
        gain, above, same = found.per_item().value, found.above(alone), agreement(found)
        own = {group: interval for group, interval in own.items() if group in weights}
        figures[what] = {
            "gain": gain,
            "change": gain / base - 1,
            "above": above,
            "halves": same,
            "profiles": found.profiles,
            "own": own,
        }
        print(f"{what:24s} {gain:.4f}   {100 * (gain / base - 1):+.1f} %   {text(above):30s} {same:.3f}          ", end="")
        print("; ".join(f"{group} {text(interval)}, {told[group].value:+.4f}" for group, interval in own.items()), flush=True)
    together = figures["all that is served"]
    bars = {"items_keep_the_gain": report.at_least(together["gain"], (1 - FALL) * base)}
    for group in SERVED:
        low = together["own"][group].low if group in together["own"] else 0.0
        bars[f"{group}_says_something"] = report.bar(low, 0, low > 0)
    return figures, {f"{name}.{bar}": value for bar, value in bars.items()}


def main(argv: Sequence[str] | None = None) -> int:
    parser = data_parser(__doc__)
    parser.add_argument("--folds", type=int, default=5, help="of people")
    parser.add_argument("--weights", type=float, nargs="*", default=[], help="of each group alone; those served by default")
    parser.add_argument("--served", action="store_true", help="items alone and all that is served, nothing else")
    return report.run(functools.partial(of_each, run), parser, argv, smoke={**SMOKE, "folds": 2, "served": True})


if __name__ == "__main__":
    sys.exit(main())
