"""What makes the tables of the typology: from the frames that a step is handed to its tables.

Belongs here: one function per step. Does not belong here: how a typology is found (`model`), judged (`worth`), followed (`lives`), told
(`cards`). The `.yml` of a table names its function.
"""

from collections.abc import Mapping

import pandas as pd

from bmyshop_profiles.months import RECENT
from bmyshop_profiles.orchestration.steps import Inputs
from bmyshop_profiles.typology.cards.cards import Facts, profile_cards
from bmyshop_profiles.typology.cards.names import name_profiles
from bmyshop_profiles.typology.lives.changes import kin_by_month, profile_changes
from bmyshop_profiles.typology.lives.continuity import cluster_matches
from bmyshop_profiles.typology.lives.frozen import frozen_typology, labelled
from bmyshop_profiles.typology.members import members_of, shopping_of
from bmyshop_profiles.typology.tables import Wanted, cluster_members, numbers
from bmyshop_profiles.typology.worth.quality import profile_quality, typology_quality


def _wanted(inputs: Inputs) -> Wanted:
    names = ("label_receipts", "most_profiles", "proposals", "typology_runs", "gate_draws", "seed")
    return Wanted(**{name: inputs.parameters[name] for name in names})


def clusters(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Who is in which profile, what each profile buys, all that puts a member into one."""
    window = inputs.frames["member_window"]
    members = members_of(window)
    how = shopping_of(window, members, inputs.frames["store_item_window"], groups=inputs.parameters["behaviour_groups"])
    inputs.figures["profile_weights"] = {"behaviour": ", ".join(["items", *how.whole.others])}
    found = cluster_members(members, _wanted(inputs), how)
    if found.reason:
        inputs.figures["member_clusters"] = {"note": f"no profiles: {found.reason}"}
    return {name: getattr(found, name) for name in ("member_clusters", "cluster_profiles", "profile_weights", "typology_numbers")}


def matches(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Which clusters of neighbouring months are the same profile."""
    clusters, kin_of = inputs.frames["clusters"], kin_by_month(inputs.frames["halves"])
    clusters["kin_key"] = [kin_of.get(own, {}).get(key, key) for own, key in zip(clusters.month, clusters.profile_key, strict=True)]
    return {"cluster_matches": cluster_matches(clusters, str(inputs.month), inputs.frames["profile_changes"])}


def changes(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What happened to profiles, under one typology."""
    month, earlier = str(inputs.month), inputs.parameters["earlier_until"]
    if len(inputs.frames["months"]) < RECENT:  # half a window of receipts says other things of people than a whole one
        inputs.figures["profile_changes"] = {"note": f"nothing to compare: fewer than {RECENT} months of receipts up to {earlier}"}
        return {"profile_changes": pd.DataFrame()}
    counts, weights, kin_of = inputs.frames["counts"], inputs.frames["weights"], kin_by_month(inputs.frames["halves"])
    found = []
    for period in ("before", "now"):
        own = counts[counts.period == period]
        members = members_of(own)
        found.append((members, shopping_of(own, members, groups=inputs.parameters["behaviour_groups"])))
    frames = []
    for typology in (earlier, month):
        own = weights[weights.month == typology]
        if own.empty:
            continue
        before, now = (labelled(own, *each, least_receipts=inputs.parameters["label_receipts"]) for each in found)
        frames.append(profile_changes(before, now, kin_of.get(typology, {}), of_now=typology == month).assign(typology_month=typology))
    return {"profile_changes": pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()}


def frozen(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """The members under the typology of the reference month, and how far it has drifted."""
    window, weights, month = inputs.frames["member_window"], inputs.frames["profile_weights"], str(inputs.month)
    members = members_of(window)
    how = shopping_of(window, members, groups=inputs.parameters["behaviour_groups"])
    reference = inputs.parameters["reference_month"] or min(weights.month, default=month)
    clusters, drift = frozen_typology(members, how, inputs.frames["cluster_profiles"], weights, month=month, reference=reference)
    return {"frozen_clusters": clusters, "typology_drift": drift}


def quality(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What the typology is worth, and the gate of each profile."""
    chosen, window, receipt_items = inputs.parameters, inputs.frames["member_window"], inputs.frames["receipt_items"]
    members, wanted = members_of(window), _wanted(inputs)
    how = shopping_of(window, members, inputs.frames["store_item_window"], groups=chosen["behaviour_groups"])
    labels = numbers(inputs.frames["labels"].set_index("member_key").profile_key.reindex(members.keys))
    count = int(labels.max(initial=-1)) + 1
    quality = typology_quality(
        members, how, receipt_items, wanted, folds=chosen["quality_folds"], profiles=count, natural_draws=chosen["natural_draws"]
    )
    gate = profile_quality(members, how, receipt_items, labels, wanted, inputs.frames["stability"])
    inputs.figures["profile_quality"] = {row.profile_key: f"{row.verdict}, Jaccard {row.jaccard:.2f}" for row in gate.itertuples()}
    return {"typology_quality": quality, "profile_quality": gate}


def profiles(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Names of the profiles."""
    named = name_profiles(inputs.frames["member_clusters"], inputs.frames["profile_cards"])
    inputs.figures["profiles"] = {row.profile_key: f"{row.profile_name} ({row.members_count} members)" for row in named.itertuples()}
    return {"profiles": named}


def cards(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What each profile is like."""
    told = ("labels", "bought", "totals", "visits", "products", "product_taxonomy", "demographics", "places")
    return {"profile_cards": profile_cards(Facts(*(inputs.frames[name] for name in told)))}
