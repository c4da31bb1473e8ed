"""The typology of a month as tables: who is in which profile, and what each profile buys."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bmyshop_profiles.statistics.likelihood import ATYPICAL, TOO_FEW_RECEIPTS
from bmyshop_profiles.typology.groups import GROUPS
from bmyshop_profiles.typology.members import Members, Shopping, shopping
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.fit import Typology

STATES = {ATYPICAL: "atypical", TOO_FEW_RECEIPTS: "too_few_receipts"}


def profile_key(number: int) -> str:
    """p01 for profile 0."""
    return f"p{number + 1:02d}"


def numbers(keys: pd.Series) -> np.ndarray:
    """Number of each profile_key (p01 → 0), −1 where there is none."""
    return keys.str.slice(1).astype(float).fillna(0).astype(int).to_numpy() - 1


@dataclass(frozen=True)
class Wanted:
    """What a typology is asked for, as in the settings of the same names."""

    label_receipts: int
    most_profiles: int
    least_profiles: int = 5
    typology_runs: int = 8
    seed: int = 0

    def typology(self) -> Typology:
        """The estimator, unfitted."""
        return Typology(
            most_profiles=self.most_profiles,
            least_profiles=min(self.least_profiles, self.most_profiles),
            least_receipts=self.label_receipts,
            runs=self.typology_runs,
            seed=self.seed,
        )


def cluster_members(members: Members, wanted: Wanted, how: Shopping | None = None) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """`member_clusters`, `cluster_profiles` and `profile_weights`.

    Profiles are found in half 0; the other labels are read with these same profiles. `attrs["reason"]` of the first says why there are
    none.

    how: how the members shop, beyond the items they buy.
    """
    if len(members.keys) == 0 or len(members.items) == 0:
        nobody = pd.DataFrame()
        nobody.attrs["reason"] = "no member bought anything"
        return nobody, pd.DataFrame(), pd.DataFrame()
    how = how or shopping(members)
    typology = wanted.typology().fit(how.first, receipts=members.receipts[0], other=how.second, store_items=how.store_items)
    total = members.receipts[0] + members.receipts[1]
    parts = {
        "half_0": (typology.labels_, how.first, members.receipts[0]),
        "half_1": (typology.predict(how.second, receipts=members.receipts[1]), how.second, members.receipts[1]),
        "whole": (typology.predict(how.whole, receipts=total), how.whole, total),
    }
    frames = [_part(part, members.keys, typology, *found) for part, found in parts.items()]
    clusters = pd.concat(frames, ignore_index=True)
    clusters.attrs["reason"] = typology.reason_
    return clusters, _profiles(members.items, typology), _weights(members, how, typology)


def _part(part: str, keys: np.ndarray, typology: Typology, label: np.ndarray, how: Behaviour, receipts: np.ndarray) -> pd.DataFrame:
    posterior = typology.predict_proba(how)
    known = label >= 0
    own = np.full(len(label), np.nan)
    own[known] = posterior[np.flatnonzero(known), label[known]]
    return pd.DataFrame(
        {
            "member_key": keys,
            "part": part,
            "state": [STATES.get(number, "in_profile") for number in label],
            "profile_key": [profile_key(number) if number >= 0 else None for number in label],
            "posterior": own.round(9),
            "is_core": (typology.core_share_ >= 0.5) & (typology.labels_ >= 0),
            "receipts_count": receipts,
        }
    )


def _profiles(items: np.ndarray, typology: Typology) -> pd.DataFrame:
    profiles = typology.profiles_
    if profiles.count == 0:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "profile_key": np.repeat([profile_key(number) for number in range(profiles.count)], len(items)),
            "item_key": np.tile(items, profiles.count),
            "item_share": profiles.shares.ravel(),
            "everybody_share": np.tile(profiles.contexts.everybody, profiles.count),
            "log_ratio": profiles.log_ratios.T.ravel(),
        }
    )


def _weights(members: Members, how: Shopping, typology: Typology) -> pd.DataFrame:
    """All that puts a member into a profile, as weights to be summed."""
    profiles = typology.profiles_
    if profiles.count == 0:
        return pd.DataFrame()
    ratios, items = np.log(profiles.ratios).T, len(members.items)
    kinds = {"item": (members.items, ratios[:items])}
    for name, columns in zip(how.first.others, how.first.groups[1:], strict=True):
        group = GROUPS[name]
        kinds[name] = (np.array(group.columns, dtype=object), group.weight * ratios[columns])
    if profiles.contexts.count > 1:
        kinds["store"] = (how.stores, -profiles.normalisers)
    size, damping = np.log(np.maximum(profiles.sizes, 1e-12)), np.full(profiles.count, typology.damping_)
    kinds["prior"] = (np.array(["size", "damping"], dtype=object), np.vstack([size, damping]))
    keys = np.array([profile_key(number) for number in range(profiles.count)], dtype=object)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "profile_key": np.tile(keys, len(values)),
                    "kind": kind,
                    "value_key": np.repeat(values, len(keys)),
                    "weight": weight.ravel().round(9),
                }
            )
            for kind, (values, weight) in kinds.items()
        ],
        ignore_index=True,
    )
