"""What a typology of receipts is worth: does half of a receipt say something about its other half?

Belongs here: the division of receipts, the measure. Does not belong here: how missions are found (model.py).

Half of a receipt's different articles tell the mission, by posterior, and the others are scored: nats per article against everybody's
shares, both *without replacement*, as what is on the receipt already cannot come again. Without that every typology of small baskets looks
worse than none.
"""

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.missions.model import Missions
from bmyshop_profiles.statistics.intervals import Interval, ratio_interval


def halves_within(baskets: csr_matrix, *, seed: int = 0) -> tuple[csr_matrix, csr_matrix]:
    """Two (receipts × articles) 0/1 that add up to the baskets: the articles of each receipt in a drawn order, told and scored in turn."""
    baskets = csr_matrix(baskets)
    row = np.repeat(np.arange(baskets.shape[0]), np.diff(baskets.indptr))
    order = np.lexsort((np.random.default_rng(seed).random(len(row)), row))
    place = np.arange(len(row)) - baskets.indptr[row[order]]
    told, scored = (
        csr_matrix(
            (np.ones((place % 2 == half).sum()), (row[order][place % 2 == half], baskets.indices[order][place % 2 == half])),
            shape=baskets.shape,
        )
        for half in (0, 1)
    )
    return told, scored


def gain_within(missions: Missions, told: csr_matrix, scored: csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """(receipts,) nats about the scored articles more than everybody's shares say, and (receipts,) how many articles are scored."""
    shares = missions.posterior(told) @ missions.shares
    used = np.asarray(told.multiply(shares).sum(1)).ravel()
    used_by_all = np.asarray(told @ missions.everybody).ravel()
    other = scored.tocoo()
    ours = np.log(shares[other.row, other.col] / (1 - used[other.row]))
    gains = ours - np.log(missions.everybody[other.col] / (1 - used_by_all[other.row]))
    receipts = scored.shape[0]
    return np.bincount(other.row, gains, receipts), np.bincount(other.row, minlength=receipts).astype(float)


def gain_per_article(missions: Missions, baskets: csr_matrix, *, seed: int = 0, level: float = 0.9) -> Interval:
    """Nats per article, with an interval by receipt."""
    return ratio_interval(*gain_within(missions, *halves_within(baskets, seed=seed)), level=level)
