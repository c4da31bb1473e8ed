"""What one half of the members tells is judged by the other: true where shops differ, nothing where they do not."""

from dataclasses import replace

import numpy as np
import pytest

from bmyshop_profiles.audience.left_out import left_out
from bmyshop_profiles.audience.small_area import Cells
from bmyshop_profiles_tests.audience.test_small_area import planted


def halves(*, differ: float, told: float = 0.3, people: int = 12) -> tuple[Cells, Cells]:
    """The same shops and baskets, the visits of two halves of the members."""
    cells, mixes = planted(differ=differ, told=told)
    rng = np.random.default_rng(7)
    one, other = (
        replace(
            cells,
            visits=np.array([rng.multinomial(people, mix) for mix in mixes]).astype(float),
            people=np.full(len(mixes), float(people)),
        )
        for _ in range(2)
    )
    return one, other


def test_differences_that_are_there_are_confirmed() -> None:
    found = left_out(*halves(differ=15.0))
    assert (found.reliability > 0.4).all()
    assert (found.low > 0).all()
    assert (found.low < found.gain).all()


def test_cells_that_do_not_differ_confirm_nothing() -> None:
    rng, both = np.random.default_rng(1), []
    for each in halves(differ=np.inf):
        visits = rng.multinomial(12, [0.5, 0.3, 0.2], len(each.store)).astype(float)
        both.append(replace(each, means=np.full_like(each.means, 1 / 3), visits=visits))
    found = left_out(*both)
    assert (found.low <= 0).all()
    assert (np.abs(found.gain) < 0.1).all()


@pytest.mark.parametrize("nobody", [0, 1])
def test_without_members_in_a_half_nothing_is_known(nobody: int) -> None:
    both = list(halves(differ=15.0))
    both[nobody] = replace(both[nobody], visits=0 * both[nobody].visits, people=0 * both[nobody].people)
    assert np.isnan(left_out(*both).low).all()
