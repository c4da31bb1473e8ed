"""Cards: what is told is sure, described by other receipts, and no basket is anybody's."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.references.wording import tidy
from bmyshop_profiles.statistics.intervals import ratio_interval, ratio_intervals
from bmyshop_profiles.typology.cards.cards import Facts, baskets, profile_cards

PRODUCTS = pd.DataFrame({"product_key": list("abcd"), "label": ["BAGUETTE 250G", "CROISSANT", "LE QUOTIDIEN DU MATIN", "LOTO"]})
FAMILY = dict(zip("abcd", ("PAIN", "VIENNOISERIE", "PRESSE", "JEUX"), strict=True))
CATEGORY = dict(zip("abcd", ("bread", "pastry", "press", "games_of_chance"), strict=True))
FRENCH = pd.DataFrame(
    [
        ("bread", "Pain"),
        ("pastry", "Viennoiserie et pâtisserie"),
        ("press", "Presse"),
        ("games_of_chance", "Jeux de hasard"),
        ("other", "Autre"),
    ],
    columns=["category", "label_fr"],
)
NOTHING = pd.DataFrame({"member_key": []})


@pytest.fixture(scope="module")
def facts() -> Facts:
    """60 members: half buy bread, half the paper; half 1 of their receipts."""
    rng = np.random.default_rng(0)
    keys = [f"m{number:02d}" for number in range(60)]
    bought, totals, visits = [], [], []
    for number, key in enumerate(keys):
        counts = rng.multinomial(10, [0.5, 0.3, 0.1, 0.1] if number < 30 else [0.1, 0.1, 0.6, 0.2])
        bought += [(key, p, FAMILY[p], CATEGORY[p], "family", count) for p, count in zip("abcd", counts, strict=True) if count]
        totals.append((key, 5, 10, 1000 if number < 30 else 3000))
        visits += [(key, "daypart", "early", 4), (key, "daypart", "morning", 1)]
        visits.append((key, "store_type", "bakery" if number < 30 else "press", 5))
    return Facts(
        pd.DataFrame({"member_key": keys, "profile_key": ["p01"] * 30 + ["p02"] * 30}),
        pd.DataFrame(bought, columns=["member_key", "product_key", "family", "category", "method", "bought_count"]),
        pd.DataFrame(totals, columns=["member_key", "receipts_count", "lines_count", "amount_cents"]),
        pd.DataFrame(visits, columns=["member_key", "section", "label", "receipts_count"]),
        PRODUCTS,
        FRENCH,
        NOTHING,
        NOTHING,
    )


@pytest.fixture(scope="module")
def cards(facts: Facts) -> pd.DataFrame:
    return profile_cards(facts)


def rows(cards: pd.DataFrame, profile: str, section: str) -> pd.DataFrame:
    return cards[(cards.profile_key == profile) & (cards.section == section)].set_index("label")


def test_intervals_of_many_figures_are_those_of_each() -> None:
    rng = np.random.default_rng(1)
    bought, totals = rng.poisson(1.0, (40, 6)), rng.integers(0, 9, 40)
    found = np.array(ratio_intervals(csr_matrix(bought * (totals > 0)[:, None]), totals.astype(float)))
    assert np.allclose(found.T, np.array([ratio_interval(bought[:, column], totals)[:3] for column in range(6)]))
    value, low, _ = ratio_intervals(csr_matrix([[1.0]]), np.array([2.0]))
    assert (value[0], low[0]) == (0.5, -np.inf)


def test_what_is_told_is_on_one_side_of_one_and_in_french(cards: pd.DataFrame) -> None:
    more, less = rows(cards, "p01", "more"), rows(cards, "p01", "less")
    assert more.index.tolist() == ["Pain", "Viennoiserie et pâtisserie"]
    assert (more.low > 1).all()
    assert less.index[0] == "Presse"
    assert (less.high < 1).all()
    assert more.value["Pain"] == pytest.approx(more.own_share["Pain"] / more.network_share["Pain"])
    assert more.people_count["Pain"] == 30


def test_what_nobody_of_a_profile_bought_has_an_interval_too(facts: Facts) -> None:
    taken = facts.bought[~((facts.bought.product_key == "d") & (facts.bought.member_key < "m30"))]
    found = rows(profile_cards(facts._replace(bought=taken)), "p01", "less").loc["Jeux de hasard"]
    articles = taken[taken.member_key < "m30"].bought_count.sum()
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3 / articles / found.network_share)


def test_sizes_are_shares_with_intervals(cards: pd.DataFrame) -> None:
    size = rows(cards, "p02", "size")
    assert size.value["members"] == 30
    assert size.value[["members_share", "receipts_share", "spend_share"]].tolist() == [0.5, 0.5, 0.75]
    assert size.low["spend_share"] < 0.75 < size.high["spend_share"]


def test_shops_and_moments(cards: pd.DataFrame) -> None:
    assert rows(cards, "p01", "store_type").value.to_dict() == {"bakery": 2.0}
    assert rows(cards, "p01", "daypart").value.to_dict() == {"early": 1.0, "morning": 1.0}


def test_people_and_places_are_told_where_they_are_known(facts: Facts) -> None:
    keys = facts.labels.member_key
    known = pd.DataFrame({"member_key": keys, "female_posterior": [0.9] * 30 + [0.3] * 30, "age_55_posterior": np.nan})
    places = pd.DataFrame({"member_key": keys, "median_income_cents": [2_400_000] * 29 + [2_100_000] + [2_000_000] * 30})
    found = profile_cards(facts._replace(demographics=known, places=places))
    people, place = rows(found, "p01", "people"), rows(found, "p01", "place")
    assert people.index.tolist() == ["female"]  # of nobody's age anything is known
    assert (people.value["female"], people.network_value["female"]) == (pytest.approx(0.9), pytest.approx(0.6))
    income = place.loc["median_income_cents"]
    assert (income.value, income.network_value) == (2_390_000, 2_195_000)
    assert income.low < income.value < income.high


def test_titles_of_the_press_are_never_named(cards: pd.DataFrame) -> None:
    assert not cards.label.str.contains("quotidien", case=False).any()
    assert rows(cards, "p02", "article").index[0] == "journal ou magazine"
    assert rows(cards, "p02", "basket").index[0].startswith("Journal ou magazine + ")


def test_of_the_category_other_nothing_is_told(facts: Facts) -> None:
    other = facts.bought.assign(category=facts.bought.category.replace("games_of_chance", "other"))
    for told in (other, other.assign(category=other.category.where(other.category == "other"))):  # with categories, and by families
        found = profile_cards(facts._replace(bought=told))
        assert not found.label.str.contains("jeux|loto|autre", case=False).any()
        assert len(rows(found, "p02", "more")) == 1


def test_where_most_products_have_a_category_those_without_are_not_named(facts: Facts) -> None:
    found = profile_cards(facts._replace(bought=facts.bought.assign(category=facts.bought.category.where(facts.bought.product_key != "a"))))
    assert not found.label.str.contains("baguette", case=False).any()
    assert rows(found, "p01", "more").index.tolist() == ["Viennoiserie et pâtisserie"]


def test_a_source_whose_products_have_no_category_is_told_by_its_families_in_its_own_words(facts: Facts) -> None:
    found = profile_cards(facts._replace(bought=facts.bought.assign(category=None, method="none")))
    assert rows(found, "p01", "more").index.tolist() == ["pain", "viennoiserie"]


def test_a_source_without_families_is_told_by_its_products(facts: Facts) -> None:
    plain = facts.bought.assign(family="unknown", category=None, method="none")
    found = profile_cards(facts._replace(bought=plain))
    assert rows(found, "p02", "more").index[0] == "le quotidien du matin"
    assert rows(found, "p02", "article").empty
    # what labels suggest is not believed where less than half of what is bought has a category
    few = plain.assign(category=facts.bought.category.where(facts.bought.product_key == "c"), method="label")
    few.loc[few.category.notna(), "bought_count"] = 1
    assert not (profile_cards(facts._replace(bought=few)).label == "journal ou magazine").any()


def test_baskets_hold_no_article_of_few_people_and_no_two_alike() -> None:
    columns = ["label", "kind", "gain", "own_share", "units", "buyers"]
    products = pd.DataFrame(
        [
            ("baguette", "bread", 0.9, 0.4, 90, 30),
            ("rare", "rare", 2.0, 0.2, 90, 4),
            ("loto", "games", -0.1, 0.3, 90, 20),
            ("pain complet", "bread", -0.1, 0.35, 90, 30),
        ],
        columns=columns,
    )
    assert list(baskets(products, 2.2)) == [{"label": "Baguette + loto", "people_count": 20}]
    assert list(baskets(products, 0.4)) == [{"label": "Baguette", "people_count": 30}]
    assert list(baskets(products.head(0), 2)) == []
    clocks = pd.DataFrame([(f"alarm clock {c}", c, 0.9, 0.4, 90, 30) for c in "ab"] + [("mug", "m", -0.1, 0.1, 90, 30)], columns=columns)
    assert [row["label"] for row in baskets(clocks, 3)] == ["Alarm clock a + mug", "Alarm clock b + mug"]


def test_nothing_is_told_without_profiles(facts: Facts) -> None:
    assert profile_cards(facts._replace(labels=facts.labels.head(0))).empty


def test_the_order_of_rows_does_not_matter(facts: Facts, cards: pd.DataFrame) -> None:
    mixed = facts._replace(
        **{name: getattr(facts, name).sample(frac=1, random_state=0) for name in ("labels", "bought", "totals", "visits")}
    )
    pd.testing.assert_frame_equal(profile_cards(mixed), cards)


def test_labels_are_made_readable() -> None:
    assert tidy("  JAMBON-BEURRE   + EAU 50CL ") == "jambon-beurre + eau 50 cl"
    assert tidy("RECHARGE MOBILE 10€") == "recharge mobile 10 €"
    assert tidy("Le Café de Paris 250 G.") == "Le Café de Paris 250 g"
    assert tidy("CANDY BARS (SINGLES)(INCLUDING") == "candy bars"
    assert tidy("(SANS NOM)") == "(sans nom)"
    assert tidy("TICKET FDJ CASH") == "ticket FDJ cash"
    assert tidy("a very long label of the till that never ends", 20) == "a very long label…"
