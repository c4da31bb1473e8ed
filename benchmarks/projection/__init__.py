"""Measurements of what one receipt tells of its buyer."""
