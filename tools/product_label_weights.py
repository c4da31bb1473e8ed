"""Rebuilds the weights that the package ships: labels → categories, learnt from public lists and a few labels written by hand.

The same lists give the same weights. What goes in: the till labels and the other list of InseeFrLab/codif-coicop-bdf, COICOP names and
examples at half weight (see `benchmarks/features/product_labels.py`), and `product_label_seeds.csv` beside this file: typical labels,
written by hand, of what household surveys hardly hold (tobacco, e-liquids in their flavours, games, stamps, parcels, a bar's coffee). A
code that tells no category teaches nothing.
Usage: python -m tools.product_label_weights [--write]
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import bmyshop_profiles.references as references
from benchmarks.features.product_labels import listed_labels, nomenclature, till_labels, weights
from benchmarks.helpers import report
from bmyshop_profiles.features.label_classifier import WEIGHTS, LabelClassifier, fit, from_bytes, to_bytes
from bmyshop_profiles.features.label_text import label_key, normalise_label

SEEDS = Path(__file__).with_name("product_label_seeds.csv")
NOMENCLATURE_WEIGHT = 0.5
MOST_BYTES = 2_000_000


def seeds() -> pd.DataFrame:
    """category, text, key of the labels written by hand."""
    with SEEDS.open(encoding="utf-8") as file:
        rows = [(row["category"], normalise_label(label)) for row in csv.DictReader(file) for label in row["labels"].split("|")]
    found = pd.DataFrame(rows, columns=["category", "text"])
    return found[found.text != ""].assign(key=lambda each: each.text.map(label_key))


def train(*, labels: int | None = None) -> LabelClassifier:
    """The classifier of the package; of so many labels. A label written by hand stands over the same label in a list."""
    by_hand = seeds()
    lists = pd.concat([till_labels(), listed_labels()]).assign(weight=1.0)
    lists = pd.concat([lists, nomenclature().assign(weight=NOMENCLATURE_WEIGHT)])
    lists = lists[lists.category.notna() & (lists.key != "") & ~lists.key.isin(set(by_hand.key))]
    rows = pd.concat([by_hand.assign(weight=1.0), lists]).drop_duplicates(["key", "category"])
    rows = rows if labels is None else rows[:: max(1, len(rows) // labels)]
    return fit(list(rows.text), list(rows.category), list(rows.weight * weights(rows.category)))


def measure(options: argparse.Namespace) -> report.Measured:
    """Rebuild the weights and compare them with those shipped."""
    made = to_bytes(train(labels=options.labels))
    path = Path(next(iter(references.__path__))) / WEIGHTS
    if options.write:
        path.write_bytes(made)
    now, before = from_bytes(made), from_bytes(path.read_bytes())
    same = now.classes == before.classes and float(np.abs(now.weights - before.weights).max()) < 1e-3
    report.show([{"classes": len(now.classes), "bytes": len(made), "temperature": now.temperature, "as shipped": same}])
    bars = {"bytes": report.at_most(len(made), MOST_BYTES), "the weights shipped are rebuilt": report.equal(same, True)}
    return {"classes": now.classes, "bytes": len(made)}, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--labels", type=int, help="to learn from; default: all")
    parser.add_argument("--write", action="store_true", help="write the weights into the package")
    return report.run(measure, parser, argv, smoke={"labels": 300})


if __name__ == "__main__":
    sys.exit(main())
