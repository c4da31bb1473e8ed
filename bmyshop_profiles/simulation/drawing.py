"""Vectorised draws that the other modules share. Knows nothing of shops or shoppers."""

from collections.abc import Iterator

import numpy as np

_CHUNK = 250_000


def chunks(count: int, size: int = _CHUNK) -> Iterator[slice]:
    """Slices that cover `count` rows, so that wide intermediate tables stay small."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def draw_columns(rng: np.random.Generator, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For each entry of `rows`, a column drawn by the weights of that row."""
    cumulative = np.cumsum(weights, axis=1)
    cumulative /= cumulative[:, -1:]
    columns = np.empty(len(rows), dtype=np.int16)
    for part in chunks(len(rows)):
        level = rng.random((part.stop - part.start, 1))
        columns[part] = (cumulative[rows[part]] <= level).sum(axis=1)
    return np.minimum(columns, weights.shape[1] - 1)


def draw_each(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column for each row of `weights`."""
    return draw_columns(rng, weights, np.arange(len(weights)))


def first_of_group(groups: np.ndarray) -> np.ndarray:
    """For sorted `groups`, the position at which the group of each entry starts."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.empty(0, dtype=np.int64)
    return np.repeat(starts, np.diff(np.r_[starts, len(groups)]))
