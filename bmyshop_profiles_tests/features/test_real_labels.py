"""The shipped classifier on the articles of a real bakery, none of which it was trained on."""

import csv
import gzip
from collections import Counter

import pandas as pd
import pytest

from bmyshop_profiles.features.categories import categorise
from bmyshop_profiles.features.label_classifier import shipped
from bmyshop_profiles_tests.realdata import shared


@pytest.mark.realdata
def test_articles_of_a_bakery() -> None:
    path = shared("french_bakery") / "french_bakery" / "bakery_sales.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        sold = Counter(row["article"] for row in csv.DictReader(file))
    articles = pd.DataFrame({"product_key": list(sold), "label": list(sold), "family": "unknown"})
    found = categorise(articles, {}, shipped(), least_confidence=0.6).assign(lines=list(sold.values())).set_index("product_key")
    expected = {
        "TRADITIONAL BAGUETTE": "bread",
        "CROISSANT": "pastry",
        "FORMULE SANDWICH": "sandwiches_snacks",
        "ECLAIR": "pastry",
        "DEMI BAGUETTE": "bread",
        "SUCETTE": "confectionery",
    }
    assert found.category[list(expected)].to_dict() == expected
    assert (found.method["."], found.is_abstained["."]) == ("none", True)
    bakery = found[found.category.isin(["bread", "pastry", "sandwiches_snacks"])].lines.sum() / found.lines.sum()
    assert bakery > 0.6  # 15 % of the lines are COUPE and BANETTE, which only this shop knows
