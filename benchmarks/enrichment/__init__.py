"""Measurements of what more variables would be worth."""
