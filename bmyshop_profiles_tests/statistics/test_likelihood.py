import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.likelihood import (
    choose_strength,
    class_ratios,
    everybody_shares,
    group_totals,
    item_gain,
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


def test_strength_is_endless_for_random_groups_and_small_for_real_ones():
    world = make_world(people=150)
    everybody = everybody_shares(world.first)
    real = choose_strength(world.first, world.profile, groups=3, everybody=everybody)
    random = choose_strength(world.first, np.random.default_rng(1).permutation(world.profile), groups=3, everybody=everybody)
    assert real <= 300
    assert random == 30_000


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="positive"):
        shrunk_shares(np.ones((1, 3)), target=np.ones(3) / 3, strength=0)
    with pytest.raises(ValueError, match="labels for"):
        group_totals(COUNTS, np.zeros(2, dtype=int), groups=1)


def test_shares_are_drawn_to_those_of_the_class_first():
    everybody, classes = np.array([0.1, 0.1, 0.4, 0.4]), np.eye(2)[[0, 0, 1, 1]]
    own = np.array([[8.0, 0.0, 1.0, 1.0]])
    # class 0: (8 + 10 × .2) ÷ (10 × .2 + 10 × .2), class 1: (2 + 10 × .8) ÷ (10 × .8 + 10 × .8)
    found = class_ratios(own, 10 * everybody[None], classes=classes, everybody=everybody, strength=10)
    np.testing.assert_allclose(found, [[2.5, 2.5, 0.625, 0.625]])
    assert (everybody * found).sum() == pytest.approx(1)
    np.testing.assert_array_equal(class_ratios(own, own, classes=np.ones((4, 1)), everybody=everybody, strength=10), np.ones((1, 4)))
