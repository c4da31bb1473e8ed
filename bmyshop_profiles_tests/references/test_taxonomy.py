"""The taxonomy: complete, of the size agreed, and told by COICOP codes as written."""

import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.references.taxonomy import category_of_coicop, taxonomy, taxonomy_frame


def test_categories_have_names_and_codes() -> None:
    categories = taxonomy()
    assert 25 <= len(categories) <= 35
    assert all(each.label_fr and each.label_en and each.coicop_2018 for each in categories.values())
    assert len({each.label_fr for each in categories.values()}) == len({each.label_en for each in categories.values()}) == len(categories)
    assert categories["bread"].label_fr == "Pain"
    assert categories["press"].coicop_2018 == ("09.7.2",)


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("01.1.1.3.1", "bread"),
        ("01.1.1.3.9.2", "pastry"),
        ("01.1.1.5.0", "grocery"),  # by the class above it
        ("01.1.1.3", None),  # too coarse: bread, pastry or biscuits
        ("02.3.0.1", "tobacco"),
        ("02.3.0.9", None),  # shared: rolling tobacco, papers, liquids
        ("02", None),
        ("07.4.1", "parcels"),
        ("07.4.1.1", "postage_stamps"),
        ("13.9.0.9.3", None),
        ("03.1.2.1", "other"),
        ("09.7.2.1", "press"),
        ("09.7.2.2", "press"),
    ],
)
def test_a_code_tells_the_category_of_the_longest_code_listed(code: str, category: str | None) -> None:
    assert category_of_coicop(code) == category


@pytest.mark.parametrize("code", ["06.1.1.1", "06.2.3.1", "13.2.2.0", "13.9.0.2", "12.1.2.0"])
def test_health_and_faith_are_pooled_with_all_that_is_other(code: str) -> None:
    assert category_of_coicop(code) == "other"


def test_the_table_has_the_documented_columns_in_the_order_of_the_file() -> None:
    frame = taxonomy_frame()
    assert list(frame.columns) == list(load_catalogue()["product_taxonomy"].file.columns)
    assert frame.sort_rank.tolist() == list(range(1, len(taxonomy()) + 1))
    assert frame[frame.category == "hygiene"].coicop_2018.tolist() == ["13.1.1 13.1.2"]
