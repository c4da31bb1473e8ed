"""The category of each product: that of its till's family where a mapping tells it, else what its label suggests, else none.

Here: which family means which category, learning from the products that families settle, the rows of `product_categories`.
Not here: the categories (`references.taxonomy`), the classifier (`label_classifier.py`).
"""

import csv
import difflib
from collections import Counter, defaultdict
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.features.label_classifier import LabelClassifier, adapt
from bmyshop_profiles.features.label_text import fold, label_key, normalise_label
from bmyshop_profiles.references.taxonomy import taxonomy

HEADER = ["family", "category"]


def family_categories(file: Path | None = None) -> dict[str, str]:
    """Folded family → category: the package's list of families of French tills, and over it a person's own file.

    Args:
        file: a CSV with the header `family,category`. An empty category takes a family out: its products are read by their labels.

    Raises:
        BmyshopError: a line of the file is not two fields, or names a category that does not exist; file and line are named.
    """
    shipped = resources.files("bmyshop_profiles.references").joinpath("data/product_families.csv").read_text(encoding="utf-8")
    known = _read(shipped, "product_families.csv")
    if file is not None:
        try:
            known |= _read(file.read_text(encoding="utf-8-sig"), str(file))
        except FileNotFoundError:
            raise BmyshopError(f"{file}: there is no such file; the setting product_families names it") from None
        except UnicodeDecodeError:
            raise BmyshopError(f"{file}: is not UTF-8; save it as UTF-8") from None
    return {family: category for family, category in known.items() if category}


def _read(text: str, name: str) -> dict[str, str]:
    lines = list(csv.reader(text.splitlines()))
    if not lines or lines[0] != HEADER:
        raise BmyshopError(f"{name}, line 1: the header must be {','.join(HEADER)}")
    found = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) != len(HEADER):
            raise BmyshopError(f"{name}, line {number}: {len(line)} fields where there must be two: family,category")
        family, category = line[0], line[1].strip()
        if category and category not in taxonomy():
            near = difflib.get_close_matches(category, taxonomy(), n=1)
            raise BmyshopError(f"{name}, line {number}: {category!r} is no category" + (f"; did you mean {near[0]}?" if near else ""))
        found[fold(family)] = category
    return found


def categorise(
    products: pd.DataFrame, families: Mapping[str, str], classifier: LabelClassifier, *, least_confidence: float
) -> pd.DataFrame:
    """One row per product: category, method, confidence, is_abstained.

    Args:
        products: product_key, label, family.
        families: from `family_categories`.
        classifier: what is known before the network's own labels; it is adapted to those whose family tells their category.
        least_confidence: a label that suggests its category with less is left without one.

    Returns:
        Rows in the order of `products`. `method` is `family`, `label`, or `none` where neither says anything. `confidence` is the
        classifier's, 1 for a family, NaN for none. `is_abstained` where there is no category.
    """
    category = np.array([families.get(fold(family)) for family in products.family.fillna("")], object)
    texts = np.array([normalise_label(label) for label in products.label.fillna("")], object)
    settled = np.array([each is not None for each in category], bool)
    readable = ~settled & (texts != "")
    confidence = np.where(settled, 1.0, np.nan)
    if readable.any():
        known = _agreed(texts[settled], category[settled])
        shares = adapt(classifier, list(known), list(known.values())).confidences(list(texts[readable]))
        confidence[readable] = shares.max(1)
        suggested = np.array(classifier.classes, object)[shares.argmax(1)]
        category[readable] = np.where(confidence[readable] >= least_confidence, suggested, None)
    return pd.DataFrame(
        {
            "product_key": products.product_key.to_numpy(),
            "category": category,
            "method": np.select([settled, readable], ["family", "label"], "none"),
            "confidence": confidence,
            "is_abstained": [each is None for each in category],
        }
    )


def _agreed(texts: np.ndarray, categories: np.ndarray) -> dict[str, str]:
    """Each readable label once, with the category that most products of its words have; the first in the alphabet where they tie."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    spelled: dict[str, str] = {}
    for text, category in sorted(zip(texts, categories, strict=True)):
        if text:
            spelled.setdefault(label_key(text), text)
            votes[label_key(text)][category] += 1
    return {spelled[key]: min(count, key=lambda name: (-count[name], name)) for key, count in votes.items()}
