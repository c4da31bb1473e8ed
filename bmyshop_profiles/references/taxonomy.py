"""The canonical categories of products, and which COICOP 2018 codes teach them.

Here: reading the taxonomy that the package ships, from COICOP code to category. Not here: families of tills and labels (`features`).

COICOP 2018: United Nations Statistics Division, Classification of Individual Consumption According to Purpose, 2018, with the French
sub-classes of the household budget survey. The codes were written down before any model was fitted.
"""

import csv
import functools
from dataclasses import dataclass
from importlib import resources

import pandas as pd

OTHER = "other"


@dataclass(frozen=True)
class Category:
    """A category: its key, its labels, and the COICOP 2018 codes it lies in. A code that several categories list tells none of them."""

    category: str
    label_fr: str
    label_en: str
    coicop_2018: tuple[str, ...]


@functools.cache
def taxonomy() -> dict[str, Category]:
    """The categories by key, in the order of the file.

    `other` takes all that shops of this kind hardly sell. Medicines, care and religious articles are in it, with clothes, fuel and
    much else, so that a category never says anything about health or faith; the press is one category, whatever the title.
    """
    text = resources.files("bmyshop_profiles.references").joinpath("data/product_taxonomy.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["category"]: Category(row["category"], row["label_fr"], row["label_en"], tuple(row["coicop_2018"].split())) for row in rows}


def taxonomy_frame() -> pd.DataFrame:
    """The rows of `product_taxonomy`, in the order of the file."""
    return pd.DataFrame(
        [
            {
                "category": each.category,
                "label_fr": each.label_fr,
                "label_en": each.label_en,
                "coicop_2018": " ".join(each.coicop_2018),
                "sort_rank": rank,
            }
            for rank, each in enumerate(taxonomy().values(), start=1)
        ]
    )


@functools.cache
def _owners() -> dict[str, set[str]]:
    owners: dict[str, set[str]] = {}
    for each in taxonomy().values():
        for code in each.coicop_2018:
            owners.setdefault(code, set()).add(each.category)
    return owners


def category_of_coicop(code: str) -> str | None:
    """The category of a COICOP 2018 code: that of the longest code listed which it starts with, else `other`.

    None where the code does not tell: it is too coarse (some category lists a finer one), or several categories share it.
    """
    owners = _owners()
    parts = code.split(".")
    if code not in owners and any(listed.startswith(f"{code}.") for listed in owners):
        return None
    for length in range(len(parts), 0, -1):
        found = owners.get(".".join(parts[:length]))
        if found:
            return next(iter(found)) if len(found) == 1 else None
    return OTHER
