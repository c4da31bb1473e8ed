"""Cores merged two by two, each time the pair whose purchases lose the least likelihood when they share one distribution
(`statistics/merging.py`).

Not here: which cores there are (cores.py), how profiles are refined (profiles.py).
"""

import numpy as np

from bmyshop_profiles.statistics.likelihood import group_totals, log_ratios
from bmyshop_profiles.statistics.merging import merge_groups
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.context import Contexts
from bmyshop_profiles.typology.model.profiles import Strengths, choose_strengths, close_ranks, everybody_by_group, group_shares


def merge(
    members: Behaviour, labels: np.ndarray, contexts: Contexts, *, to: int, strengths: Strengths | None = None, seed: int = 0
) -> np.ndarray:
    """Labels (members,) merged until `to` groups are left, each time the pair whose common distribution loses least likelihood.

    strengths: as in `refine`.
    """
    labels, groups = close_ranks(labels)
    if groups <= to:
        return labels
    everybody = everybody_by_group(members)
    chosen = strengths or choose_strengths(members, labels, contexts, groups=groups, seed=seed)
    totals = group_totals(members.counts, labels, groups=groups)

    def likelihood(total: np.ndarray) -> float:
        shares = group_shares(total[None], members.groups, everybody, contexts.classes, chosen)
        return float(total @ log_ratios(shares, everybody)[:, 0])

    return np.where(labels >= 0, merge_groups(totals, likelihood, to=to)[labels], labels)
