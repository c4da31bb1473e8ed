"""Measurements of missions."""
