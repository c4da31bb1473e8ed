import numpy as np
import pytest

from bmyshop_profiles.enrichment.value import (
    UNKNOWN,
    draw_variable,
    posterior_with_value,
    value_for_held_out_gain,
    value_for_projection,
    value_ratios,
)
from bmyshop_profiles.statistics.likelihood import everybody_shares
from bmyshop_profiles_tests.worlds import make_world

PERSONA = np.arange(3000) % 3
RECEIPTS = np.repeat(np.arange(3000), 2)
FLAT = np.full((6000, 3), 1 / 3)


def test_strength_and_answer_rate_are_what_was_asked():
    values = draw_variable(PERSONA, categories=3, strength=0.7, answer_rate=0.4)
    assert (values != UNKNOWN).mean() == pytest.approx(0.4, abs=0.03)
    known = values >= 0
    most = [np.bincount(values[known & (k == PERSONA)]).max() / (known & (k == PERSONA)).sum() for k in range(3)]
    assert most == pytest.approx([0.8] * 3, abs=0.06)  # told, or guessed by chance: 0.7 + 0.3 / 3
    np.testing.assert_array_equal(values, draw_variable(PERSONA, categories=3, strength=0.7, answer_rate=0.4))


def test_ratios_of_a_useless_and_of_a_perfect_variable():
    useless = value_ratios(draw_variable(PERSONA, categories=3, strength=0.0), PERSONA, categories=3, groups=3)
    np.testing.assert_allclose(useless, 1, atol=0.05)
    perfect = value_ratios(PERSONA, PERSONA, categories=3, groups=3)
    np.testing.assert_allclose(perfect, 3 * np.eye(3), atol=0.05)


def test_value_grows_with_strength_and_answers_up_to_what_there_is_to_know():
    def value(strength, rate):
        return value_for_projection(
            FLAT, RECEIPTS, PERSONA, draw_variable(PERSONA, categories=3, strength=strength, answer_rate=rate), categories=3
        )

    assert value(0.0, 1.0).low < 0.002 and abs(value(0.0, 1.0).value) < 0.005
    assert 0.02 < value(0.3, 1.0).low < value(0.7, 1.0).low
    assert value(0.7, 0.3).value == pytest.approx(0.3 * value(0.7, 1.0).value, rel=0.2)
    assert value(1.0, 1.0).value == pytest.approx(np.log(3), abs=0.02)


def test_members_who_did_not_answer_keep_their_posterior():
    posterior = np.random.default_rng(0).dirichlet(np.ones(3), 6000)
    values = np.where(np.arange(3000) < 100, UNKNOWN, PERSONA)
    found = posterior_with_value(posterior, RECEIPTS, PERSONA, values, categories=3)
    np.testing.assert_allclose(found[RECEIPTS < 100], posterior[RECEIPTS < 100])
    np.testing.assert_allclose(found.sum(1), 1)


def test_held_out_gain_rises_only_where_the_variable_tells_what_the_label_does_not():
    world = make_world(people=300, purchases=60)
    coarse, everybody = np.minimum(world.profile, 1), everybody_shares(world.first)  # profiles 1 and 2 are taken for one
    useful, useless = (draw_variable(world.profile, categories=3, strength=s) for s in (1.0, 0.0))
    gain = [
        value_for_held_out_gain(world.first, world.second, coarse, v, groups=2, everybody=everybody, categories=3)
        for v in (useful, useless)
    ]
    assert gain[0].low > 0.1
    assert abs(gain[1].value) < 0.01
    fine = value_for_held_out_gain(world.first, world.second, world.profile, useful, groups=3, everybody=everybody, categories=3)
    assert abs(fine.value) < 0.01


def test_nobody_answered():
    values = np.full(3000, UNKNOWN)
    assert value_for_projection(FLAT, RECEIPTS, PERSONA, values, categories=3).value == 0


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least 2 categories"):
        draw_variable(PERSONA, categories=1, strength=0.5)
    with pytest.raises(ValueError, match="0..1"):
        draw_variable(PERSONA, categories=2, strength=1.5)
    with pytest.raises(ValueError, match="without a persona"):
        draw_variable(np.array([-1]), categories=2, strength=0.5)
    with pytest.raises(ValueError, match="values must lie"):
        value_ratios(np.array([3]), np.array([0]), categories=3, groups=1)
