"""Splits and intervals by person, and what only evaluation may see: the truth of the simulator."""
