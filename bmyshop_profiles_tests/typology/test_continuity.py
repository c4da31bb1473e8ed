"""From month to month: matches, events, stable ids; and a typology that is kept."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.typology.clusters import Wanted, cluster_members
from bmyshop_profiles.typology.continuity import cluster_matches, match, named_profiles, profile_lives, read_names
from bmyshop_profiles.typology.frozen import frozen_typology, nearest_by_weights, weight_scores
from bmyshop_profiles.typology.members import Members, shopping
from bmyshop_profiles_tests.worlds import make_world


def month(**sizes: int) -> pd.DataFrame:
    """Members 0, 1, 2… in profiles of the given sizes, in order."""
    keys = [key.removesuffix("_") for key, size in sizes.items() for _ in range(size)]
    return pd.DataFrame({"member_key": [f"m{number:03d}" for number in range(len(keys))], "profile_key": keys, "kin_key": keys})


def events(found: pd.DataFrame) -> dict[tuple[str | None, str | None], str]:
    return {
        (row.previous_key or None, row.profile_key or None): row.event
        for row in found.astype(object).where(found.notna(), None).itertuples()
    }


def test_profiles_survive_under_another_key_grow_and_shrink() -> None:
    found = match(month(p01=60, p02=30, p03=10), month(p02=62, p01=20, p03=18))
    assert events(found)["p01", "p02"] == "survives"
    assert events(found)["p02", "p01"] == "shrinks"
    assert events(found)["p03", "p03"] == "grows"
    assert found.is_same.sum() == 3


def test_a_split_and_a_merge() -> None:
    split = match(month(p01=60, p02=40), month(p01=30, p03=30, p02=40))
    assert [events(split)["p01", key] for key in ("p01", "p03")] == ["splits", "splits"]
    assert events(split)["p02", "p02"] == "survives"
    merge = match(month(p01=30, p03=30, p02=40), month(p01=60, p02=40))
    assert [events(merge)[key, "p01"] for key in ("p01", "p03")] == ["merges", "merges"]


def test_one_appears_and_one_vanishes() -> None:
    before, now = month(p01=40, p02=40, p03=40, p04=12), month(p01=40, p02=40, p03=40, p09=12)
    now.loc[now.profile_key == "p09", "profile_key"] = ["p01"] * 4 + ["p02"] * 4 + ["p03"] * 4  # the fourth disperses
    now.loc[[0, 1, 2, 40, 41, 42, 80, 81, 82], "profile_key"] = "p05"  # and a fifth comes from everywhere
    now["kin_key"] = now.profile_key
    found = events(match(before, now))
    assert found["p04", None] == "vanishes"
    assert found[None, "p05"] == "appears"
    assert [found[key, key] for key in ("p01", "p02", "p03")] == ["survives"] * 3


@pytest.mark.parametrize("empty", ["before", "now"])
def test_a_month_without_members_gives_no_matches(empty: str) -> None:
    frame = month(p01=5).assign(month="2025-01" if empty == "now" else "2025-02")
    assert cluster_matches(frame, "2025-02", ["2025-01", "2024-12"]).empty


def lived(*months: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    names = [f"2025-{number:02d}" for number in range(1, len(months) + 1)]
    clusters = pd.concat([frame.assign(month=name) for frame, name in zip(months, names, strict=True)])
    found = [
        cluster_matches(clusters, name, list(reversed(names[max(0, place - 2) : place]))).assign(month=name)
        for place, name in enumerate(names)
        if place
    ]
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
    assert set(found.event) == {"survives"}
    matches, profiles = lived(cut, cut_again, whole, cut)
    ids = profile_lives(matches, profiles).set_index(["month", "profile_key"]).profile_id.sort_index()
    assert ids["2025-01"].tolist() == ids["2025-02"].tolist() == ["2025-01-p01", "2025-01-p02", "2025-01-p03"]
    assert ids["2025-03"].to_dict() == {"p01": "2025-01-p01", "p02": "2025-01-p03"}
    assert ids["2025-04"].tolist() == ids["2025-01"].tolist()  # the second piece is known from two months back


def test_a_name_stays_and_people_may_change_it(tmp_path) -> None:
    matches, profiles = lived(month(p01=40, p02=60), month(p02=40, p01=60), month(p02=40, p01=60))
    profiles["profile_name"] = ["pain", "presse", "pain et café", "journaux", "pain", "presse"]
    named = named_profiles(matches, profiles, {}).set_index(["month", "profile_key"]).profile_name
    assert named["2025-02"].to_dict() == named["2025-03"].to_dict() == {"p01": "presse", "p02": "pain"}
    path = tmp_path / "profile_names.toml"
    path.write_text('"2025-01-p02" = "pain"\n', encoding="utf-8")
    chosen = named_profiles(matches, profiles, read_names(path)).set_index(["month", "profile_key"]).profile_name
    assert chosen["2025-02"].to_dict() == {"p01": "pain", "p02": "pain (p02)"}
    path.write_text('"2025-01-p02" = 3\n', encoding="utf-8")
    with pytest.raises(BmyshopError, match="a name is a text"):
        read_names(path)
    assert read_names(tmp_path / "none.toml") == {}
    assert named_profiles(matches, profiles.head(0), {}).empty


def members_of(world) -> Members:
    count = world.first.shape[0]
    keys = np.array([f"m{number:04d}" for number in range(count)], dtype=object)
    items = np.array([f"i{number:02d}" for number in range(world.first.shape[1])], dtype=object)
    return Members(keys, items, (world.first, world.second), (np.full(count, 5), np.full(count, 5)))


def test_stored_weights_say_what_the_typology_says_and_drift_is_seen() -> None:
    world = make_world(people=200, purchases=40)
    members, wanted = members_of(world), Wanted(label_receipts=1, most_profiles=4, least_profiles=2)
    clusters, shares, weights = cluster_members(members, wanted)
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
            stores=np.empty(0, dtype=object),
        )
        assert len(frozen) == 200
        assert (drift.low[0] > 0.2 * drift.fresh_gain[0]) == drifts
    assert frozen_typology(members, shopping(members), fresh, fresh_weights, month="2025-02", reference="2025-01", stores=members.items)[
        0
    ].empty
