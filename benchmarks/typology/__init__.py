"""Measurements of profiles: what they are worth, found, told."""
