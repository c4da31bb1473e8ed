"""Profiles through the months."""
