"""Words are even, independent of one another, and the same in SQL and in numpy; alias tables give back their weights."""

import duckdb
import numpy as np
import pytest

from bmyshop_profiles.simulation.mixing import WORD, alias_frame, alias_tables, draw_rows, install, mix32, stream


def test_sql_and_numpy_mix_alike() -> None:
    numbers = np.r_[np.arange(2000), WORD - 1, 0x9E3779B1].astype(np.uint64)
    with duckdb.connect() as con:
        install(con)
        found = con.execute("select mix32(n::ubigint) from (select unnest($1) as n)", [numbers.tolist()]).fetchnumpy()
    assert next(iter(found.values())).tolist() == mix32(numbers).tolist()


def test_words_of_counters_are_even_and_of_different_streams_unrelated() -> None:
    count = 1 << 18
    a, b = (mix32(mix32(np.arange(count)) ^ np.uint64(stream(0, name))) >> np.uint64(26) for name in ("a", "b"))
    for cells, expected in ((np.bincount(a.astype(int), minlength=64), count / 64), (np.bincount((a * 64 + b).astype(int)), count / 4096)):
        chi2 = ((cells - expected) ** 2 / expected).sum()
        assert abs(chi2 - (len(cells) - 1)) < 5 * np.sqrt(2 * len(cells))
    flipped = mix32(np.arange(count)) ^ mix32(np.arange(count) ^ 1)
    assert np.mean([((flipped >> np.uint64(bit)) & np.uint64(1)).mean() for bit in range(32)]) == pytest.approx(0.5, abs=0.01)


def test_alias_tables_hold_their_weights() -> None:
    weights = np.array([[0.0, 1.0, 3.0, 0.0], [5.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0], [1e-9, 1.0, 1.0, 1.0]])
    threshold, other = alias_tables(weights)
    held = np.zeros_like(weights)
    for row in range(len(weights)):
        for slot in range(4):
            held[row, slot] += threshold[row, slot] / WORD / 4
            held[row, other[row, slot]] += (WORD - threshold[row, slot]) / WORD / 4
    assert held == pytest.approx(weights / weights.sum(axis=1, keepdims=True), abs=1e-9)


def test_a_draw_in_sql_follows_its_alias_table() -> None:
    weights = np.array([[1.0, 2.0, 3.0, 4.0]])
    with duckdb.connect() as con:
        install(con)
        con.register("frame", alias_frame(weights))
        drawn = con.execute(
            "select pick(mix32(n::ubigint), 4, threshold, other) as value, count(*) from range(40000) t(n) "
            "inner join frame on frame.key = slot(mix32(n::ubigint), 4) group by all order by all"
        ).fetchall()
    assert np.array([count for _, count in drawn]) / 40_000 == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.01)


def test_draw_rows_follows_the_weights() -> None:
    drawn = draw_rows(np.random.default_rng(0), np.tile([0.0, 1.0, 3.0, 0.0], (20_000, 1)))
    assert np.bincount(drawn, minlength=4) / 20_000 == pytest.approx([0.0, 0.25, 0.75, 0.0], abs=0.02)


def test_alias_tables_do_not_depend_on_the_blocks_they_are_made_in() -> None:
    weights = np.random.default_rng(0).gamma(0.3, size=(5000, 5))
    threshold, other = alias_tables(weights)
    frame = alias_frame(weights, 7)
    assert frame["key"].tolist() == list(range(35, 35 + weights.size))
    assert (frame["threshold"] == threshold.ravel()).all() and (frame["other"] == other.ravel()).all()
