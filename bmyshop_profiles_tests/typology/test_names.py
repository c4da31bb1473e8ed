"""Names by the rule: what the card says, French, sure, and whatever the order of rows."""

import pandas as pd
import pytest

from bmyshop_profiles.references.taxonomy import taxonomy
from bmyshop_profiles.references.wording import SHORT
from bmyshop_profiles.typology.cards.names import EVERYBODY, marking_words, name_profiles


def card(key: str, *marks: tuple[str, float, float], daypart: tuple[str, float, float, float] | None = None) -> list[dict]:
    """marks: label, own share, lift; daypart: label, own share, lift, its low end."""
    rows = [
        {"profile_key": key, "section": "more", "place": place, "label": label, "own_share": share, "value": lift, "low": lift - 0.1}
        for place, (label, share, lift) in enumerate(marks, start=1)
    ]
    if daypart:
        label, share, lift, low = daypart
        rows.append({"profile_key": key, "section": "daypart", "place": 1, "label": label, "own_share": share, "value": lift, "low": low})
    return rows


def names(*cards: list[dict], seed: int | None = None) -> dict[str, str]:
    frame = pd.DataFrame([row for own in cards for row in own])
    keys = [f"p{number:02d}" for number in range(1, len(cards) + 1)]
    clusters = pd.DataFrame(
        [
            {"member_key": f"{key}-{number}", "part": "whole", "state": "in_profile", "profile_key": key}
            for key in keys
            for number in range(3)
        ]
        + [{"member_key": "x", "part": "whole", "state": "atypical", "profile_key": None}]
    )
    if seed is not None:
        frame, clusters = frame.sample(frac=1, random_state=seed), clusters.sample(frac=1, random_state=seed)
    found = name_profiles(clusters, frame)
    assert found.members_share.tolist() == [pytest.approx(3 / (3 * len(cards) + 1))] * len(cards)
    return dict(zip(found.profile_key, found.profile_name, strict=True))


PRESS, PASTRY, TOBACCO = ("Presse", 0.3, 2.0), ("Viennoiserie et pâtisserie", 0.2, 1.8), ("Tabac", 0.2, 1.3)


def test_a_name_is_the_first_two_and_the_moment() -> None:
    found = names(
        card("p01", PRESS, PASTRY, daypart=("early", 0.4, 1.5, 1.2)),
        card("p02", PRESS, PASTRY, TOBACCO),
        card("p03", PRESS, ("Glaces", 0.02, 1.4), daypart=("night", 0.1, 3.0, 2.0)),
        card("p04", TOBACCO, PASTRY, daypart=("noon", 0.4, 1.5, 0.9)),
    )
    assert found == {
        "p01": "Presse et viennoiserie, tôt le matin",
        "p02": "Presse et viennoiserie",
        "p03": "Presse",  # the second says little, and few come at night
        "p04": "Viennoiserie et tabac",  # by what they say, and the moment is not sure
    }


def test_two_profiles_never_bear_one_name() -> None:
    found = names(card("p01", PRESS, PASTRY), card("p02", PRESS, PASTRY, ("Pain", 0.2, 1.7)), card("p03", PRESS, PASTRY), [], [])
    assert found == {
        "p01": "Presse et viennoiserie",
        "p02": "Presse et pain",
        "p03": "Presse",
        "p04": EVERYBODY,
        "p05": f"{EVERYBODY} (p05)",
    }


def test_a_foreign_source_keeps_its_words_and_what_labels_share_is_one() -> None:
    clocks = [(f"alarm clock bakelike {colour}", 0.01, 4.0) for colour in ("red", "green", "ivory")]
    found = names(card("p01", ("baby foods", 0.1, 9.0), ("infant formula", 0.1, 8.0)), card("p02", ("wall clock", 0.005, 2.0), *clocks))
    assert found == {"p01": "Baby foods et infant formula", "p02": "Alarm clock bakelike"}
    words = marking_words(pd.DataFrame(card("p01", ("set of 3 tins", 0.1, 2.0), ("set of 6 tins", 0.1, 2.0))))
    assert list(words) == ["set of 3 tins", "set of 6 tins"]  # a number or a short word is no end of what they share


def test_names_do_not_depend_on_the_order_of_rows() -> None:
    cards = [card(f"p{number:02d}", PRESS, PASTRY, ("Pain", 0.2, 1.8), TOBACCO) for number in range(1, 5)]
    assert names(*cards) == names(*cards, seed=1) == names(*cards, seed=2)


def test_short_words_are_of_the_taxonomy() -> None:
    assert set(SHORT) <= {entry.label_fr for entry in taxonomy().values()}


def test_no_members_no_names() -> None:
    assert name_profiles(pd.DataFrame(), pd.DataFrame()).empty
