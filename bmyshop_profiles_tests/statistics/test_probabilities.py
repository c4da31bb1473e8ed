"""Probabilities against what came true, on a few rows and beside scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import log_loss

from bmyshop_profiles.statistics.probabilities import calibration_error, calibration_errors, log_losses

LABEL = np.array([0, 1])
HALF = np.full((2, 2), 0.5)


@given(arrays(float, (6, 3), elements=st.floats(0.01, 1)))
def test_the_mean_log_loss_is_scikit_learn_s(drawn):
    foretold, label = drawn / drawn.sum(1, keepdims=True), np.array([0, 1, 2, 2, 1, 1])
    assert log_losses(foretold, label).mean() == pytest.approx(log_loss(label, foretold))


def test_what_was_held_impossible_costs_a_finite_loss():
    assert log_losses(np.array([[0.0, 1.0]]), np.array([0]))[0] == pytest.approx(-np.log(1e-9))


def test_measures_of_foretelling():
    assert calibration_error(HALF, LABEL) == pytest.approx(0)
    assert calibration_error(np.array([[0.9, 0.1], [0.9, 0.1]]), LABEL) == pytest.approx(0.4)
    assert log_losses(HALF, LABEL).mean() == pytest.approx(np.log(2))


def test_errors_of_the_likeliest_group_with_intervals():
    sure = np.array([[0.9, 0.1], [0.9, 0.1]])
    ours, theirs, difference = calibration_errors(sure, HALF, LABEL, np.array([7, 8]), level=0.9)
    assert (ours.value, theirs.value, difference.value) == pytest.approx((0.4, 0, 0.4))
    assert ours.low == pytest.approx(0.1)  # twice the person who was foretold
    assert ours.high == pytest.approx(0.9)  # twice the other
    assert {each.people for each in (ours, theirs, difference)} == {2}


def test_nobody_and_one_person_have_no_interval():
    nobody = calibration_errors(np.zeros((0, 2)), np.zeros((0, 2)), LABEL[:0], LABEL[:0], level=0.9)
    assert all(np.isnan(each.value) and each.people == 0 for each in nobody)
    one = calibration_errors(HALF, HALF, LABEL, np.zeros(2), level=0.9)
    assert one[0] == (pytest.approx(0), float("-inf"), float("inf"), 1)
