"""Row-keyed draws: a 32-bit word that depends on what a row is about, never on the order or the thread in which rows are made.

Belongs here: the mixing function, keys of streams, alias tables. Knows nothing of shops or shoppers.

The mix is `lowbias32` (C. Wellons), two multiplications and three shifts of 32-bit integers: a generator of a library may change between
versions, this cannot.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

WORD = 1 << 32  # number of different words
_ROWS_OF_A_BLOCK = 2048
_FIRST, _SECOND = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)
_ODD = np.uint32(0x9E3779B1)
_LOW, _HALF, _OTHER = np.uint64(WORD - 1), np.uint64(32), np.uint64(16)


def mix32(words: np.ndarray) -> np.ndarray:
    """A word for each number below 2**32; different ones for different numbers."""
    x = np.array(words).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= _FIRST
    x ^= x >> np.uint32(15)
    x *= _SECOND
    x ^= x >> np.uint32(16)
    return x


def spread(numbers: np.ndarray) -> np.ndarray:
    """Small numbers far apart, to be mixed into words."""
    return np.asarray(numbers).astype(np.uint32) * _ODD


def stream(seed: int, *names: object) -> int:
    """Key of a stream of draws: 32 bits of a digest of the seed and what is drawn."""
    text = "/".join(map(str, (seed, *names)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "little")


def rng_of(seed: int, *names: object) -> np.random.Generator:
    """numpy's generator for a part of the network that is small enough for Python."""
    return np.random.default_rng([seed, stream(seed, *names)])


def limits(shares: np.ndarray) -> np.ndarray:
    """Words below its limit are a share of all words."""
    return np.round(np.clip(shares, 0, 1) * WORD).astype(np.uint64)


def alias_tables(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Threshold (of 2**32) and other slot of each slot of each row of `weights` (rows × width); Walker 1977, Vose 1991.

    A row without weight is drawn evenly: it must not be drawn from at all.
    """
    rows, width = weights.shape
    total = weights.sum(axis=1, keepdims=True)
    load = np.where(total > 0, weights / np.where(total > 0, total, 1) * width, 1.0)
    threshold = np.ones_like(load)
    other = np.broadcast_to(np.arange(width), load.shape).copy()
    every = np.arange(rows)
    for _ in range(width - 1):
        low, high = load.argmin(axis=1), load.argmax(axis=1)
        lacking = load[every, low]
        moved = lacking < 1 - 1e-12
        at, low, high, lacking = every[moved], low[moved], high[moved], lacking[moved]
        threshold[at, low] = lacking
        other[at, low] = high
        load[at, high] -= 1 - lacking
        load[at, low] = 1.0
    return limits(threshold), other.astype(np.int16)


@dataclass(frozen=True)
class Chances:
    """Alias tables of `width` slots, row after row. An entry is threshold × 2**16 + other slot: a draw looks up one number."""

    entries: np.ndarray
    width: int

    @classmethod
    def of(cls, weights: np.ndarray, run: Callable[..., Iterable[Any]] = map) -> "Chances":
        """From weights (… × width). `run` maps over blocks of rows that fit a processor's cache."""
        rows = weights.reshape(-1, weights.shape[-1])
        parts = run(_entries, np.array_split(rows, np.ceil(len(rows) / _ROWS_OF_A_BLOCK)))
        return cls(np.concatenate(list(parts)).ravel(), rows.shape[1])

    def then(self, others: "Chances") -> "Chances":
        """The same with more rows."""
        return Chances(np.concatenate([self.entries, others.entries]), self.width)

    def draw(self, rows: np.ndarray, words: np.ndarray) -> np.ndarray:
        """A slot of each of these rows, by its words."""
        place = words * np.uint64(self.width)
        slot = (place >> _HALF).astype(np.int64)
        entry = self.entries.take(rows * self.width + slot)
        return np.where((place & _LOW) < entry >> _OTHER, slot, (entry & np.uint64(0xFFFF)).astype(np.int64))


def _entries(weights: np.ndarray) -> np.ndarray:
    threshold, other = alias_tables(weights)
    return threshold << _OTHER | other.astype(np.uint64)


def even(words: np.ndarray, width: np.ndarray | int) -> np.ndarray:
    """A number below `width` for each word, all alike."""
    return ((words * np.asarray(width).astype(np.uint64)) >> _HALF).astype(np.int64)


def draw_rows(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column for each row of `weights`, drawn by its weights."""
    cumulative = np.cumsum(weights, axis=1)
    level = rng.random((len(weights), 1)) * cumulative[:, -1:]
    return np.minimum((cumulative <= level).sum(axis=1), weights.shape[1] - 1)
