"""The protocols tell a world without an effect from one with a strong one, at a small size."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulation.worlds import simulated_excesses, simulated_slopes
from bmyshop_profiles.simulation import Parameters

CLEAN = Parameters(flavours=("caisse_a",), defects=0.0)

pytestmark = pytest.mark.slow


def test_the_spread_of_places_grows_with_clienteles() -> None:
    none, strong = (np.mean(simulated_excesses(0, replace(CLEAN, clientele_strength=s), people=800)) for s in (0.0, 2.0))
    assert 0 <= none < 0.06 < 0.1 < strong


def test_contrasts_of_age_are_worth_less_where_places_change_tastes() -> None:
    none, strong = (np.mean([*simulated_slopes(0, replace(CLEAN, place_strength=s)).values()]) for s in (0.0, 0.8))
    assert strong < 0.5 * none
