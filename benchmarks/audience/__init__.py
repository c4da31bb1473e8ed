"""Measurements of the mixes of shops."""
