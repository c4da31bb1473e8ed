"""A typology in one call: space, cores, likelihood.

Belongs here: the order of the three steps and the outcome when there is nothing to find. Does not belong here: the steps themselves.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.cores import Cores, find_cores
from bmyshop_profiles.typology.likelihood import Profiles, fit_profiles, states
from bmyshop_profiles.typology.space import fit_space, place


@dataclass(frozen=True)
class Typology:
    """profiles: item distributions and the state of each member. cores: where they began. reason: "" or why there are no profiles.

    places: (members × size) coordinates of the members.
    """

    profiles: Profiles
    cores: Cores
    places: np.ndarray
    reason: str


def fit_typology(
    counts: csr_matrix,
    *,
    receipts: np.ndarray | None = None,
    least_receipts: int = 1,
    size: int = 10,
    most_profiles: int = 16,
    most_items: int = 2000,
    seed: int = 0,
) -> Typology:
    """The typology of members from their item counts.

    counts: (members × items), members sorted by key (labels depend on the order of rows). receipts: (members,) receipts behind the counts;
    members below `least_receipts` neither form a core nor a profile. size: coordinates of the space. No members, one member, members all
    alike or too few for two clusters: no profiles, a reason, and every member ATYPICAL or TOO_FEW_RECEIPTS.
    """
    items = np.asarray(counts.sum(1)).ravel()
    enough = np.flatnonzero(states(np.zeros((len(items), 0)), items=items, receipts=receipts, least_receipts=least_receipts) == -1)
    known = counts[enough]
    space = fit_space(known, size=size, most_items=most_items)
    cores = find_cores(place(known, space), most_profiles=most_profiles, seed=seed)
    labels = np.full(counts.shape[0], -1)
    labels[enough] = cores.labels
    profiles = fit_profiles(counts, labels, receipts=receipts, least_receipts=least_receipts, seed=seed)
    return Typology(profiles, replace(cores, labels=labels), place(counts, space), cores.reason)
