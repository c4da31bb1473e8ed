"""People under profiles they were not there to make, by items alone.

Belongs here: scores and states from log-ratios of items. Does not belong here: members with their shops and moments (`Typology.predict`).
"""

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.likelihood import states


def likelihood_scores(counts: csr_matrix, ratios: np.ndarray) -> np.ndarray:
    """(members × profiles) log-likelihood of each member's items under each profile, against everybody's distribution."""
    if counts.shape[1] != ratios.shape[0]:
        raise ValueError(f"counts have {counts.shape[1]} items, the profiles {ratios.shape[0]}")
    if not np.isfinite(ratios).all():
        raise ValueError("log-ratios must be finite: shrink the shares first")
    return np.asarray(counts @ ratios).reshape(counts.shape[0], ratios.shape[1])


def assign(counts: csr_matrix, ratios: np.ndarray, *, receipts: np.ndarray | None = None, least_receipts: int = 1) -> np.ndarray:
    """State of people the profiles have not seen, (members,); see `states`. counts: (members × items). ratios: (items × profiles)."""
    items = np.asarray(counts.sum(1)).ravel()
    return states(likelihood_scores(counts, ratios), items=items, receipts=receipts, least_receipts=least_receipts)
