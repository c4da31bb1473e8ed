"""The typology of a reference month, kept: members of a later month under it, and whether it still says as much as a fresh one.

Belongs here: classification by stored weights, drift. Does not belong here: fitting.

Everything that puts a member into a profile is a table of weights, and scoring is their sum: per article bought, per count of
each group of behaviour (a receipt in a daypart, say), per article bought in a shop. What the reference month did not know weighs nothing.
"""

import numpy as np
import pandas as pd

from bmyshop_profiles.statistics.intervals import ratio_interval
from bmyshop_profiles.typology.groups import GROUPS
from bmyshop_profiles.typology.members import Members, Shopping
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.profiles import most_probable


def weight_matrix(weights: pd.DataFrame, kind: str, values: np.ndarray, profiles: list[str]) -> np.ndarray:
    """(values × profiles) weights of a kind, 0 where there is none. weights: profile_key, kind, value_key, weight."""
    own = weights[weights.kind == kind].pivot(index="value_key", columns="profile_key", values="weight")
    return own.reindex(index=values, columns=profiles).fillna(0.0).to_numpy()


def weight_scores(weights: pd.DataFrame, members: Behaviour, *, items: np.ndarray, stores: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """(members × profiles) scores by stored weights, and the profiles' keys."""
    profiles = sorted(weights.profile_key.unique())
    scores = np.asarray(members.items @ weight_matrix(weights, "item", items, profiles))
    if members.visits.shape[1] == len(stores):
        scores = scores + members.visits @ weight_matrix(weights, "store", stores, profiles)
    for name, counts in members.others.items():  # the weight of the group is in the stored weights already
        columns = np.array(GROUPS[name].columns, dtype=object)
        scores = scores + counts @ weight_matrix(weights, name, columns, profiles) / GROUPS[name].weight
    return np.asarray(scores).reshape(members.members, len(profiles)), profiles


def nearest_by_weights(weights: pd.DataFrame, scores: np.ndarray, items: np.ndarray, profiles: list[str]) -> np.ndarray:
    """(members,) most probable profile from scores (members × profiles) and items bought (members,)."""
    size, damping = weight_matrix(weights, "prior", np.array(["size", "damping"], dtype=object), profiles)
    return most_probable(scores, items, np.exp(size), damping=float(damping[0]))


def labelled(weights: pd.DataFrame, members: Members, how: Shopping, *, least_receipts: int) -> pd.Series:
    """Profile of each member by stored weights, "" of the atypical, by member_key; members with fewer receipts than `least_receipts` are
    left out."""
    scores, profiles = weight_scores(weights, how.whole, items=members.items, stores=how.stores)
    nearest = nearest_by_weights(weights, scores, how.whole.sizes, profiles)
    found = pd.Series([profiles[number] for number in nearest], index=members.keys, dtype=object)
    found[scores.max(1, initial=-np.inf) <= 0] = ""
    return found[members.receipts[0] + members.receipts[1] >= least_receipts]


def frozen_typology(
    members: Members, how: Shopping, shares: pd.DataFrame, weights: pd.DataFrame, *, month: str, reference: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`frozen_clusters` and `typology_drift`; empty where one of the two months has no profiles.

    shares: `cluster_profiles`, weights: `profile_weights`, of both months, with month.
    """
    if not {month, reference} <= set(weights.month) or len(members.keys) == 0:
        return pd.DataFrame(), pd.DataFrame()
    labels, gains = {}, {}
    for typology in (reference, month):
        own = weights[weights.month == typology]
        scores, profiles = weight_scores(own, how.first, items=members.items, stores=how.stores)
        labels[typology] = nearest_by_weights(own, scores, how.first.sizes, profiles)
        ratios = shares[shares.month == typology].pivot(index="item_key", columns="profile_key", values="log_ratio")
        said = members.counts[1] @ ratios.reindex(index=members.items, columns=profiles).fillna(0.0).to_numpy()
        gains[typology] = np.asarray(said)[np.arange(len(members.keys)), labels[typology]]
    own = weights[weights.month == reference]
    whole, profiles = weight_scores(own, how.whole, items=members.items, stores=how.stores)
    clusters = pd.DataFrame(
        {
            "member_key": members.keys,
            "reference_month": reference,
            "profile_key": [profiles[number] for number in nearest_by_weights(own, whole, how.whole.sizes, profiles)],
            "is_atypical": whole.max(1) <= 0,
        }
    )
    bought = np.asarray(members.counts[1].sum(1)).ravel()
    frozen, fresh = (ratio_interval(gains[typology], bought) for typology in (reference, month))
    lost = ratio_interval(gains[month] - gains[reference], bought)
    row = {
        "reference_month": reference,
        "frozen_gain": frozen.value,
        "fresh_gain": fresh.value,
        "lost": lost.value,
        "low": lost.low,
        "high": lost.high,
        "people_count": lost.people,
    }
    return clusters, pd.DataFrame([row]) if lost.people > 1 else pd.DataFrame()
