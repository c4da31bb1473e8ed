"""Measurements of reading files of tills."""
