"""The typology of a month as tables: who is in which profile, and what each profile buys."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from bmyshop_profiles.statistics.likelihood import ATYPICAL, TOO_FEW_RECEIPTS
from bmyshop_profiles.typology.groups import GROUPS
from bmyshop_profiles.typology.members import Members, Shopping, shopping
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.profiles import DAMPING
from bmyshop_profiles.typology.model.stability import lowest
from bmyshop_profiles.typology.model.starts import Proposals

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
    proposals: Proposals = "kmeans"
    typology_runs: int = 8
    gate_draws: int = 0
    seed: int = 0

    def typology(self, profiles: int | None = None) -> Typology:
        """The estimator, unfitted; of a number of profiles, else of as many as come back."""
        return Typology(
            most_profiles=profiles or self.most_profiles,
            least_profiles=profiles or 2,
            least_receipts=self.label_receipts,
            proposals=self.proposals,
            runs=self.typology_runs,
            draws=0 if profiles else self.gate_draws,
            seed=self.seed,
        )


class Found(NamedTuple):
    """A month's typology as tables of these names. reason: why there are no profiles, or ""."""

    member_clusters: pd.DataFrame
    cluster_profiles: pd.DataFrame
    profile_weights: pd.DataFrame
    typology_numbers: pd.DataFrame
    reason: str = ""


def cluster_members(members: Members, wanted: Wanted, how: Shopping | None = None) -> Found:
    """The typology of a month.

    Profiles are found in all receipts; the label of a half is read with profiles found without the member. how: how the members shop,
    beyond the items they buy.
    """
    if len(members.keys) == 0 or len(members.items) == 0:
        return Found(*(pd.DataFrame(),) * 4, reason="no member bought anything")
    how = how or shopping(members)
    typology = wanted.typology().fit(how.first, other=how.second, receipts=members.receipts, store_items=how.store_items)
    total = members.receipts[0] + members.receipts[1]
    parts = {
        "half_0": (*typology.left_out(how.first, receipts=members.receipts[0]), members.receipts[0]),
        "half_1": (*typology.left_out(how.second, receipts=members.receipts[1]), members.receipts[1]),
        "whole": (typology.predict(how.whole, receipts=total), typology.predict_proba(how.whole), total),  # as stored weights read anybody
    }
    clusters = pd.concat([_part(part, members.keys, *found) for part, found in parts.items()], ignore_index=True)
    return Found(clusters, _profiles(members.items, typology), _weights(members, how, typology), _numbers(typology), typology.reason_)


def _part(part: str, keys: np.ndarray, label: np.ndarray, posterior: np.ndarray, receipts: np.ndarray) -> pd.DataFrame:
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
            "receipts_count": receipts,
        }
    )


def _numbers(typology: Typology) -> pd.DataFrame:
    """`typology_numbers`: how each number of profiles that was tried did, profile by profile."""
    if typology.profiles_.count == 0:
        return pd.DataFrame()
    chosen = typology.chosen_
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "profiles_count": own.number,
                    "rounds": own.rounds,
                    "profile_key": [profile_key(number) for number in range(own.profiles)],
                    "jaccard": own.jaccard.mean(0) if len(own.jaccard) else np.nan,
                    "jaccard_low": lowest(own.jaccard) if len(own.jaccard) else np.nan,
                    "draws_count": len(own.jaccard),
                    "held_out_gain": own.gain,
                    "standard_error": own.error,
                    "is_chosen": own is chosen,
                }
            )
            for own in [chosen if (each.number, each.rounds) == (chosen.number, chosen.rounds) else each for each in typology.choices_]
        ],
        ignore_index=True,
    ).round(9)


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
    size, damping = np.log(np.maximum(profiles.sizes, 1e-12)), np.full(profiles.count, DAMPING)
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
