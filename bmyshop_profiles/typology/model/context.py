"""What a member could buy: what everybody buys in the shops the member visits.

Belongs here: the expectation of items given shops, and what it takes from the likelihood of a profile. Does not belong here: profiles
themselves (profiles.py), the residual space (space.py).

A purchase in a shop by a member of a profile is an item with probability ∝ everybody's share × ratio of the shop × ratio of the profile.
Both are indirectly standardised ratios, observed ÷ expected, shrunk towards 1 (posterior mean of a gamma-Poisson model). Without shops
there is one cell, its ratios are 1, and everything falls back to shares. A shop whose visitors are all of one profile must not hide that
profile: once memberships are known, ratios of shops are taken again against what their visitors' profiles would buy anywhere.
Dayparts are no context: when people come is part of what they are like, and on simulated people taking it out lost a third of what was
found of their personas.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import gammaln

LEAST_ITEMS = 100.0  # a shop of fewer purchases is not told from everybody: its ratios stay 1
STRENGTHS = (100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0, 1e5)


@dataclass(frozen=True)
class Contexts:
    """bought: (shops × items) what members bought in each. everybody: (items,) shares. shares: (shops × items), rows sum to one. classes:
    (items × classes) 1 where the item is of the class of items that go together, else 0; one class where they are not told apart."""

    bought: csr_matrix
    everybody: np.ndarray
    shares: np.ndarray
    classes: np.ndarray

    @property
    def count(self) -> int:
        """Number of shops; 1 when shops are not told apart."""
        return len(self.shares)

    def expected(self, visits: csr_matrix) -> np.ndarray:
        """(rows × items) items expected from visits (rows × shops): what everybody would have bought there."""
        return np.asarray(visits @ self.shares)

    def normalisers(self, ratios: np.ndarray) -> np.ndarray:
        """(shops × groups) log Σ share of the item in the shop × ratio (items × groups): how much of the profile the shop can serve."""
        return np.log(self.shares @ ratios)

    def group_expected(self, visits: np.ndarray, ratios: np.ndarray) -> np.ndarray:
        """(groups × items) items expected of groups whose visits are (groups × shops), before the group's own ratio of the item."""
        return np.asarray((visits / (self.shares @ ratios).T) @ self.shares)


def no_shops(everybody: np.ndarray) -> Contexts:
    """One cell in which everything is bought."""
    return Contexts(csr_matrix((1, len(everybody))), everybody, everybody[None], np.ones((len(everybody), 1)))


def fit_contexts(
    bought: csr_matrix, everybody: np.ndarray, *, visits: np.ndarray | None = None, ratios: np.ndarray | None = None
) -> Contexts:
    """Shares of items in shops.

    bought: (shops × items) by members. everybody: (items,) shares. visits (groups × shops) and ratios (items × groups): who bought there,
    where profiles are known; what they would buy anywhere is then taken out. The strength of shrinkage is the one of the highest
    Dirichlet-multinomial likelihood (Good 1965). Raises ValueError when items differ in number.
    """
    if bought.shape[1] != len(everybody):
        raise ValueError(f"shops sold {bought.shape[1]} items, members bought {len(everybody)}")
    sizes = np.asarray(bought.sum(1)).ravel()
    expected = np.outer(sizes, everybody)
    if visits is not None and ratios is not None:
        mix = visits / np.maximum(visits.sum(0), 1e-12)
        visitors = everybody * ((mix / (everybody @ ratios)[:, None]).T @ ratios.T)
        expected = np.where(visits.sum(0)[:, None] > 0, sizes[:, None] * visitors, expected)
    strength = _likeliest_strength(bought, everybody, sizes)
    found = (bought.toarray() + strength * everybody) / (expected + strength * everybody)
    found[sizes < LEAST_ITEMS] = 1.0
    shares = found * everybody
    return Contexts(bought, everybody, shares / shares.sum(1, keepdims=True), np.ones((len(everybody), 1)))


def _likeliest_strength(bought: csr_matrix, everybody: np.ndarray, sizes: np.ndarray) -> float:
    cells = bought.tocoo()

    def likelihood(strength: float) -> float:
        prior = strength * everybody[cells.col]
        within = (gammaln(cells.data + prior) - gammaln(prior)).sum()
        return float(within + (gammaln(strength) - gammaln(sizes + strength)).sum())

    return max(STRENGTHS, key=likelihood)
