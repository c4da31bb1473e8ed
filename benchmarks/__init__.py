"""Measurements that are run by hand: `python -m benchmarks.<name>`. Each prints a table and, as its last line, one JSON object."""
