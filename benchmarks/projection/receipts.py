"""Which profile is behind one receipt, and what do unlabelled receipts add where members are few?

    python -m benchmarks.projection.receipts

Real people (helpers/real_people.py). Half of the people fix eight profiles once, so that labels mean the same however many members there
are. The others are in three parts: each is scored in turn, by 60, 120, 240 or all members of the other two. A label is read from receipts
of even rank, the scored receipt is of odd rank; receipts of the scored people are not among the unlabelled ones. Places: shop (Online
Retail: country) and a block of four hours.
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.assignment import assign
from benchmarks.helpers.real_people import SMOKE, RealPeople, data_parser, journey_data, load, of_each
from benchmarks.projection.methods import (
    ALONE,
    ITEMS,
    PLACED,
    TOPICS,
    Task,
    Told,
    figures,
    one_hot,
    score,
    table,
    together,
)
from bmyshop_profiles.projection.calibration import places_of
from bmyshop_profiles.statistics.intervals import person_folds
from bmyshop_profiles.statistics.likelihood import ATYPICAL
from bmyshop_profiles.typology.model.fit import Typology

MEMBERS = (60, 120, 240, 0)  # 0: all
FEW, PROFILES = 120, 8
PARTS = 3
LOSS = 0.005  # nats by which nothing that is served may be worse than what it replaces


def departments(data: RealPeople) -> csr_matrix | None:
    """Department of each category of The Complete Journey, as (items × departments)."""
    products = journey_data("products")["products"]
    item = products.product_category.fillna(products.department).fillna("unknown").astype(str)
    names = np.array(sorted(data.lines["item"].unique()), dtype=object)
    return one_hot(products.department.groupby(item).first().reindex(names).fillna("unknown").to_numpy(str))


def measured(name: str, options: argparse.Namespace) -> report.Measured:
    """Losses by number of members, of one data set."""
    data = load(name, people=options.people, items=options.items)
    first, people = data.half_counts[0], data.half_counts[0].shape[0]
    order = np.random.default_rng(0).permutation(people)
    reference, rest = order[: people // 2], order[people // 2 :]
    typology = Typology(most_profiles=PROFILES).fit(first[np.sort(reference)])
    label = assign(first, typology.profiles_.log_ratios)
    groups = typology.profiles_.count + 1
    label = np.where(label == ATYPICAL, groups - 1, label)
    rest = rest[label[rest] >= 0]
    part = person_folds(len(rest), folds=PARTS, seed=0)
    odd = np.flatnonzero(data.half == 1)
    table_of = data.receipt_table
    places, _ = places_of([table_of.store.to_numpy(str)[odd], (table_of["at"].dt.hour // 4).to_numpy()[odd]])
    categories = departments(data) if name == "complete_journey" else None
    found: dict[int, Told] = {}
    for members in MEMBERS:
        parts = []
        for number in range(1 if options.smoke else PARTS):
            scored, pool = rest[part == number], rest[part != number]
            sea = csr_matrix(data.receipts[~np.isin(data.owner, scored)])
            task = Task(first, label, csr_matrix(data.receipts[odd]), data.owner[odd], sea, groups, categories, places)
            parts.append(score(task, pool[: members or None], scored, rivals=True, seed=number))
        found[members or len(pool)] = together(parts)
    for members, each in found.items():
        table(each, title=f"{name}, {groups - 1} profiles, {members} members, {len(each.label):,} receipts", others={"to items": ITEMS})
    few, many = found.get(FEW, next(iter(found.values()))), found[max(found)]
    worst = max(each.difference(TOPICS, ALONE).value for each in found.values())
    bars = {
        f"{name}: unlabelled receipts, {FEW} members, upper end": report.at_most(few.difference(TOPICS, ALONE).high, 0.0),
        f"{name}: unlabelled receipts, worst": report.at_most(worst, LOSS),
        f"{name}: items less evidence, worst": report.at_most(max(e.difference(ITEMS, TOPICS).value for e in found.values()), LOSS),
        f"{name}: place less items, worst": report.at_most(max(e.difference(PLACED, ITEMS).value for e in found.values()), LOSS),
        f"{name}: place less items, all members, upper end": report.at_most(many.difference(PLACED, ITEMS).high, 0.0),
    }
    return {"profiles": groups - 1, "members": {str(size): figures(each, ALONE, ITEMS) for size, each in found.items()}}, bars


def main(argv: Sequence[str] | None = None) -> int:
    return report.run(lambda options: of_each(measured, options), data_parser(__doc__), argv, smoke=SMOKE)


if __name__ == "__main__":
    sys.exit(main())
