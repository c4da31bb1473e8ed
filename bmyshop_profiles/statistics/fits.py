"""Independent computations over the cores that a run was given (`joblib.parallel_config`)."""

from collections.abc import Callable, Iterable
from typing import Any

import joblib

WORTHWHILE = 1000  # members: processes take seconds to start and to load what fits need, more than fits of fewer members take


def independent(function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], *, members: int) -> list[Any]:
    """What `function` says of each task, in their order; one after the other for few members, or where no cores were given.

    What it says must depend on the task alone, so that the outcome is the same either way.
    """
    return list(joblib.Parallel(n_jobs=None if members >= WORTHWHILE else 1)(joblib.delayed(function)(*task) for task in tasks))
