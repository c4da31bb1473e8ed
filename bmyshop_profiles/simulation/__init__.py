"""A small made-up network of shops with a known truth, for the demo and for tests. No asset reads its truth."""

from bmyshop_profiles.simulation.mapping import sources_mapping
from bmyshop_profiles.simulation.network import SimulatedNetwork, simulate

__all__ = ["SimulatedNetwork", "simulate", "sources_mapping"]
