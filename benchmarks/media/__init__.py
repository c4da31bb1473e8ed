"""Measurements of forecasts and plans."""
