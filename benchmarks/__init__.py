"""Measurements that are run by hand: `python -m benchmarks.<room>.<name>`. Each prints a table and, as its last line, one JSON object.

Rooms are called as those of the package; `platform` holds what spans rooms, `helpers` what several rooms share.
"""
