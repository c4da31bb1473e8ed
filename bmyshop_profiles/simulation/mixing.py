"""Row-keyed draws: a 32-bit word that depends on what a row is about, never on the order or the thread in which rows are made.

Belongs here: the mixing function in SQL and in numpy, keys of streams, alias tables. Knows nothing of shops or shoppers.

The mix is `lowbias32` (C. Wellons), two multiplications and three shifts of 32-bit integers, written out with plain arithmetic: DuckDB's
own hash() may change between versions, this cannot. Words are held in 64-bit columns, so products of 32-bit numbers fit.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import duckdb
import numpy as np
import pandas as pd

WORD = 1 << 32  # number of different words
_LOW = WORD - 1
_ROWS_OF_A_BLOCK = 2048
_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B
_ODD = 0x9E3779B1  # spreads small numbers before they are mixed in

# slot, part and pick draw from an alias table of `width` slots: `slot` says which row to join, `pick` which side of it was hit.
_MACROS = f"""
create or replace temp macro mix_first(x) as (xor(x, x >> 16) * {_FIRST}::ubigint) & {_LOW}::ubigint;
create or replace temp macro mix_second(x) as (xor(x, x >> 15) * {_SECOND}::ubigint) & {_LOW}::ubigint;
create or replace temp macro mix_third(x) as xor(x, x >> 16);
create or replace temp macro mix32(x) as mix_third(mix_second(mix_first(x)));
create or replace temp macro spread(n) as (n::ubigint * {_ODD}::ubigint) & {_LOW}::ubigint;
create or replace temp macro word(state, key) as mix32(xor(state, key::ubigint));
create or replace temp macro below(word, share) as word < (share * {WORD})::ubigint;
create or replace temp macro slot(word, width) as ((word * width::ubigint) >> 32)::integer;
create or replace temp macro part(word, width) as (word * width::ubigint) & {_LOW}::ubigint;
create or replace temp macro pick(word, width, threshold, other) as
    if(part(word, width) < threshold, slot(word, width), other);
"""


def install(con: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the macros."""
    con.execute(_MACROS)


def mix32(words: np.ndarray) -> np.ndarray:
    """The same function as the SQL macro, on an array of numbers below 2**32."""
    x = np.asarray(words, dtype=np.uint64)
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(_FIRST)) & np.uint64(_LOW)
    x = ((x ^ (x >> np.uint64(15))) * np.uint64(_SECOND)) & np.uint64(_LOW)
    return x ^ (x >> np.uint64(16))


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


def alias_frame(weights: np.ndarray, first_row: int = 0, run: Callable[..., Iterable[Any]] = map) -> pd.DataFrame:
    """Alias tables as rows to join: key = row * width + slot. `run` maps over blocks of rows that fit a processor's cache."""
    blocks = np.array_split(weights, np.ceil(len(weights) / _ROWS_OF_A_BLOCK))
    threshold, other = (np.concatenate(parts) for parts in zip(*run(alias_tables, blocks), strict=True))
    start = first_row * weights.shape[1]
    key = np.arange(start, start + weights.size, dtype=np.int32)
    return pd.DataFrame({"key": key, "threshold": threshold.ravel(), "other": other.ravel()})


def draw_rows(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column for each row of `weights`, drawn by its weights."""
    cumulative = np.cumsum(weights, axis=1)
    level = rng.random((len(weights), 1)) * cumulative[:, -1:]
    return np.minimum((cumulative <= level).sum(axis=1), weights.shape[1] - 1)
