from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.enrichment import gain as measured
from bmyshop_profiles.enrichment.gain import UNKNOWN, gain_of, growth_of, members_worth, neighbours, permuted

PEOPLE, ITEMS = 600, 24
LABELS = np.arange(PEOPLE) % 3
RNG = np.random.default_rng(0)
ANSWERS = RNG.integers(3, size=PEOPLE)
RECEIPTS = RNG.integers(1, 40, size=PEOPLE)


def bought(tilt: float, *, seed: int = 1) -> csr_matrix:
    """Forty items a member: the profile likes a third of the items, the answer some others."""
    rng = np.random.default_rng(seed)
    shares = np.ones((3, 3, ITEMS))
    for number in range(3):
        shares[number, :, 8 * number : 8 * number + 8] = 4.0
        shares[:, number, number::3] *= np.exp(tilt)
    shares /= shares.sum(2, keepdims=True)
    return csr_matrix(np.array([rng.multinomial(40, shares[a, b]) for a, b in zip(LABELS, ANSWERS, strict=True)], dtype=float))


def planted(tilt: float) -> float:
    """Nats per item that the answer tells given the profile."""
    shares = np.ones((3, 3, ITEMS))
    for number in range(3):
        shares[number, :, 8 * number : 8 * number + 8] = 4.0
        shares[:, number, number::3] *= np.exp(tilt)
    shares /= shares.sum(2, keepdims=True)
    return float((shares * np.log(shares / shares.mean(1, keepdims=True))).sum(2).mean())


@pytest.mark.parametrize("tilt", [0.3, 0.6])
def test_the_value_is_the_information_that_was_planted(tilt: float) -> None:
    found = gain_of(bought(tilt), LABELS, ANSWERS, RECEIPTS)
    assert found.is_seen and found.chance == 1 / 40
    assert found.value.value == pytest.approx(planted(tilt), rel=0.15)
    assert found.smallest < planted(tilt)


def test_answers_that_say_nothing_are_worth_nothing() -> None:
    found = gain_of(bought(0.0), LABELS, ANSWERS, RECEIPTS)
    assert not found.is_seen
    assert found.value.low <= 0 <= found.value.high


def test_what_the_profile_says_already_is_not_counted_twice() -> None:
    found = gain_of(bought(0.6), LABELS, (LABELS + RNG.integers(2, size=PEOPLE)) % 3, RECEIPTS)
    assert abs(found.value.value) < 0.1 * planted(0.6)


def test_who_answers_is_not_taken_for_what_they_answer() -> None:
    """Those who answer buy other things than those who do not; what they answer is drawn by lot."""
    likes = bought(0.6)
    given = np.where(ANSWERS == 0, RNG.integers(3, size=PEOPLE), UNKNOWN)
    found = gain_of(likes, LABELS, given, RECEIPTS)
    assert not found.is_seen and found.value.people == (ANSWERS == 0).sum()


def test_half_of_the_answers_tell_the_same_less_surely() -> None:
    likes = bought(0.6)
    given = np.where(RNG.random(PEOPLE) < 0.5, ANSWERS, UNKNOWN)
    whole, half = (gain_of(likes, LABELS, each, RECEIPTS).value for each in (ANSWERS, given))
    assert half.value == pytest.approx(planted(0.6), rel=0.15)
    assert half.high - half.low > whole.high - whole.low


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (np.full(PEOPLE, UNKNOWN), measured.NOBODY),
        (np.where(np.arange(PEOPLE) == 5, 1, UNKNOWN), measured.ONE),
        (np.ones(PEOPLE, dtype=int), measured.NO_VARIANCE),
        (np.where(np.arange(PEOPLE) < 20, ANSWERS, UNKNOWN), measured.TOO_FEW),
        (LABELS, measured.COLLINEAR),
    ],
)
def test_what_cannot_be_measured_says_why(answers: np.ndarray, outcome: str) -> None:
    found = gain_of(bought(0.3), LABELS, answers, RECEIPTS)
    assert found.outcome == outcome and not found.is_seen
    assert np.isnan(found.value.value) and np.isnan(found.chance)
    assert np.isnan(members_worth(found, growth_of(bought(0.3), LABELS), answered=1.0).value)


def test_members_of_no_profile_and_members_who_bought_nothing_do_not_count() -> None:
    labels = np.where(np.arange(PEOPLE) < 100, -1, LABELS)
    empty = bought(0.6).tolil()
    empty[100:150] = 0
    found = gain_of(csr_matrix(empty), labels, ANSWERS, RECEIPTS)
    assert found.value.people == PEOPLE - 150


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="599 have labels"):
        gain_of(bought(0.0), LABELS[1:], ANSWERS, RECEIPTS)


def test_permutations_keep_profile_receipts_and_who_answers() -> None:
    given = np.where(np.arange(PEOPLE) % 4 == 0, UNKNOWN, ANSWERS)
    block = neighbours(np.where(given >= 0, LABELS, -1), RECEIPTS)
    for shuffled in permuted(given, block, draws=3, seed=0):
        assert ((shuffled < 0) == (given < 0)).all()
        assert (shuffled != given).any()
        for number in range(block.max() + 1):
            own = block == number
            assert 10 <= own.sum() < 20 and len(set(LABELS[own])) == 1
            assert sorted(shuffled[own]) == sorted(given[own])
            assert np.ptp(RECEIPTS[own]) <= 8


def test_the_same_twice() -> None:
    first, again = (gain_of(bought(0.3), LABELS, ANSWERS, RECEIPTS, seed=4) for _ in range(2))
    assert first.value == again.value and first.chance == again.chance


def test_a_greater_value_is_worth_more_members_and_nothing_is_worth_none() -> None:
    worth = []
    for tilt in (0.0, 0.1, 0.6):
        likes = bought(tilt)
        found = gain_of(likes, LABELS, ANSWERS, RECEIPTS)
        worth.append(members_worth(found, growth_of(likes, LABELS), answered=1.0))
    assert worth[0].low == 0
    assert worth[0].value <= worth[1].value <= worth[2].value
    assert worth[2].value == pytest.approx(measured.MOST_TOLD * PEOPLE)  # no number of members would say it: the most that is told
    found = gain_of(bought(0.6), LABELS, ANSWERS, RECEIPTS)
    falls = growth_of(bought(0.6), LABELS)
    falls = replace(falls, gains=falls.gains[::-1])
    assert members_worth(found, falls, answered=1.0).value == pytest.approx(measured.MOST_TOLD * PEOPLE)
