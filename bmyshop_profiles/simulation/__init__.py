"""A made-up network of shops whose truth is known, for the demo, tests and benchmarks. No asset reads its truth."""

from bmyshop_profiles.simulation.mapping import sources_mapping
from bmyshop_profiles.simulation.network import SimulatedNetwork, continue_network, simulate
from bmyshop_profiles.simulation.parameters import OVERLAPS, Event, Parameters

__all__ = ["OVERLAPS", "Event", "Parameters", "SimulatedNetwork", "continue_network", "simulate", "sources_mapping"]
