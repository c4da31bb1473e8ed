"""Kin: profiles that the halves of the same people do not tell apart.

Belongs here: who is kin. Does not belong here: what is made of it (changes.py counts them together, continuity.py matches them together).

With many receipts a typology may cut one kind of people in two, and say a little more by it; but between the pieces people go to and fro by
chance. A cut is worth a name when the other half of a person's receipts falls on the same side (the agreement of prediction strength,
Tibshirani, Walther 2005, pair by pair). On real people no pair is kin; on simulated ones, whose kinds are few, many are.
"""

import numpy as np

TOLD_APART = 2.0  # odds that a half which says one of two profiles is right: below, they are kin


def kin(first: np.ndarray, second: np.ndarray, *, profiles: int) -> np.ndarray:
    """(profiles,) for each profile the first of those that it is not told from, itself included.

    first, second: (members,) profile by each half, below zero = in none. Pairs are joined, the least told apart first, as long as the
    square root of the odds ratio of their (2 × 2) table, counts + ½, is below TOLD_APART: 1 where one half says nothing about the other.
    """
    known = (first >= 0) & (second >= 0)
    table = np.zeros((profiles, profiles))
    np.add.at(table, (first[known], second[known]), 1)
    groups = [[number] for number in range(profiles)]
    while True:
        own = np.array([[table[np.ix_(a, b)].sum() for b in groups] for a in groups]).reshape(len(groups), len(groups)) + 0.5
        odds = np.sqrt(np.outer(np.diag(own), np.diag(own)) / (own * own.T))
        np.fill_diagonal(odds, np.inf)
        if odds.size == 0 or not odds.min() < TOLD_APART:
            break
        a, b = sorted(np.unravel_index(odds.argmin(), odds.shape))
        groups[a] = sorted(groups[a] + groups.pop(b))
    found = np.arange(profiles)
    for group in groups:
        found[group] = group[0]
    return found
