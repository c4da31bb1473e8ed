"""Words are even, independent of one another and the same for ever; alias tables give back their weights."""

import numpy as np
import pytest

from bmyshop_profiles.simulation.mixing import WORD, Chances, alias_tables, draw_rows, even, mix32, spread, stream


def plain_mix32(word: int) -> int:
    """The function as its author writes it, on Python's own whole numbers."""
    word = ((word ^ word >> 16) * 0x7FEB352D) % WORD
    word = ((word ^ word >> 15) * 0x846CA68B) % WORD
    return word ^ word >> 16


def test_numpy_mixes_as_the_function_is_written() -> None:
    numbers = np.r_[np.arange(2000), WORD - 1, 0x9E3779B1].astype(np.uint64)
    assert mix32(numbers).tolist() == [plain_mix32(number) for number in numbers.tolist()]
    assert spread(numbers).tolist() == [number * 0x9E3779B1 % WORD for number in numbers.tolist()]
    assert (numbers < WORD).all() and numbers[2] == 2  # what is mixed stays as it was


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


def test_a_draw_follows_the_weights_of_its_row() -> None:
    chances = Chances.of(np.array([[1.0, 2.0, 3.0, 4.0]])).then(Chances.of(np.array([[0.0, 5.0, 0.0, 0.0], [4.0, 3.0, 0.0, 3.0]])))
    words = mix32(np.arange(40_000))
    for row, shares in enumerate(([0.1, 0.2, 0.3, 0.4], [0.0, 1.0, 0.0, 0.0], [0.4, 0.3, 0.0, 0.3])):
        drawn = chances.draw(np.full(len(words), row), words)
        assert np.bincount(drawn, minlength=4) / len(words) == pytest.approx(shares, abs=0.01)


def test_even_numbers_stay_below_their_width() -> None:
    words = mix32(np.arange(40_000))
    assert np.bincount(even(words, 4)) / len(words) == pytest.approx([0.25] * 4, abs=0.01)
    assert even(np.array([0, WORD - 1, WORD - 1], np.uint32), np.array([3600, 3600, 1])).tolist() == [0, 3599, 0]


def test_draw_rows_follows_the_weights() -> None:
    drawn = draw_rows(np.random.default_rng(0), np.tile([0.0, 1.0, 3.0, 0.0], (20_000, 1)))
    assert np.bincount(drawn, minlength=4) / 20_000 == pytest.approx([0.0, 0.25, 0.75, 0.0], abs=0.02)


def test_alias_tables_do_not_depend_on_the_blocks_they_are_made_in() -> None:
    weights = np.random.default_rng(0).gamma(0.3, size=(5000, 5))
    threshold, other = alias_tables(weights)
    entries = Chances.of(weights).entries
    assert (entries >> np.uint64(16) == threshold.ravel()).all()
    assert (entries & np.uint64(0xFFFF) == other.ravel()).all()
