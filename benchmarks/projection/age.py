"""Does one receipt tell the age of its buyer, as well as a rival that knows the same? `python -m benchmarks.projection.age`

Ta-Feng, half of the customers of a Taiwanese grocer, three bands of age that they declared: people in five folds, learnt on four, scored on
the fifth. Items are products, categories their sub-classes; nothing of the scored people is among the unlabelled receipts. No shop or hour
is known there. The ridge is a logistic regression on both levels, its strength chosen by folds inside.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.real_people import public_file
from benchmarks.projection.methods import ITEMS, PRIOR, RIDGE, TOPICS, Task, figures, one_hot, score, table, together
from benchmarks.simulation.ages import BANDS
from bmyshop_profiles.statistics.intervals import person_folds

LOG_LOSS = 0.895
FOLDS = 5


def ta_feng(share: float = 1.0) -> tuple[Task, np.ndarray]:
    """Receipts of the customers whose age is known, or of a share of them; and the area of each receipt, a number."""
    lines = pd.read_parquet(public_file("ta_feng", "ta_feng_half.parquet"))
    lines = lines[lines.AGE_GROUP.notna()]
    if share < 1:
        customers = lines.CUSTOMER_ID.drop_duplicates()
        lines = lines[lines.CUSTOMER_ID.isin(customers.sample(frac=share, random_state=0))]
    names, row = np.unique((lines.TRANSACTION_DT + "/" + lines.CUSTOMER_ID).to_numpy(str), return_inverse=True)
    first = lines.iloc[np.unique(row, return_index=True)[1]]
    code, products = pd.factorize(lines.PRODUCT_ID, sort=True)
    found = csr_matrix((np.ones(len(lines)), (row, code)), shape=(len(names), len(products)))
    receipts = csr_matrix(found > 0, dtype=float)
    person, people = pd.factorize(first.CUSTOMER_ID, sort=True)
    label = np.zeros(len(people), dtype=int)
    label[person] = first.AGE_GROUP.map(BANDS)
    subclass = lines.drop_duplicates("PRODUCT_ID").set_index("PRODUCT_ID").PRODUCT_SUBCLASS.loc[products]
    task = Task(csr_matrix(one_hot(person).T @ receipts), label, receipts, person, receipts, 3, one_hot(subclass.to_numpy()))
    return task, pd.factorize(first.PIN_CODE, sort=True)[0]


def measure(options: argparse.Namespace) -> report.Measured:
    """Losses over the folds, and bars."""
    task, _ = ta_feng(options.share)
    fold, parts = person_folds(len(task.label), folds=FOLDS, seed=0), []
    for number in range(1 if options.smoke else FOLDS):
        learn, scored = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        sea = csr_matrix(task.receipts[task.of(learn)])
        parts.append(score(replace(task, sea=sea), learn, scored, rivals=True, seed=number))
    found = together(parts)
    table(found, title=f"age of the buyer of one receipt, {len(found.label):,} receipts", others={"to the ridge": RIDGE})
    against = found.difference(ITEMS, RIDGE)
    bars = {
        "log-loss of what is served": report.at_most(found.mean(ITEMS), LOG_LOSS),
        "lower end of served less ridge (not surely worse)": report.at_most(against.low, 0.0),
        "upper end of served less evidence alone": report.at_most(found.difference(ITEMS, TOPICS).high, 0.0),
    }
    return {"receipts": len(found.label), "prior": found.mean(PRIOR), "methods": figures(found, RIDGE)}, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the customers")
    return report.run(measure, parser, argv, smoke={"share": 0.03})


if __name__ == "__main__":
    sys.exit(main())
