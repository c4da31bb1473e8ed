"""Groups merged two by two, each time the pair whose purchases lose the least likelihood when they share one distribution (Slonim, Tishby
1999).

Belongs here: the order of merging. Does not belong here: what a likelihood is; the caller says.
"""

from collections.abc import Callable

import numpy as np


def merge_groups(totals: np.ndarray, likelihood: Callable[[np.ndarray], float], *, to: int) -> np.ndarray:
    """(groups,) number of what each group has become, 0..to-1 in the order of the groups.

    totals: (groups × items), what each bought. likelihood: of a row of totals under a distribution of its own.
    """
    totals = np.array(totals, dtype=float)
    became, alive = np.arange(len(totals)), list(range(len(totals)))
    own = [likelihood(total) for total in totals]
    loss = {(a, b): own[a] + own[b] - likelihood(totals[a] + totals[b]) for a in alive for b in alive if a < b}
    while len(alive) > max(to, 1):
        kept, gone = min(loss, key=lambda pair: (loss[pair], pair))
        totals[kept] += totals[gone]
        became = np.where(became == gone, kept, became)
        alive.remove(gone)
        own[kept] = likelihood(totals[kept])
        loss = {pair: value for pair, value in loss.items() if gone not in pair}
        for each in alive:
            if each != kept:
                loss[min(each, kept), max(each, kept)] = own[each] + own[kept] - likelihood(totals[each] + totals[kept])
    return np.searchsorted(alive, became)
