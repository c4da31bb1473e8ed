"""Profiles from what members do: the estimator and its steps."""
