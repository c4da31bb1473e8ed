"""Measurements of what public tables say."""
