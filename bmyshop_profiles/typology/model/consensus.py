"""What several computations agree on: starts for the profiles that depend little on a seed.

Belongs here: profiles of every run of cores, who belongs to them, which profiles of different runs are the same. Does not belong here:
cores (cores.py), the rounds (profiles.py), how many profiles there are (candidates.py).

UMAP and HDBSCAN find other cores with each seed. The profiles that each run leads to are grouped by whom they hold: average linkage of the
cosine between their memberships, and a member starts where most of its memberships are (the meta-clustering of Strehl, Ghosh 2002). On real
people eight runs say more about other receipts than one, and two seeds agree far more often (`benchmarks/typology/real.py`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.context import Contexts
from bmyshop_profiles.typology.model.merging import merge
from bmyshop_profiles.typology.model.profiles import Strengths, memberships, refine


@dataclass(frozen=True)
class Starts:
    """memberships: (members × profiles of all runs). tree: of those profiles, as scipy's `linkage` gives it; empty for one profile."""

    memberships: np.ndarray
    tree: np.ndarray
    most: int

    def labels(self, groups: int) -> np.ndarray:
        """(members,) group of profiles in which each begins, of at most so many groups."""
        if len(self.tree) == 0:
            return np.zeros(len(self.memberships), dtype=int)
        group = fcluster(self.tree, groups, "maxclust") - 1
        return np.asarray((self.memberships @ np.eye(group.max() + 1)[group]).argmax(1))


def agreed_starts(known: Behaviour, runs: list[np.ndarray], contexts: Contexts, *, most: int, damping: float, seed: int) -> Starts:
    """Starts from the cores of each run, (members,) labels, −1 = in none; each run leads to `most` profiles or fewer."""
    found: list[np.ndarray] = []
    strengths: Strengths | None = None
    for labels in runs:
        start = refine(known, labels, contexts, damping=0, hard_rounds=2, strengths=strengths, seed=seed).scores(known).argmax(1)
        merged = merge(known, start, contexts, to=most, strengths=strengths, seed=seed)
        profiles = refine(known, merged, contexts, damping=damping, hard_rounds=2, rounds=6, strengths=strengths, seed=seed)
        found.append(memberships(profiles.scores(known), known.sizes, damping=damping))
        strengths = profiles.strengths
    whole = np.hstack(found)
    unit = whole / np.maximum(np.linalg.norm(whole, axis=0), 1e-12)
    apart = np.clip(1 - unit.T @ unit, 0, None)
    tree = linkage(apart[np.triu_indices(len(apart), 1)], "average") if len(apart) > 1 else np.zeros((0, 4))
    return Starts(whole, tree, max(each.shape[1] for each in found))
