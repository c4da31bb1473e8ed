"""Simulated networks, written once for all tests of the room, which only read them."""

import pytest

from bmyshop_profiles.simulation import Parameters, SimulatedNetwork, simulate
from bmyshop_profiles_tests.simulation.reading import small


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> SimulatedNetwork:
    return small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def wide_network(tmp_path_factory: pytest.TempPathFactory) -> SimulatedNetwork:
    """Enough people to compare personas; one clean CSV."""
    return simulate(
        tmp_path_factory.mktemp("wide"),
        stores=20,
        members=600,
        anonymous_shoppers=3000,
        months=2,
        lines=60_000,
        parameters=Parameters(flavours=("caisse_a",), defects=0.0),
    )
