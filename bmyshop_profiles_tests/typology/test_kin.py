"""Pieces of one profile are one profile; profiles that the halves tell apart stay."""

import numpy as np
import pytest

from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.kin import kin
from bmyshop_profiles_tests.worlds import make_world


def test_pieces_between_which_halves_go_by_chance() -> None:
    rng = np.random.default_rng(0)
    first = rng.integers(3, size=600)
    second = np.where(first == 2, 2, rng.integers(2, size=600))  # 0 and 1 are pieces of one
    assert kin(first, second, profiles=3).tolist() == [0, 0, 2]
    assert kin(first, first, profiles=3).tolist() == [0, 1, 2]
    assert kin(first, np.full(600, -1), profiles=3).tolist() == [0, 0, 0]  # nothing is known to tell them apart
    assert kin(np.zeros(0, dtype=int), np.zeros(0, dtype=int), profiles=0).tolist() == []


@pytest.mark.slow
def test_a_world_of_three_profiles_is_not_cut_into_more() -> None:
    world = make_world(people=600, purchases=40)
    found = Typology(most_profiles=6, draws=5).fit(world.first, other=world.second)
    assert found.profiles_.count == 3
    assert {each.number for each in found.choices_ if each.comes_back} == {3}
    fine = Typology(least_profiles=5, most_profiles=5).fit(world.first, other=world.second)
    assert fine.profiles_.count == 5  # more were asked for
