"""Does a profile come back when the typology is found again on half of the members?

Hennig (2007): a profile's Jaccard is that with its best match among the profiles found on a half subset, members of the half only. From .75
on average a profile is stable, below .60 it is not there. A mean can hide that now and then another cut wins, so that nine of ten half
subsets must also reach .70.
"""

import numpy as np

STABLE, DOUBTFUL, LOWEST = 0.75, 0.60, 0.70
LOWEST_PART = 0.1  # of the half subsets, that may fall below LOWEST


def best_jaccard(labels: np.ndarray, again: np.ndarray, *, groups: int) -> np.ndarray:
    """(groups,) Jaccard of each group of `labels` (members,) with its best match in `again` (members,); below zero = in none."""
    others = int(again.max(initial=-1)) + 1
    if others == 0:
        return np.zeros(groups)
    both = np.zeros((groups, others))
    known = (labels >= 0) & (again >= 0)
    np.add.at(both, (labels[known], again[known]), 1)
    sizes, other_sizes = np.bincount(labels[labels >= 0], minlength=groups), np.bincount(again[again >= 0], minlength=others)
    return (both / np.maximum(sizes[:, None] + other_sizes[None] - both, 1)).max(1)


def lowest(jaccard: np.ndarray) -> np.ndarray:
    """(groups,) what nine of ten half subsets reach. jaccard: (half subsets × groups), at least one row."""
    return np.asarray(np.quantile(jaccard, LOWEST_PART, axis=0))


def comes_back(mean: float, low: float) -> bool:
    """Whether a profile with this Jaccard, on average and in nine of ten half subsets, is stable."""
    return mean >= STABLE and low >= LOWEST
