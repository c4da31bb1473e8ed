"""Measurements of the explorer."""
