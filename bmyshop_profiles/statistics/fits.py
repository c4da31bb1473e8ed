"""Independent computations over the cores that a run has, each with one thread of linear algebra.

Two threads in one small product wait for each other most of the time: they doubled the processor time of a typology.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

WORTHWHILE = 1000  # members: processes take seconds to start and to load what fits need, more than fits of fewer members take
_CORES: ContextVar[int] = ContextVar("cores", default=1)


@contextlib.contextmanager
def cores(count: int) -> Iterator[None]:
    """Let what is computed inside go over so many cores."""
    import threadpoolctl

    token = _CORES.set(count)
    try:
        with threadpoolctl.threadpool_limits(1):
            yield
    finally:
        _CORES.reset(token)


def independent(function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], *, members: int) -> list[Any]:
    """What `function` says of each task, in their order; one after the other for few members, or where no cores were given.

    What it says must depend on the task alone, so that the outcome is the same either way.
    """
    if _CORES.get() == 1 or members < WORTHWHILE:
        return [function(*task) for task in tasks]
    import joblib

    return list(joblib.Parallel(n_jobs=_CORES.get(), backend="loky")(joblib.delayed(function)(*task) for task in tasks))
