"""Cards: what is told is sure, described by other receipts, and no basket is anybody's."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.reports.cards import card_content
from bmyshop_profiles.typology.cards import Facts, baskets, profile_cards
from bmyshop_profiles.typology.groups import DAYPARTS

PRODUCTS = pd.DataFrame({"product_key": list("abcd"), "label": ["Baguette", "Croissant", "Le Quotidien", "Loto"]})
FAMILY = dict(zip("abcd", ("PAIN", "VIENNOISERIE", "PRESSE", "JEUX"), strict=True))


@pytest.fixture(scope="module")
def facts() -> Facts:
    """60 members: half buy bread, half the paper; half 1 of their receipts."""
    rng = np.random.default_rng(0)
    keys = [f"m{number:02d}" for number in range(60)]
    bought, totals, visits = [], [], []
    for number, key in enumerate(keys):
        counts = rng.multinomial(10, [0.6, 0.2, 0.1, 0.1] if number < 30 else [0.1, 0.1, 0.6, 0.2])
        bought += [(key, product, FAMILY[product], count) for product, count in zip("abcd", counts, strict=True) if count]
        totals.append((key, 5, 10, 1000 if number < 30 else 3000, 4, 1, 0, 0, 0, 0))
        visits.append((key, "bakery" if number < 30 else "press", 5))
    return Facts(
        pd.DataFrame({"member_key": keys, "profile_key": ["p01"] * 30 + ["p02"] * 30}),
        pd.DataFrame(bought, columns=["member_key", "product_key", "family", "bought_count"]),
        pd.DataFrame(
            totals, columns=["member_key", "receipts_count", "lines_count", "amount_cents", *(f"{name}_count" for name in DAYPARTS)]
        ),
        pd.DataFrame(visits, columns=["member_key", "store_type", "receipts_count"]),
        PRODUCTS,
    )


@pytest.fixture(scope="module")
def cards(facts: Facts) -> pd.DataFrame:
    return profile_cards(facts)


def rows(cards: pd.DataFrame, profile: str, section: str) -> pd.DataFrame:
    return cards[(cards.profile_key == profile) & (cards.section == section)].set_index("label")


def test_what_is_told_is_on_one_side_of_one(cards: pd.DataFrame) -> None:
    more, less = rows(cards, "p01", "more"), rows(cards, "p01", "less")
    assert more.index[0] == "PAIN"
    assert (more.low > 1).all()
    assert less.index[0] == "PRESSE"
    assert (less.high < 1).all()
    assert more.value["PAIN"] == pytest.approx(more.own_share["PAIN"] / more.network_share["PAIN"])


def test_sizes_are_shares_with_intervals(cards: pd.DataFrame) -> None:
    size = rows(cards, "p02", "size")
    assert size.value["members"] == 30
    assert size.value[["members_share", "receipts_share", "spend_share"]].tolist() == [0.5, 0.5, 0.75]
    assert size.low["spend_share"] < 0.75 < size.high["spend_share"]


def test_shops_and_moments(cards: pd.DataFrame) -> None:
    assert rows(cards, "p01", "store_type").value.to_dict() == {"bakery": 2.0}
    assert rows(cards, "p01", "daypart").value.to_dict() == {"early": 1.0, "morning": 1.0}


def test_people_are_told_where_they_are_known(facts: Facts) -> None:
    known = pd.DataFrame({"member_key": facts.labels.member_key, "female_posterior": [0.9] * 30 + [0.3] * 30})
    found = rows(profile_cards(facts._replace(demographics=known)), "p01", "people")
    assert found.value["female"] == pytest.approx(0.9)
    assert found.network_share["female"] == pytest.approx(0.6)


def test_baskets_hold_no_article_of_few_people() -> None:
    columns = ["label", "family", "gain", "own_share", "units", "buyers"]
    products = pd.DataFrame(
        [("Baguette", "PAIN", 0.9, 0.4, 90, 30), ("Rare", "RARE", 2.0, 0.2, 90, 1), ("Loto", "JEUX", -0.1, 0.3, 90, 30)], columns=columns
    )
    assert baskets(products, 2.2) == ["Baguette + Loto"]
    assert baskets(products, 0.4) == ["Baguette"]
    assert baskets(products.head(0), 2) == []


def test_a_source_without_families_is_told_by_its_products(facts: Facts) -> None:
    found = profile_cards(facts._replace(bought=facts.bought.assign(family="unknown")))
    assert rows(found, "p02", "more").index[0] == "Le Quotidien"


def test_nothing_is_told_without_profiles(facts: Facts) -> None:
    assert profile_cards(facts._replace(labels=facts.labels.head(0))).empty


def test_the_page_speaks_french_and_says_how_sure_a_profile_is(cards: pd.DataFrame) -> None:
    quality = pd.DataFrame({"profile_key": ["p01", "p02"], "verdict": ["flagged", "withheld"]})
    first, second = card_content(cards, quality, {"p01": "pain", "p02": "presse"})
    assert (first["name"], second["name"]) == ("pain", "presse")
    assert [row["label"] for row in first["store_type"]] == ["boulangerie"]
    assert first["daypart"] == []  # as everybody
    assert first["verdict"].startswith("profil à confirmer")
    assert second["size"]["spend_share"]["value"] == 0.75
