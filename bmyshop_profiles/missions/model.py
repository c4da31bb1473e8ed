"""A typology of receipts: which missions there are, and how likely each is given a basket.

Belongs here: proposals by density, the mixture and its rounds, how many missions there are. Does not belong here: tables, names (names.py),
what a typology of receipts is worth (`worth.py`).

A mission is a row of shares of articles, shrunk towards everybody's. HDBSCAN proposes on the distinct baskets of a sample; its leaves are
merged two by two (`statistics/merging.py`); then expectation and maximisation of a mixture of multinomials (Nigam et al. 2000), in which
each receipt belongs to missions by its posterior, and missions too small go, one by one. On a bakery and on grocery shops rounds by the
likeliest mission alone said up to a third less about the other half of a receipt than rounds by posterior did
(`benchmarks/missions/missions.py`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.density import NOISE, embed, leaves
from bmyshop_profiles.statistics.intervals import rows_drawn
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals, log_ratios, shrunk_shares
from bmyshop_profiles.statistics.merging import merge_groups

MOST, LEAST_SHARE = 15, 0.02
STRENGTH = 20.0  # articles of everybody in each mission's shares
ROUNDS = 30
MOST_BASKETS = 6000  # distinct ones, from which density proposes
PART = 0.005  # of these, the smallest leaf
LEAST_LEAF = 15


@dataclass(frozen=True)
class Missions:
    """shares: (missions × articles). sizes: (missions,) shares of receipts. everybody: (articles,)."""

    shares: np.ndarray
    sizes: np.ndarray
    everybody: np.ndarray

    @property
    def log_ratios(self) -> np.ndarray:
        """(articles × missions) nats that an article says for each mission."""
        return log_ratios(self.shares, self.everybody)

    def posterior(self, baskets: csr_matrix) -> np.ndarray:
        """(receipts × missions) probabilities. baskets: (receipts × articles) 0/1."""
        score = np.asarray(baskets @ self.log_ratios) + np.log(self.sizes)
        score = np.exp(score - score.max(1, keepdims=True))
        return np.asarray(score / score.sum(1, keepdims=True))

    def likeliest(self, baskets: csr_matrix) -> np.ndarray:
        """(receipts,) the likeliest mission; −1 where none explains the basket better than everybody's shares do."""
        evidence = np.asarray(baskets @ self.log_ratios)
        return np.where(evidence.max(1) > 0, (evidence + np.log(self.sizes)).argmax(1), -1)


def find_missions(baskets: csr_matrix, *, most: int = MOST, least_share: float = LEAST_SHARE, seed: int = 0) -> tuple[Missions | None, str]:
    """The missions of a sample of receipts by falling size, or None and why there are none.

    baskets: (receipts × articles) 0/1.
    """
    distinct, receipts = _distinct(baskets)
    rows = rows_drawn(distinct.shape[0], most=MOST_BASKETS, seed=seed)
    if len(rows) < 2 * LEAST_LEAF:
        return None, f"{len(rows)} distinct baskets are fewer than two missions of {LEAST_LEAF} need"
    proposed = leaves(embed(places(distinct[rows]), seed=seed), least=max(LEAST_LEAF, int(PART * len(rows))))
    if proposed.max() < 1:
        return None, "receipts do not fall into two or more missions"
    inside = proposed != NOISE
    starts = merged(csr_matrix(distinct[rows[inside]].multiply(receipts[rows[inside], None])), proposed[inside], to=most)
    return mixture(distinct, receipts, _start(distinct[rows[inside]], receipts[rows[inside]], starts), least_share=least_share), ""


def mixture(baskets: csr_matrix, receipts: np.ndarray, start: Missions, *, least_share: float = LEAST_SHARE) -> Missions:
    """Rounds from a start; then the smallest mission goes, and rounds again, until none is under `least_share`.

    baskets: (distinct × articles) 0/1. receipts: (distinct,) how many have the basket.
    """
    everybody, found = _everybody(baskets, receipts), start
    while True:
        for _ in range(ROUNDS):
            found = maximised(baskets, found.posterior(baskets) * receipts[:, None], everybody)
        shares = np.bincount(found.likeliest(baskets) + 1, receipts, len(found.sizes) + 1)[1:] / receipts.sum()
        if shares.min() >= least_share or len(shares) <= 2:
            order = np.argsort(-shares, kind="stable")
            return Missions(found.shares[order], found.sizes[order], everybody)
        kept = np.arange(len(shares)) != shares.argmin()
        found = Missions(found.shares[kept], found.sizes[kept] / found.sizes[kept].sum(), everybody)


def merged(counts: csr_matrix, labels: np.ndarray, *, to: int) -> np.ndarray:
    """Labels (rows,) merged until `to` groups are left, each time the pair whose common distribution loses least likelihood."""
    everybody = everybody_shares(counts)
    totals = group_totals(counts, labels, groups=labels.max() + 1)

    def likelihood(total: np.ndarray) -> float:
        shares = shrunk_shares(total[None], target=everybody, strength=STRENGTH)
        return float(total @ log_ratios(shares, everybody)[:, 0])

    return np.asarray(merge_groups(totals, likelihood, to=to)[labels])


def _distinct(baskets: csr_matrix) -> tuple[csr_matrix, np.ndarray]:
    """Distinct baskets with something in them, in an order of their own, and how many receipts have each."""
    baskets = csr_matrix(baskets)
    baskets.sort_indices()
    held: dict[bytes, int] = {}
    firsts: dict[bytes, int] = {}
    for row in range(baskets.shape[0]):
        key = baskets.indices[baskets.indptr[row] : baskets.indptr[row + 1]].astype(">i4").tobytes()
        if key:
            held[key] = held.get(key, 0) + 1
            firsts.setdefault(key, row)
    keys = sorted(held)
    return baskets[[firsts[key] for key in keys]], np.array([held[key] for key in keys], float)


def places(baskets: csr_matrix) -> np.ndarray:
    """(baskets × 20) directions: articles weighed against their frequency, in the axes that hold most."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    rare = csr_matrix(baskets.multiply(1 / np.sqrt(np.asarray(baskets.sum(0)).ravel() + 1)))
    size = min(20, rare.shape[1] - 1, rare.shape[0] - 1)
    return np.asarray(normalize(TruncatedSVD(size, random_state=0).fit_transform(normalize(rare))))


def _everybody(baskets: csr_matrix, receipts: np.ndarray) -> np.ndarray:
    return everybody_shares(csr_matrix(baskets.multiply(receipts[:, None])))


def _start(baskets: csr_matrix, receipts: np.ndarray, labels: np.ndarray) -> Missions:
    return maximised(baskets, np.eye(labels.max() + 1)[labels] * receipts[:, None], _everybody(baskets, receipts))


def maximised(baskets: csr_matrix, weights: np.ndarray, everybody: np.ndarray) -> Missions:
    """The missions under which baskets that belong to them by `weights` (baskets × missions), in receipts, are likeliest."""
    totals = np.asarray((baskets.T @ weights).T)
    sizes = weights.sum(0) + 1
    return Missions(shrunk_shares(totals, target=everybody, strength=STRENGTH), sizes / sizes.sum(), everybody)
