"""Readable French names of profiles, made by a rule, and what is behind them.

The rule: the two families that say most about the profile, by the gain they bring, share × log(share / network share), at a lift of at
least 1.2; where the source has no families that differ, the two products that do; then the daypart, when visits fall there at a lift of
at least 1.3 and make up at least a fifth of them. Two profiles that would bear one name are told apart by their next family, then by
their key.
"""

import textwrap

import numpy as np
import pandas as pd

DAYPARTS = {
    "early": "tôt le matin",
    "morning": "le matin",
    "noon": "le midi",
    "afternoon": "l’après-midi",
    "evening": "le soir",
    "night": "la nuit",
}
FAMILY_LIFT, DAYPART_LIFT, DAYPART_SHARE = 1.2, 1.3, 0.2
LONGEST = 30  # characters of a family or product


def name_profiles(clusters: pd.DataFrame, traits: pd.DataFrame) -> pd.DataFrame:
    """`profiles` from `member_clusters` and `profile_traits`."""
    if clusters.empty or traits.empty:
        return pd.DataFrame()
    whole = clusters[clusters.part == "whole"]
    labelled = whole[whole.state != "too_few_receipts"]
    inside = labelled[labelled.state == "in_profile"]
    counts = inside.groupby("profile_key").agg(members_count=("member_key", "size"), core_members_count=("is_core", "sum")).sort_index()
    names: dict[str, str] = {}
    for key in counts.index:
        own = traits[traits.profile_key == key]
        names[str(key)] = _free(_candidates(own, str(key)), set(names.values()))
    frame = counts.reset_index()
    frame["profile_name"] = [names[str(key)] for key in frame.profile_key]
    frame["members_share"] = frame.members_count / max(len(labelled), 1)
    return frame


def _free(candidates: list[str], taken: set[str]) -> str:
    return next(name for name in candidates if name not in taken)


def _candidates(traits: pd.DataFrame, key: str) -> list[str]:
    """Names from the best to one that is certainly free."""
    ranked = _ranked(traits, "family") or _ranked(traits, "product")
    dayparts = traits[(traits.kind == "daypart") & (traits.lift >= DAYPART_LIFT) & (traits.trait_share >= DAYPART_SHARE)]
    when = dayparts.sort_values(["lift", "trait"], ascending=[False, True]).trait.map(DAYPARTS).tolist()[:1]
    if not ranked:
        base = ", ".join(["achats de tout le monde", *when])
        return [base, f"{base} ({key})"]
    pairs = [" et ".join([ranked[0], second]) for second in ranked[1:4]] or [ranked[0]]
    names = [", ".join([pair, *when]) for pair in pairs]
    return [*names, f"{names[0]} ({key})"]


def _ranked(traits: pd.DataFrame, kind: str) -> list[str]:
    """Traits of a kind that the profile has more of than others, those that say most first."""
    more = traits[(traits.kind == kind) & (traits.lift >= FAMILY_LIFT)].copy()
    more["gain"] = more.trait_share * np.log(more.lift)
    texts = more.sort_values(["gain", "trait"], ascending=[False, True]).trait.str.strip().str.lower().head(9)
    return [textwrap.shorten(text, LONGEST, placeholder="…") for text in texts]
