import numpy as np

from bmyshop_profiles.statistics.intervals import rows_drawn


def test_all_rows_or_so_many_of_them_once_and_sorted() -> None:
    np.testing.assert_array_equal(rows_drawn(5, most=5, seed=0), np.arange(5))
    found = rows_drawn(100, most=10, seed=3)
    assert len(set(found)) == 10
    assert (np.diff(found) > 0).all()
    np.testing.assert_array_equal(found, rows_drawn(100, most=10, seed=3))
    assert (found != rows_drawn(100, most=10, seed=[3, 1])).any()
