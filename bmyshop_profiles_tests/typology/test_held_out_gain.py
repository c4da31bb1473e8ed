import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.intervals import mean_by_receipts, person_folds, ratio_interval
from bmyshop_profiles.typology.worth.held_out_gain import held_out_gain, kmeans_method, shuffled_owner, typology_method
from bmyshop_profiles_tests.worlds import make_world


def test_ratio_interval_by_hand_and_by_bootstrap():
    rng = np.random.default_rng(0)
    items = rng.integers(1, 9, 400).astype(float)
    gain = items * 0.1 + rng.normal(size=400)
    interval = ratio_interval(gain, items)
    assert interval.value == pytest.approx(gain.sum() / items.sum())
    draws = rng.integers(0, 400, (3000, 400))
    low, high = np.quantile(gain[draws].sum(1) / items[draws].sum(1), (0.05, 0.95))
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.004)


def test_receipts_of_one_person_do_not_count_as_many():
    values, person = np.repeat([0.0, 1.0, 0.0, 1.0], 50), np.repeat([0, 1, 2, 3], 50)
    interval = mean_by_receipts(values, person)
    assert interval.people == 4
    assert interval.high - interval.low > 0.8


def test_intervals_of_nobody_and_of_one_person():
    assert np.isnan(ratio_interval(np.zeros(0), np.zeros(0)).value)
    assert ratio_interval(np.ones(1), np.ones(1))[:3] == (1.0, float("-inf"), float("inf"))
    with pytest.raises(ValueError, match="one row per person"):
        ratio_interval(np.ones(2), np.ones(3))


def test_folds_are_even_and_fixed():
    fold = person_folds(23, folds=5, seed=1)
    assert sorted(np.bincount(fold)) == [4, 4, 5, 5, 5]
    np.testing.assert_array_equal(fold, person_folds(23, folds=5, seed=1))


@pytest.mark.slow
def test_gain_is_close_to_what_the_planted_profiles_can_give_and_zero_when_shuffled():
    world = make_world(people=300, purchases=60)
    ours = held_out_gain(world.first, world.second, method=typology_method(most_profiles=4), folds=3)
    kmeans = held_out_gain(world.first, world.second, method=kmeans_method(clusters=3), folds=3)
    shares = np.where(np.arange(30) // 10 == 0, 6, 1) / 80  # of the first profile, whose mixture with the others is uniform
    possible = (shares * np.log(shares * 30)).sum()
    assert 0.8 * possible < ours.per_item().value < 1.05 * possible
    assert kmeans.per_item().value > 0.9 * possible
    above = ours.above(kmeans)
    assert above.low < above.value < above.high
    assert above.high - above.low < ours.per_item().high - ours.per_item().low  # paired, hence narrower
    moved = np.random.default_rng(0).permutation(300)
    shuffled = held_out_gain(world.first, world.second[moved], method=kmeans_method(clusters=3), folds=3)
    assert shuffled.per_item().value < 0.1 * ours.per_item().value


def test_shuffling_keeps_every_persons_number_of_receipts_in_a_stratum():
    owner, stratum = np.array([0, 0, 1, 2, 2, 2, 3, 3]), np.array(list("aabbabab"))
    moved = shuffled_owner(owner, within=stratum, seed=3)
    for letter in "ab":
        np.testing.assert_array_equal(np.sort(moved[stratum == letter]), np.sort(owner[stratum == letter]))
    assert (shuffled_owner(np.arange(100)) != np.arange(100)).mean() > 0.9


def test_bad_input_is_refused():
    counts = csr_matrix(np.ones((3, 2)))
    with pytest.raises(ValueError, match="different people or items"):
        held_out_gain(counts, counts[:2], method=kmeans_method(clusters=2))
    with pytest.raises(ValueError, match="cannot be divided"):
        held_out_gain(counts, counts, method=kmeans_method(clusters=2))
