"""Public labels of products with their COICOP 2018 code, in one shape.

Belongs here: loading, what is left out, which labels are equal. Does not belong here: any fitting.

InseeFrLab/codif-coicop-bdf (MIT): till labels of the French household budget survey (half of a public set), a list of label → COICOP,
and the COICOP 2018 nomenclature. Read from `product_labels/` under the directory named by BMYSHOP_REAL_DATA, or under `../shared/data`
beside the checkout. Codes of both files are COICOP 2018 (02.3 tobacco, 09.7 press and stationery, 13.1 personal care; in COICOP 1999
these were 02.2, 09.5 and 12.1).
"""

import hashlib
import re

import numpy as np
import pandas as pd

from benchmarks.helpers.real_people import public_file
from bmyshop_profiles.features.label_text import label_key, normalise_label, spell_label
from bmyshop_profiles.references.taxonomy import OTHER, category_of_coicop

LEVELS = ("division", "group", "category")
# What shops of this kind hardly sell is 29 % of the other list and 7 % of the till lines: it counts a tenth.
OTHER_WEIGHT = 0.1
OUTSIDE = ("98", "99")  # of the survey, not of COICOP: unclassifiable, transfers


def _read(name: str, **how: object) -> pd.DataFrame:
    return pd.read_csv(public_file("product_labels", name), dtype=str, **how)


def _prepared(label: pd.Series, code: pd.Series) -> pd.DataFrame:
    """label, code, text (normalised), key (its words), half (0 or 1, of the words even where they name no article), and the targets at
    each level; None where a code does not reach a level."""
    rows = pd.DataFrame({"label": label, "code": code}).dropna()
    rows = rows[rows.code.str.fullmatch(r"\d\d\.\d(\.\d+)*") & ~rows.code.str[:2].isin(OUTSIDE)]
    rows["text"] = rows.label.map(normalise_label)
    rows["key"] = rows.text.map(label_key)
    rows["half"] = draw(rows.label.map(lambda each: label_key(spell_label(each))), 2, "")
    rows["division"], rows["group"] = rows.code.str[:2], rows.code.str[:4]
    rows["category"] = rows.code.map(category_of_coicop)
    return rows.reset_index(drop=True)


def till_labels() -> pd.DataFrame:
    """One row per line of a till receipt."""
    raw = _read("till_labels_to_coicop.csv")
    return _prepared(raw["product"], raw["Code coicop"])


def listed_labels() -> pd.DataFrame:
    """One row per label and code of the other list."""
    raw = _read("labels_to_coicop.csv", sep=";")
    return _prepared(raw["product"], raw["code"]).drop_duplicates(["key", "code"], ignore_index=True)


def nomenclature() -> pd.DataFrame:
    """Names of COICOP 2018 items and the examples in their French notes, cut at commas and conjunctions."""
    raw = _read("coicop_2018.csv", sep=";")
    found = []
    for row in raw.itertuples():
        if isinstance(row.label_fr, str):
            found.append((re.sub(r"\((ND|SD|D|S)\)", "", row.label_fr), row.code))
        if isinstance(row.contenu_central_fr, str):
            notes = re.sub(r"\(.*?\)", "", row.contenu_central_fr)
            pieces = re.split(r"[\n;—•,]+| et | ou |par exemple|y compris|tels? que|telles? que", notes)
            found += [(piece.strip(" .:-"), row.code) for piece in pieces if 2 < len(piece.strip(" .:-")) < 45]
    rows = _prepared(*(pd.Series(part) for part in zip(*found, strict=True)))
    return rows[rows.key != ""].drop_duplicates(["key", "code"], ignore_index=True)


def weights(targets: pd.Series) -> np.ndarray:
    """How much each label counts, by its target; COICOP divisions and groups all count the same."""
    return np.where(targets == OTHER, OTHER_WEIGHT, 1.0)


def draw(keys: pd.Series, parts: int, salt: str) -> pd.Series:
    """A part (0 … parts − 1) for each key, from its hash: equal labels go together, whatever else is in the file."""
    return keys.map(lambda key: int(hashlib.md5(f"{salt}{key}".encode()).hexdigest(), 16) % parts)
