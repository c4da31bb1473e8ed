"""How good probabilities are, shared by every room that measures its own: log-loss and calibration error.

Belongs here: probabilities against what came true. Does not belong here: how probabilities are made.

scikit-learn's `log_loss` gives the mean alone; intervals by person need the loss of each row. It has no calibration error.
"""

import numpy as np

from bmyshop_profiles.statistics.intervals import Interval

BINS = 10


def log_losses(foretold: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(rows,) −log probability of what came true, in nats; probabilities below 1e-9 count as 1e-9.

    foretold: (rows × groups). label: (rows,) 0..groups-1.
    """
    return -np.log(np.maximum(foretold[np.arange(len(label)), label], 1e-9))


def calibration_error(foretold: np.ndarray, label: np.ndarray) -> float:
    """Mean over groups and bins of |share foretold − share true|, weighted by rows; every group counts. Shapes as in `log_losses`."""
    everybody = np.zeros(len(label), dtype=int)
    excess = [_excess(column, label == group, everybody, people=1) for group, column in enumerate(foretold.T)]
    return float(np.abs(excess).sum()) / foretold.size


def calibration_errors(
    posterior: np.ndarray, baseline: np.ndarray, label: np.ndarray, person: np.ndarray, *, level: float, draws: int = 200
) -> list[Interval]:
    """Expected calibration error (Naeini, Cooper, Hauskrecht 2015) of the likeliest group: of the posterior, the baseline, the difference.

    The interval is a percentile bootstrap that draws people.
    """
    if len(label) == 0:
        return [Interval(float("nan"), float("-inf"), float("inf"), 0)] * 3
    index = np.unique(person, return_inverse=True)[1]
    people = int(index.max()) + 1
    if people == 1:
        draws = 0
    times = np.random.default_rng(0).multinomial(people, np.full(people, 1 / people), size=draws)
    times = np.vstack([np.ones((1, people)), times])  # the first row is the figure itself
    size = times @ np.bincount(index, minlength=people)
    errors = []
    for p in (posterior, baseline):
        excess = _excess(p.max(1), p.argmax(1) == label, index, people=people)
        errors.append(np.abs(times @ excess).sum(1) / size)
    errors.append(errors[0] - errors[1])
    if people == 1:
        return [Interval(float(e[0]), float("-inf"), float("inf"), 1) for e in errors]
    tails = (0.5 - level / 2, 0.5 + level / 2)
    return [Interval(float(e[0]), float(np.quantile(e[1:], tails[0])), float(np.quantile(e[1:], tails[1])), people) for e in errors]


def _excess(foretold: np.ndarray, is_true: np.ndarray, person: np.ndarray, *, people: int) -> np.ndarray:
    """(people × bins) by how much more was foretold than came true. foretold, is_true, person: (rows,)."""
    cell = person * BINS + np.minimum((foretold * BINS).astype(int), BINS - 1)
    return np.bincount(cell, weights=foretold - is_true, minlength=people * BINS).reshape(people, BINS)
