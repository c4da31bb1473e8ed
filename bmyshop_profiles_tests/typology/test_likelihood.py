import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.fit import fit_typology
from bmyshop_profiles.typology.likelihood import (
    ATYPICAL,
    TOO_FEW_RECEIPTS,
    assign,
    choose_strength,
    everybody_shares,
    fit_profiles,
    group_totals,
    item_gain,
    leave_one_out_scores,
    likelihood_scores,
    log_ratios,
    shrunk_shares,
)
from bmyshop_profiles_tests.worlds import make_world

COUNTS = csr_matrix(np.array([[4, 0, 1], [3, 1, 0], [0, 4, 1], [0, 3, 0]], dtype=float))


def test_group_totals_leave_out_labels_outside():
    np.testing.assert_array_equal(group_totals(COUNTS, np.array([0, -1, 1, 7]), groups=2), [[4, 0, 1], [0, 4, 1]])


@settings(max_examples=40, deadline=None)
@given(arrays(float, (3, 5), elements=st.integers(0, 50).map(float)), st.floats(0.1, 1e5))
def test_shrunk_shares_are_shares_between_the_group_and_everybody(totals, strength):
    everybody = np.array([0.1, 0.2, 0.3, 0.2, 0.2])
    shares = shrunk_shares(totals, target=everybody, strength=strength)
    np.testing.assert_allclose(shares.sum(1), 1)
    own = np.divide(totals, totals.sum(1, keepdims=True), out=np.tile(everybody, (3, 1)), where=totals.sum(1, keepdims=True) > 0)
    assert (shares >= np.minimum(own, everybody) - 1e-12).all()
    assert (shares <= np.maximum(own, everybody) + 1e-12).all()


def test_item_gain_by_hand():
    everybody = np.array([0.5, 0.25, 0.25])
    ratios = log_ratios(np.array([[0.25, 0.5, 0.25]]), everybody)
    gain = item_gain(COUNTS, ratios, np.array([0, -1, 0, -2]))
    np.testing.assert_allclose(gain, [-4 * np.log(2), 0, 4 * np.log(2), 0])


def test_three_states_are_kept_apart():
    ratios = np.array([[0.5, -1.0], [-1.0, 0.5], [-1.0, -1.0]])
    counts = csr_matrix(np.array([[3, 0, 0], [0, 3, 0], [0, 0, 3], [0, 0, 0], [9, 0, 0]], dtype=float))
    labels = assign(counts, ratios, receipts=np.array([2, 2, 2, 2, 1]), least_receipts=2)
    assert labels.tolist() == [0, 1, ATYPICAL, TOO_FEW_RECEIPTS, TOO_FEW_RECEIPTS]


def test_leaving_a_member_out_is_fitting_without_the_member():
    labels, everybody = np.array([0, 0, 1, -1]), everybody_shares(COUNTS)
    scores = leave_one_out_scores(COUNTS, labels, groups=2, everybody=everybody, strength=10.0)
    without = shrunk_shares(group_totals(COUNTS[1:], labels[1:], groups=2), target=everybody, strength=10.0)
    np.testing.assert_allclose(scores[0, 0], likelihood_scores(COUNTS[:1], log_ratios(without, everybody))[0, 0])
    whole = likelihood_scores(
        COUNTS, log_ratios(shrunk_shares(group_totals(COUNTS, labels, groups=2), target=everybody, strength=10.0), everybody)
    )
    np.testing.assert_allclose(scores[3], whole[3])
    assert scores[0, 0] < whole[0, 0]


def test_strength_is_endless_for_random_groups_and_small_for_real_ones():
    world = make_world(people=150)
    everybody = everybody_shares(world.first)
    real = choose_strength(world.first, world.profile, groups=3, everybody=everybody)
    random = choose_strength(world.first, np.random.default_rng(1).permutation(world.profile), groups=3, everybody=everybody)
    assert real <= 300
    assert random == 30_000


def test_likelihood_repairs_wrong_cores():
    world = make_world()
    cores = np.where(np.arange(240) < 90, world.profile, -1)
    cores[:9] = (cores[:9] + 1) % 3
    profiles = fit_profiles(world.first, cores)
    assert (profiles.labels == world.profile).mean() > 0.98
    unseen = make_world(seed=5)
    assert (assign(unseen.first, profiles.log_ratios) == unseen.profile).mean() > 0.97


def test_members_with_too_few_receipts_shape_no_profile():
    world = make_world(people=120)
    receipts = np.where(np.arange(120) < 60, 1, 9)
    profiles = fit_profiles(world.first, world.profile, receipts=receipts, least_receipts=2)
    assert (profiles.labels[:60] == TOO_FEW_RECEIPTS).all()
    shares = shrunk_shares(
        group_totals(world.first[60:], profiles.labels[60:], groups=3), target=profiles.everybody, strength=profiles.strength
    )
    assert np.abs(shares - profiles.shares).max() < 0.01


def test_a_profile_that_lost_everybody_vanishes_and_the_others_close_ranks():
    world = make_world(people=90)
    profiles = fit_profiles(world.first, np.array([0, 2, 5])[world.profile])
    assert profiles.count == 3
    assert (profiles.labels == world.profile).mean() > 0.95


@pytest.mark.parametrize("people", [0, 1, 20])
def test_no_core_gives_no_profile_and_atypical_members(people):
    world = make_world(people=people)
    profiles = fit_profiles(world.first, np.full(people, -1))
    assert (profiles.count, profiles.labels.tolist()) == (0, [ATYPICAL] * people)
    assert profiles.log_ratios.shape == (30, 0)


def test_a_whole_typology_finds_the_planted_profiles():
    world = make_world(people=300, purchases=60)
    typology = fit_typology(world.first)
    table = np.zeros((3, typology.profiles.count))
    known = typology.profiles.labels >= 0
    np.add.at(table, (world.profile[known], typology.profiles.labels[known]), 1)
    assert typology.reason == ""
    assert table.max(0).sum() / 300 > 0.9  # each profile found lies in one that was planted


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (csr_matrix((0, 5)), "fewer than two clusters"),
        (csr_matrix(np.ones((1, 5))), "fewer than two clusters"),
        (csr_matrix(np.ones((100, 5))), "all alike"),
        (csr_matrix((50, 5)), "fewer than two clusters"),
    ],
)
def test_degenerate_members_give_a_reason_and_no_profiles(counts, reason):
    typology = fit_typology(counts)
    assert reason in typology.reason
    assert typology.profiles.count == 0
    assert set(typology.profiles.labels) <= {ATYPICAL, TOO_FEW_RECEIPTS}


def test_members_with_one_receipt_each():
    typology = fit_typology(make_world(people=60).first, receipts=np.ones(60), least_receipts=2)
    assert (typology.profiles.labels == TOO_FEW_RECEIPTS).all()
    assert typology.profiles.count == 0
    assert typology.places.shape[0] == 60


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="items"):
        assign(COUNTS, np.zeros((2, 1)))
    with pytest.raises(ValueError, match="finite"):
        assign(COUNTS, np.full((3, 1), np.inf))
    with pytest.raises(ValueError, match="positive"):
        shrunk_shares(np.ones((1, 3)), target=np.ones(3) / 3, strength=0)
    with pytest.raises(ValueError, match="labels for"):
        group_totals(COUNTS, np.zeros(2, dtype=int), groups=1)
