"""From month to month: matches, events, stable ids; and a typology that is kept."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.typology.lives.continuity import cluster_matches, match, named_profiles, profile_lives, read_names
from bmyshop_profiles.typology.lives.frozen import frozen_typology, nearest_by_weights, weight_scores
from bmyshop_profiles.typology.members import Members, shopping
from bmyshop_profiles.typology.tables import Wanted, cluster_members
from bmyshop_profiles_tests.worlds import make_world


def month(**sizes: int) -> pd.DataFrame:
    """Members 0, 1, 2… in profiles of the given sizes, in order."""
    keys = [key.removesuffix("_") for key, size in sizes.items() for _ in range(size)]
    return pd.DataFrame({"member_key": [f"m{number:03d}" for number in range(len(keys))], "profile_key": keys, "kin_key": keys})


def lives_on(found: pd.DataFrame) -> set[tuple[str, str]]:
    return {(row.previous_key, row.profile_key) for row in found[found.is_same].itertuples()}


def test_profiles_live_on_under_another_key() -> None:
    found = match(month(p01=60, p02=30, p03=10), month(p02=62, p01=20, p03=18))
    assert lives_on(found) == {("p01", "p02"), ("p02", "p01"), ("p03", "p03")}
    first = found.set_index(["previous_key", "profile_key"]).loc[("p01", "p02")]
    assert (first.members_count, first.kept_share, first.from_share, first.jaccard) == (60, 1.0, 60 / 62, 60 / 62)


def test_one_that_disperses_and_one_that_comes_from_everywhere_have_no_match() -> None:
    before, now = month(p01=40, p02=40, p03=40, p04=12), month(p01=40, p02=40, p03=40, p09=12)
    now.loc[now.profile_key == "p09", "profile_key"] = ["p01"] * 4 + ["p02"] * 4 + ["p03"] * 4  # the fourth disperses
    now.loc[[0, 1, 2, 40, 41, 42, 80, 81, 82], "profile_key"] = "p05"  # and a fifth comes from everywhere
    now["kin_key"] = now.profile_key
    assert lives_on(match(before, now)) == {(key, key) for key in ("p01", "p02", "p03")}


@pytest.mark.parametrize("empty", ["before", "now"])
def test_a_month_without_members_gives_no_matches(empty: str) -> None:
    frame = month(p01=5).assign(month="2025-01" if empty == "now" else "2025-02")
    assert cluster_matches(frame, "2025-02", pd.DataFrame()).empty


def lived(*months: pd.DataFrame, born: tuple[tuple[str, str], ...] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Matches and profiles of months from January on. born: month and profile_key of those that `profile_changes` says were born."""
    names = [f"2025-{number:02d}" for number in range(1, len(months) + 1)]
    clusters = pd.concat([frame.assign(month=name) for frame, name in zip(months, names, strict=True)])
    changes = pd.DataFrame(
        [(each, each, key, "appears") for each, key in born], columns=["month", "typology_month", "profile_key", "event"]
    )
    found = [cluster_matches(clusters, name, changes).assign(month=name) for name in names[1:]]
    return pd.concat(found), clusters[["month", "profile_key"]].drop_duplicates()


def test_ids_are_kept_over_a_month_in_which_a_profile_was_missing() -> None:
    matches, profiles = lived(month(p01=40, p02=60), month(p01=100), month(p02=40, p01=60), month(p01=40, p02=60))
    ids = profile_lives(matches, profiles).set_index(["month", "profile_key"]).profile_id
    assert ids["2025-01", "p01"] == ids["2025-03", "p02"] == ids["2025-04", "p01"] == "2025-01-p01"
    assert ids["2025-01", "p02"] == ids["2025-02", "p01"] == ids["2025-03", "p01"]


def test_kin_are_matched_together_and_the_oldest_id_goes_to_the_largest() -> None:
    """A profile is cut in two in one month, another way in the next, and not at all in the third; nothing happens to another."""
    cut, cut_again, whole = month(p01=60, p02=40, p03=50), month(p01=60, p02=40, p03=50), month(p01=100, p02=50)
    cut_again.loc[:99, "profile_key"] = ["p01", "p02", "p01", "p02", "p01"] * 20
    for frame in (cut, cut_again):
        frame.loc[:99, "kin_key"] = "p01"
    found = match(cut, cut_again)
    assert found.is_kin.sum() == 5
    assert found.is_same.sum() == 3
    matches, profiles = lived(cut, cut_again, whole, cut)
    ids = profile_lives(matches, profiles).set_index(["month", "profile_key"]).profile_id.sort_index()
    assert ids["2025-01"].tolist() == ids["2025-02"].tolist() == ["2025-01-p01", "2025-01-p02", "2025-01-p03"]
    assert ids["2025-03"].to_dict() == {"p01": "2025-01-p01", "p02": "2025-01-p03"}
    assert ids["2025-04"].tolist() == ids["2025-01"].tolist()  # the second piece is known from two months back


def test_what_kin_leave_without_a_match_is_matched_by_itself() -> None:
    """In the first month halves tell nothing apart."""
    before, now = month(p01=60, p02=40, p03=30), month(p01=60, p02=40, p03=30)
    before["kin_key"] = "p01"
    matches, profiles = lived(before, now)
    ids = profile_lives(matches, profiles).set_index(["month", "profile_key"]).profile_id
    assert ids["2025-02"].to_dict() == ids["2025-01"].to_dict()


