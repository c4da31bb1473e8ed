"""The typology of a month as tables: who is in which profile, and what each profile buys."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.fit import Typology, fit_typology
from bmyshop_profiles.typology.likelihood import ATYPICAL, TOO_FEW_RECEIPTS, assign
from bmyshop_profiles.typology.members import Members

STATES = {ATYPICAL: "atypical", TOO_FEW_RECEIPTS: "too_few_receipts"}


def profile_key(number: int) -> str:
    """p01 for profile 0."""
    return f"p{number + 1:02d}"


def cluster_members(members: Members, *, label_receipts: int, most_profiles: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`member_clusters` and `cluster_profiles`. Profiles are found in half 0; the other labels are read with these same profiles."""
    if len(members.keys) == 0 or len(members.items) == 0:
        return pd.DataFrame(), pd.DataFrame()
    typology = fit_typology(
        members.counts[0], receipts=members.receipts[0], least_receipts=label_receipts, most_profiles=most_profiles, seed=seed
    )
    ratios = typology.profiles.log_ratios

    def labels(counts: csr_matrix, receipts: np.ndarray, least: int) -> np.ndarray:
        return assign(counts, ratios, receipts=receipts, least_receipts=least)

    total = members.receipts[0] + members.receipts[1]
    parts = {
        "half_0": (typology.profiles.labels, members.receipts[0]),
        "half_1": (labels(members.counts[1], members.receipts[1], label_receipts), members.receipts[1]),
        "whole": (labels(members.whole, total, label_receipts), total),
    }
    frames = [_part(part, members.keys, label, typology, receipts) for part, (label, receipts) in parts.items()]
    return pd.concat(frames, ignore_index=True), _profiles(members.items, typology)


def _part(part: str, keys: np.ndarray, label: np.ndarray, typology: Typology, receipts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "member_key": keys,
            "part": part,
            "state": [STATES.get(number, "in_profile") for number in label],
            "profile_key": [profile_key(number) if number >= 0 else None for number in label],
            "is_core": (typology.cores.labels >= 0) & (typology.profiles.labels >= 0),
            "receipts_count": receipts,
        }
    )


def _profiles(items: np.ndarray, typology: Typology) -> pd.DataFrame:
    profiles = typology.profiles
    if profiles.count == 0:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "profile_key": np.repeat([profile_key(number) for number in range(profiles.count)], len(items)),
            "item_key": np.tile(items, profiles.count),
            "item_share": profiles.shares.ravel(),
            "everybody_share": np.tile(profiles.everybody, profiles.count),
            "log_ratio": profiles.log_ratios.T.ravel(),
        }
    )
