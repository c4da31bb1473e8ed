"""The typology's tables: three states, quality, odd inputs."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.cards.names import name_profiles
from bmyshop_profiles.typology.members import Members, members_of, shopping, shopping_of
from bmyshop_profiles.typology.tables import Wanted, cluster_members, numbers
from bmyshop_profiles.typology.worth.quality import profile_quality, shuffled_halves, typology_quality

SETTINGS = Wanted(label_receipts=2, most_profiles=3, gate_draws=4)


def given_members(first: np.ndarray, second: np.ndarray, receipts: int | np.ndarray = 5) -> Members:
    count = len(first)
    visits = np.broadcast_to(np.asarray(receipts), (count,))
    keys = np.array([f"m{number:04d}" for number in range(count)], dtype=object)
    items = np.array([f"i{number:02d}" for number in range(first.shape[1])], dtype=object)
    return Members(keys, items, (csr_matrix(first.astype(float)), csr_matrix(second.astype(float))), (visits, visits))


def two_kinds(each: int = 60) -> Members:
    """Members who buy the first five items, and members who buy the last five."""
    rng = np.random.default_rng(0)
    left = np.hstack([rng.poisson(3, (each, 5)), rng.poisson(0.1, (each, 5))])
    right = left[:, ::-1]
    return given_members(np.vstack([left, right]), np.vstack([left[::-1], right[::-1]]))


@pytest.mark.slow
def test_two_kinds_become_two_profiles_and_the_same_again() -> None:
    found = cluster_members(two_kinds(), SETTINGS)
    clusters, profiles = found.member_clusters, found.cluster_profiles
    whole = clusters[clusters.part == "whole"]
    assert whole.state.eq("in_profile").mean() > 0.9
    labels = whole.sort_values("member_key").profile_key.to_numpy()
    assert set(labels[:60]) & set(labels[60:]) <= {None}  # no profile mixes the two kinds
    assert profiles.profile_key.nunique() == 2
    tried = found.typology_numbers
    assert sorted(tried.profiles_count.unique()) == [2, 3]
    assert set(tried.profiles_count[tried.is_chosen]) == {2}
    assert (tried.jaccard[tried.is_chosen] > 0.9).all()
    assert tried.jaccard[~tried.is_chosen].min() < 0.75
    assert set(tried.draws_count) == {4}
    assert np.allclose(profiles.groupby("profile_key").item_share.sum(), 1)
    pd.testing.assert_frame_equal(clusters, cluster_members(two_kinds(), SETTINGS).member_clusters)


@pytest.mark.slow
def test_few_receipts_are_not_atypical() -> None:
    kinds = two_kinds()
    receipts = np.full(120, 5)
    receipts[:3] = 1
    clusters = cluster_members(Members(kinds.keys, kinds.items, kinds.counts, (receipts, kinds.receipts[1])), SETTINGS).member_clusters
    half = clusters[clusters.part == "half_0"].set_index("member_key")
    assert half.state[["m0000", "m0001", "m0002"]].tolist() == ["too_few_receipts"] * 3
    whole = clusters[clusters.part == "whole"].set_index("member_key")
    assert (whole.state[["m0000", "m0001", "m0002"]] != "too_few_receipts").all()


@pytest.mark.parametrize("count", [0, 1, 5])
def test_no_member_or_few_give_no_profile_and_no_crash(count: int) -> None:
    few = given_members(np.ones((count, 4)), np.ones((count, 4)))
    clusters, profiles, *_ = cluster_members(few, SETTINGS)
    assert profiles.empty
    assert len(clusters) == 3 * count
    if count:
        assert set(clusters.state) == {"atypical"}
        assert clusters.profile_key.isna().all()
    assert name_profiles(clusters, pd.DataFrame()).empty


def test_members_all_alike_are_no_profiles() -> None:
    alike = given_members(np.ones((80, 4)), np.ones((80, 4)))
    clusters, profiles, *_ = cluster_members(alike, SETTINGS)
    assert profiles.empty
    assert set(clusters.state) == {"atypical"}


def test_members_with_one_receipt_each_cannot_be_known() -> None:
    kinds = two_kinds()
    once = given_members(kinds.counts[0].toarray(), 0 * kinds.counts[1].toarray(), receipts=1)
    once = Members(once.keys, once.items, once.counts, (once.receipts[0], 0 * once.receipts[1]))
    clusters, profiles, *_ = cluster_members(once, SETTINGS)
    assert profiles.empty
    assert set(clusters.state) == {"too_few_receipts"}


def receipts_of(kinds: Members, *, stores: int = 1) -> pd.DataFrame:
    """Four receipts of two items in each half of each member, in two months and `stores` shops by turns."""
    rows = []
    for half in (0, 1):
        for number, key in enumerate(kinds.keys):
            items = kinds.items[:5] if number < 60 else kinds.items[5:]
            for receipt in range(4):
                where = f"S{(number + receipt // 2) % stores}"
                rows += [
                    (f"2025-0{1 + receipt % 2}", f"r{half}-{number:03d}-{receipt}", key, where, half, items[(receipt + step) % 5])
                    for step in range(2)
                ]
    return pd.DataFrame(rows, columns=["month", "receipt_key", "member_key", "store_key", "half", "item_key"])


@pytest.mark.slow
def test_quality_has_intervals_and_shuffling_takes_the_gain_away() -> None:
    kinds = two_kinds()
    receipt_items = receipts_of(kinds)
    quality = typology_quality(kinds, shopping(kinds), receipt_items, SETTINGS, folds=2, profiles=2, natural_draws=0).set_index("measure")
    assert quality.verdict["above_continuum"] == "not_enough_draws"
    assert quality.drop("above_continuum")[["value", "low", "high"]].notna().all().all()
    assert quality.low["held_out_gain"] > 0.2
    assert quality.value["shuffled"] < 0.1 * quality.value["held_out_gain"]
    assert quality.people_count["held_out_gain"] == 120
    steady = pd.DataFrame({"jaccard": [0.9, 0.8], "jaccard_low": [0.85, 0.6], "draws_count": 4})
    gate = profile_quality(kinds, shopping(kinds), receipt_items, np.repeat([0, 1], 60), SETTINGS, steady)
    assert gate.profile_key.tolist() == ["p01", "p02"]
    assert (gate.held_out_gain > 0.2).all()
    assert (gate.shuffled_gain < 0.1).all()
    assert gate.jaccard_low.tolist() == [0.85, 0.6]
    assert gate.verdict.tolist() == ["published", "flagged"]


def test_shuffled_receipts_stay_in_their_month_shop_and_half() -> None:
    """Each receipt's one item tells its month, shop and half, so that members × items counts their receipts by these."""
    kinds = two_kinds()
    receipts = receipts_of(kinds, stores=3).drop_duplicates("receipt_key", ignore_index=True)
    receipts["store_key"] = receipts.store_key.where(receipts.store_key != "S2", None)  # a shop that is not known is a shop as well
    stratum = receipts.month + receipts.store_key.fillna("?") + receipts.half.astype(str)
    told = receipts.assign(item_key=stratum)
    members = Members(kinds.keys, np.array(sorted(stratum.unique()), dtype=object), kinds.counts, kinds.receipts)
    rows = np.arange(2, 120)
    halves = shuffled_halves(members, shopping(kinds), rows, told, seed=4)
    before = pd.crosstab(told.member_key, told.item_key).loc[members.keys[rows]].to_numpy()
    np.testing.assert_array_equal((halves[0].items + halves[1].items).toarray(), before)
    # and what was on them is another's
    members = Members(kinds.keys, receipts.receipt_key.to_numpy(dtype=object), kinds.counts, kinds.receipts)
    told = receipts.assign(item_key=receipts.receipt_key)
    moved = shuffled_halves(members, shopping(kinds), rows, told, seed=4)
    owners = kinds.keys[rows][np.asarray((moved[0].items + moved[1].items).argmax(0)).ravel()]
    known = receipts.member_key.isin(kinds.keys[rows]).to_numpy()
    assert (owners[known] != receipts.member_key.to_numpy()[known]).mean() > 0.9


