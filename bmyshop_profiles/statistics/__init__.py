"""Measures and estimates that know no room: shares, intervals, folds."""
