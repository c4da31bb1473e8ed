"""Small made worlds for pure tests: people of known profiles, their counts and their receipts."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix


@dataclass(frozen=True)
class World:
    """profile: (people,). first, second: (people × items) halves. receipts: (receipts × items) of the second half, owner: (receipts,)."""

    profile: np.ndarray
    first: csr_matrix
    second: csr_matrix
    receipts: csr_matrix
    owner: np.ndarray


def make_world(*, people: int = 240, profiles: int = 3, items: int = 30, purchases: int = 30, receipts: int = 4, seed: int = 0) -> World:
    """People whose profile makes its own tenth of the items likely; `receipts` receipts of five purchases in the second half."""
    rng = np.random.default_rng(seed)
    shares = np.full((profiles, items), 1.0)
    width = items // profiles
    for k in range(profiles):
        shares[k, k * width : (k + 1) * width] = 6.0
    shares /= shares.sum(1, keepdims=True)
    profile = np.arange(people) % profiles
    first = np.array([rng.multinomial(purchases, shares[k]) for k in profile]).reshape(people, items)
    owner = np.repeat(np.arange(people), receipts)
    baskets = np.array([rng.multinomial(5, shares[profile[p]]) for p in owner]).reshape(len(owner), items)
    second = np.zeros((people, items))
    np.add.at(second, owner, baskets)
    return World(profile, csr_matrix(first, dtype=float), csr_matrix(second), csr_matrix(baskets > 0, dtype=float), owner)