def test_nothing_is_measured_without_profiles() -> None:
    kinds = two_kinds()
    assert typology_quality(kinds, shopping(kinds), pd.DataFrame(), SETTINGS, folds=2, profiles=0, natural_draws=0).empty
    assert profile_quality(kinds, shopping(kinds), pd.DataFrame(), np.full(120, -1), SETTINGS, pd.DataFrame()).empty


def test_numbers_of_profile_keys() -> None:
    assert numbers(pd.Series(["p01", None, "p12"], dtype="str")).tolist() == [0, -1, 11]
    assert numbers(pd.Series([None, None], dtype="str")).tolist() == [-1, -1]


def test_members_are_read_by_place_and_by_half() -> None:
    rows = [
        *[("b", 3, 1, "item", "x", 2), ("a", 2, 0, "item", "y", 4), ("a", 2, 0, "store", "S", 1), ("a", 2, 0, "store", "T", 3)],
        *[("b", 3, 1, "store", "S", 1), ("c", 1, 0, "store", "S", 1)],
        *[("a", 2, 0, "dayparts", "early", 1), ("a", 2, 0, "dayparts", "morning", 1), ("b", 3, 1, "dayparts", "night", 1)],
        ("c", 1, 0, "dayparts", "noon", 1),
    ]
    counts = pd.DataFrame(rows, columns=["member_key", "member_place", "half", "kind", "value_key", "things_count"])
    sold = pd.DataFrame([("S", "y", 1), ("T", "y", 3)], columns=["store_key", "item_key", "bought_count"])
    members = members_of(counts)
    assert members.keys.tolist() == ["c", "a", "b"]
    assert members.items.tolist() == ["x", "y"]
    assert members.counts[0].toarray().tolist() == [[0, 0], [0, 4], [0, 0]]
    assert members.whole.toarray().tolist() == [[0, 0], [0, 4], [2, 0]]
    assert [each.tolist() for each in members.receipts] == [[1, 4, 0], [0, 0, 1]]
    how = shopping_of(counts, members, sold, groups=("dayparts",))
    assert how.first.visits.toarray().tolist() == [[0, 0], [1, 3], [0, 0]]  # four articles over four receipts in S and T
    assert how.second.visits.toarray().tolist() == [[0, 0], [0, 0], [2, 0]]
    assert (how.whole.others["dayparts"].toarray() > 0).astype(int).tolist() == [[0, 0, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]]
    assert how.store_items is not None
    assert how.store_items.toarray().tolist() == [[0, 1], [0, 3]]
    assert shopping_of(counts, members).store_items is None
    one_shop = counts[counts.value_key != "T"]
    assert shopping_of(one_shop, members, sold).store_items is None