def test_what_is_born_has_an_id_of_its_own_and_the_old_one_comes_back() -> None:
    """In two months a profile is not told from newcomers, who are many; then it is found again."""
    before = month(p01=50, p02=30)
    lump, apart = before.copy(), before.copy()
    newcomers = pd.DataFrame({"member_key": [f"n{number}" for number in range(60)], "profile_key": "p02", "kin_key": "p02"})
    lump = pd.concat([lump, newcomers], ignore_index=True)
    apart = pd.concat([apart, newcomers.assign(profile_key="p03", kin_key="p03")], ignore_index=True)
    matches, profiles = lived(before, lump, lump, apart, born=(("2025-02", "p02"), ("2025-03", "p02"), ("2025-04", "p03")))
    ids = profile_lives(matches, profiles).set_index(["month", "profile_key"]).profile_id
    assert ids["2025-02", "p02"] == ids["2025-03", "p02"] == ids["2025-04", "p03"] == "2025-02-p02"
    assert ids["2025-04", "p02"] == "2025-01-p02"
    matches, profiles = lived(before, lump, lump, apart)
    assert profile_lives(matches, profiles).set_index(["month", "profile_key"]).profile_id["2025-02", "p02"] == "2025-01-p02"


def marks(*cards: tuple[str, str, tuple[str, ...]]) -> pd.DataFrame:
    """cards: month, profile_key, what it buys more."""
    rows = [
        (month, key, "more", place, label, 0.3 / (place + 1), 2.0) for month, key, labels in cards for place, label in enumerate(labels)
    ]
    return pd.DataFrame(rows, columns=["month", "profile_key", "section", "place", "label", "own_share", "value"])


def test_a_name_stays_while_it_is_true_and_people_may_change_it(tmp_path) -> None:
    matches, profiles = lived(month(p01=40, p02=60), month(p02=40, p01=60), month(p02=40, p01=60))
    profiles = profiles.sort_values(["month", "profile_key"])
    profiles["profile_name"] = ["Pain", "Presse et pain", "Tabac et presse", "Pain et café", "Tabac", "Café"]
    cards = marks(
        ("2025-01", "p01", ("Pain",)),
        ("2025-01", "p02", ("Presse", "Pain")),
        ("2025-02", "p01", ("Tabac", "Presse")),
        ("2025-02", "p02", ("Café", "Pain")),
        ("2025-03", "p01", ("Tabac",)),
        ("2025-03", "p02", ("Café", "Pain")),
    )
    named = named_profiles(matches, profiles, cards, {}).set_index(["month", "profile_key"])
    assert named.profile_id["2025-03", "p01"] == "2025-01-p02"
    assert named.profile_name["2025-02"].to_dict() == {"p01": "Presse et pain", "p02": "Pain"}
    assert named.profile_name["2025-03"].to_dict() == {"p01": "Tabac", "p02": "Pain"}  # the press is no longer what marks it
    mixed = named_profiles(matches, profiles.sample(frac=1, random_state=1), cards.sample(frac=1, random_state=1), {})
    assert mixed.set_index(["month", "profile_key"]).profile_name.equals(named.profile_name)
    path = tmp_path / "profile_names.toml"
    path.write_text('"2025-01-p02" = "Pain"\n', encoding="utf-8")
    chosen = named_profiles(matches, profiles, cards, read_names(path)).set_index(["month", "profile_key"]).profile_name
    assert chosen["2025-02"].to_dict() == {"p01": "Pain", "p02": "Pain et café"}  # who was given a name has it
    assert chosen["2025-01"].to_dict() == {"p01": "Pain (p01)", "p02": "Pain"}
    path.write_text('"2025-01-p02" = 3\n', encoding="utf-8")
    with pytest.raises(BmyshopError, match="a name is a text"):
        read_names(path)
    assert read_names(tmp_path / "none.toml") == {}
    assert named_profiles(matches, profiles.head(0), cards, {}).empty


def members_of(world) -> Members:
    count = world.first.shape[0]
    keys = np.array([f"m{number:04d}" for number in range(count)], dtype=object)
    items = np.array([f"i{number:02d}" for number in range(world.first.shape[1])], dtype=object)
    return Members(keys, items, (world.first, world.second), (np.full(count, 5), np.full(count, 5)))


@pytest.mark.slow
def test_stored_weights_say_what_the_typology_says_and_drift_is_seen() -> None:
    world = make_world(people=200, purchases=40)
    members, wanted = members_of(world), Wanted(label_receipts=1, most_profiles=4)
    clusters, shares, weights, *_ = cluster_members(members, wanted)
    scores, keys = weight_scores(weights, shopping(members).whole, items=members.items, stores=np.empty(0, dtype=object))
    whole = clusters[clusters.part == "whole"]
    inside = (whole.state == "in_profile").to_numpy()
    nearest = nearest_by_weights(weights, scores, shopping(members).whole.sizes, keys)
    assert [keys[number] for number in nearest[inside]] == whole.profile_key[inside].tolist()
    fresh, fresh_weights = shares.assign(month="2025-02"), weights.assign(month="2025-02")
    for moved, drifts in ((0, False), (5, True)):  # what people of a profile buy has moved to other items
        old_shares, old_weights = fresh.assign(month="2025-01"), fresh_weights.assign(month="2025-01")
        other = {f"i{number:02d}": f"i{(number + moved) % 30:02d}" for number in range(30)}
        old_shares["item_key"], old_weights["value_key"] = old_shares.item_key.map(other), old_weights.value_key.replace(other)
        frozen, drift = frozen_typology(
            members,
            shopping(members),
            pd.concat([old_shares, fresh]),
            pd.concat([old_weights, fresh_weights]),
            month="2025-02",
            reference="2025-01",
        )
        assert len(frozen) == 200
        assert (drift.low[0] > 0.2 * drift.fresh_gain[0]) == drifts
    assert frozen_typology(members, shopping(members), fresh, fresh_weights, month="2025-02", reference="2025-01")[0].empty
