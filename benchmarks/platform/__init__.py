"""Measurements of more than one room: runs, the whole chain, times of the house."""
