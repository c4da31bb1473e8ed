"""Which number of profiles is kept: every one comes back, and no smaller number says surely as much."""

import numpy as np
import pytest

from bmyshop_profiles.typology.model.candidates import Choice, choose
from bmyshop_profiles.typology.model.stability import DOUBTFUL, LOWEST, STABLE, best_jaccard, comes_back, lowest
from bmyshop_profiles.typology.worth.gate import verdict


def tried(profiles: int, gain: float, *jaccard: float, rounds: int = 2) -> Choice:
    """A candidate whose profiles have these Jaccards in each of ten half subsets."""
    return Choice(profiles, rounds, profiles, gain, 0.01, np.tile(jaccard, (10, 1)))


def test_the_largest_number_that_comes_back_is_kept() -> None:
    two, three, four = tried(2, 0.05, 0.9, 0.9), tried(3, 0.06, 0.8, 0.8, 0.8), tried(4, 0.09, 0.9, 0.9, 0.9, 0.5)
    assert choose([two, three, four]) is three
    assert choose([two, four]) is two


def test_more_profiles_must_say_as_much_within_a_standard_error() -> None:
    two, three = tried(2, 0.08, 0.9, 0.9), tried(3, 0.065, 0.9, 0.9, 0.9)
    assert choose([two, three]) is two
    assert choose([two, tried(3, 0.075, 0.9, 0.9, 0.9)]).profiles == 3


def test_of_two_ways_to_a_number_the_better_is_kept() -> None:
    few, many = tried(3, 0.06, 0.9, 0.9, 0.9), tried(3, 0.062, 0.9, 0.9, 0.9, rounds=20)
    assert choose([few, many]) is many


def test_where_none_comes_back_the_most_stable_is_shown_and_without_half_subsets_the_best() -> None:
    two, three = tried(2, 0.05, 0.7, 0.6), tried(3, 0.09, 0.9, 0.9, 0.4)
    assert choose([two, three]) is two
    assert choose([tried(2, -0.01, 0.9, 0.9), three]) is three  # what comes back and says nothing is not kept
    undrawn = [Choice(number, 2, number, gain, 0.01, np.zeros((0, number))) for number, gain in ((2, 0.05), (3, 0.09))]
    assert choose(undrawn).profiles == 3
    assert not undrawn[0].comes_back


def test_a_good_mean_does_not_hide_bad_draws() -> None:
    draws = np.array([[0.9, 0.9]] * 8 + [[0.9, 0.5]] * 2)
    assert draws.mean(0)[1] == pytest.approx(0.82)
    assert lowest(draws).tolist() == pytest.approx([0.9, 0.5])
    assert [comes_back(*each) for each in zip(draws.mean(0), lowest(draws), strict=True)] == [True, False]


def test_the_best_match_counts_only_members_of_a_group() -> None:
    labels, again = np.array([0, 0, 1, 1, -1]), np.array([1, 1, 0, -1, 0])
    assert best_jaccard(labels, again, groups=2).tolist() == [1.0, pytest.approx(1 / 3)]
    assert best_jaccard(labels, np.full(5, -1), groups=2).tolist() == [0, 0]


@pytest.mark.parametrize("jaccard", [STABLE, STABLE - 0.001, DOUBTFUL, DOUBTFUL - 0.001])
@pytest.mark.parametrize("low", [LOWEST, LOWEST - 0.001])
@pytest.mark.parametrize("gain", [0.1, -0.1])
def test_the_checks_of_tables_hold_the_bars_of_the_gate(checked, jaccard: float, low: float, gain: float) -> None:
    """The bars stand in stability.py and, for whoever reads the tables, in their checks: no verdict above the gate's own passes."""
    figures = {"profile_key": "p01", "jaccard": jaccard, "jaccard_low": low, "held_out_gain": gain, "shuffled_gain": 0.0}
    verdicts = ["withheld", "flagged", "published"]
    passed = [checked("profile_quality", [{**figures, "verdict": each}])["verdicts_follow_the_figures"].passed for each in verdicts]
    best = verdicts.index(verdict(jaccard, low, gain, 0.0))
    assert passed == [number <= best for number in range(3)]

    row = {"profiles_count": 2, "rounds": 2, "is_chosen": True, "draws_count": 19, "jaccard": jaccard, "jaccard_low": low}
    assert checked("typology_numbers", [row])["every_profile_comes_back"].passed == comes_back(jaccard, low)
