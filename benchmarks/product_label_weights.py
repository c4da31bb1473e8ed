"""Rebuilds the weights that the package ships: labels → categories, learnt from public lists and a few labels written by hand.

The same lists give the same weights. What goes in: the till labels and the other list of InseeFrLab/codif-coicop-bdf, COICOP names and
examples at half weight (see `benchmarks.product_labels`), and `product_label_seeds.csv` beside this file: typical labels, written by hand,
of what household surveys hardly hold (tobacco, e-liquids in their flavours, games, stamps, parcels, a bar's coffee). A code that tells no
category teaches nothing.
Usage: python -m benchmarks.product_label_weights [--write]
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd

import bmyshop_profiles.references as references
from benchmarks.product_labels import listed_labels, nomenclature, till_labels, weights
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


def train() -> LabelClassifier:
    """The classifier of the package. A label written by hand stands over the same label in a list."""
    by_hand = seeds()
    lists = pd.concat([till_labels(), listed_labels()]).assign(weight=1.0)
    lists = pd.concat([lists, nomenclature().assign(weight=NOMENCLATURE_WEIGHT)])
    lists = lists[lists.category.notna() & (lists.key != "") & ~lists.key.isin(set(by_hand.key))]
    rows = pd.concat([by_hand.assign(weight=1.0), lists]).drop_duplicates(["key", "category"])
    return fit(list(rows.text), list(rows.category), list(rows.weight * weights(rows.category)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true", help="write the weights into the package")
    options = parser.parse_args()
    made = to_bytes(train())
    path = Path(next(iter(references.__path__))) / WEIGHTS
    if options.write:
        path.write_bytes(made)
    now, before = from_bytes(made), from_bytes(path.read_bytes())
    same = now.classes == before.classes and float(np.abs(now.weights - before.weights).max()) < 1e-3
    told = "the same as shipped" if same else "not the same as shipped"
    print(f"{len(now.classes)} classes, {len(made):,} bytes, temperature {now.temperature:.2f}; {told}")
    bars = {
        "bytes": {"value": len(made), "target": MOST_BYTES, "met": len(made) <= MOST_BYTES},
        "the weights shipped are rebuilt": {"value": same, "target": True, "met": same},
    }
    print(json.dumps({"figures": {"classes": list(now.classes), "bytes": len(made)}, "bars": bars}))


if __name__ == "__main__":
    main()
