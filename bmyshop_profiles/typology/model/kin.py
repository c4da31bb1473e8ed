"""Kin: profiles that the two halves of a member's receipts do not tell apart.

Belongs here: which profiles are kin. Does not belong here: what follows from it (`lives/changes.py` counts them together,
`lives/continuity.py` matches them together).

With many receipts a typology may cut one kind of people in two, because the cut raises the likelihood a little. Members then move between
the two pieces by chance from one half of their receipts to the other. Two profiles are told apart when both halves of a member's receipts
tend to fall on the same side: the agreement of prediction strength (Tibshirani, Walther 2005), pair by pair. On real people no pair is kin;
on simulated people, who are of few kinds, many are.
"""

import numpy as np

TOLD_APART = 2.0  # odds that a half names the right one of two profiles: below, the two are kin


def kin(first: np.ndarray, second: np.ndarray, *, profiles: int) -> np.ndarray:
    """(profiles,) for each profile, the first of those that it is not told apart from, itself included.

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
