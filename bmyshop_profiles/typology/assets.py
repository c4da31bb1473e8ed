"""What Dagster sees of the typology."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.months import month_plus
from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.typology.cards.cards import Facts, profile_cards
from bmyshop_profiles.typology.cards.names import name_profiles
from bmyshop_profiles.typology.groups import DAYPARTS
from bmyshop_profiles.typology.lives.changes import RECENT, earlier_month, kin_by_month, profile_changes
from bmyshop_profiles.typology.lives.continuity import cluster_matches
from bmyshop_profiles.typology.lives.frozen import frozen_typology, labelled
from bmyshop_profiles.typology.members import Members, Shopping, read_members, read_shopping
from bmyshop_profiles.typology.tables import Wanted, cluster_members, numbers
from bmyshop_profiles.typology.worth.quality import profile_quality, typology_quality

ROOM = "typology"

# What cards tell: half 1 of members put into profiles by half 0. $since: first month that is read.
LABELS = "select member_key, profile_key from member_clusters where part = 'half_0' and state = 'in_profile' order by all"
BOUGHT = """
select member_key, product_key, family, category, method, sum(bought_count)::bigint as bought_count
from member_item_months left join (select month, product_key, category, method from product_categories) using (month, product_key)
where half = 1 and month >= $since group by all having bought_count > 0 order by all
"""
TOTALS = f"""
select
    member_key, sum(receipts_count)::bigint as receipts_count, sum(lines_count)::bigint as lines_count,
    sum(amount_cents)::bigint as amount_cents, {", ".join(f"sum({name}_count)::bigint as {name}_count" for name in DAYPARTS)}
from member_months where part = 'half_1' and month >= $since group by all order by all
"""
VISITS = """
select member_key, store_type, sum(receipts_count)::bigint as receipts_count
from member_store_months inner join (select store_key, min(store_type) as store_type from stores group by all) using (store_key)
where half = 1 and month >= $since group by all order by all
"""
# of those of whom something is known: a posterior that is everybody's says nothing
DEMOGRAPHICS = """
select
    member_key, case when has_name then female_posterior end as female_posterior,
    case when has_name or has_age then age_18_34_posterior end as age_18_34_posterior,
    case when has_name or has_age then age_35_54_posterior end as age_35_54_posterior,
    case when has_name or has_age then age_55_posterior end as age_55_posterior
from (select *, name_state not in ('none', 'initial') as has_name, declared_weight > 0 as has_age from member_demographics) order by all
"""
RECEIPT_ITEMS = """
select month, receipt_key, member_key, store_key, half, item_key from member_receipt_items where month >= $since order by all
"""
CLUSTERS = "select month, member_key, profile_key from member_clusters where part = 'whole' and state = 'in_profile' order by all"
HALVES = """
select first.month, first.profile_key as half_0, second.profile_key as half_1
from (from member_clusters where part = 'half_0' and state = 'in_profile') as first
inner join (from member_clusters where part = 'half_1' and state = 'in_profile') as second using (month, member_key) order by all
"""
PLACES = "select member_key, median_income_cents, dense_share, rural_share, age_55_share from member_places order by all"
PRODUCTS = "select product_key, arg_max(label, month) as label from products where month >= $since group by all order by all"
CATEGORIES = "select category, label_fr from product_taxonomy order by all"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [
        python_asset(house, ["member_clusters", "cluster_profiles", "profile_weights"], clusters),
        python_asset(house, ["cluster_matches"], matches),
        python_asset(house, ["profile_changes"], changes),
        python_asset(house, ["frozen_clusters", "typology_drift"], frozen),
        python_asset(house, ["typology_quality", "profile_quality"], quality),
        python_asset(house, ["profiles"], profiles),
        python_asset(house, ["profile_cards"], cards),
        *sql_assets(house, ROOM),
    ]


def _material(inputs: Inputs) -> tuple[Members, Shopping, Wanted]:
    """Members of the typology's own window, how they shop, and what is asked for."""
    chosen = inputs.parameters
    since = month_plus(str(inputs.month), 1 - chosen["typology_months"])
    members = read_members(inputs.session, since=since)
    wanted = Wanted(**{name: chosen[name] for name in ("label_receipts", "most_profiles", "least_profiles", "typology_runs", "seed")})
    return members, read_shopping(inputs.session, members, since=since, groups=chosen["behaviour_groups"]), wanted


def clusters(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Who is in which profile, what each profile buys, all that puts a member into one."""
    members, how, wanted = _material(inputs)
    inputs.figures["profile_weights"] = {"behaviour": ", ".join(["items", *how.whole.others])}
    clusters, shares, weights = cluster_members(members, wanted, how)
    if clusters.attrs["reason"]:
        inputs.figures["member_clusters"] = {"note": f"no profiles: {clusters.attrs['reason']}"}
    return {"member_clusters": clusters, "cluster_profiles": shares, "profile_weights": weights}


def matches(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Which clusters of neighbouring months are the same profile."""
    clusters, changes = inputs.session.frame(CLUSTERS), inputs.session.frame("from profile_changes order by all")
    kin_of = kin_by_month(inputs.session.frame(HALVES))
    clusters["kin_key"] = [kin_of.get(own, {}).get(key, key) for own, key in zip(clusters.month, clusters.profile_key, strict=True)]
    return {"cluster_matches": cluster_matches(clusters, str(inputs.month), changes)}


def changes(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What happened to profiles, under one typology."""
    chosen, session, month = inputs.parameters, inputs.session, str(inputs.month)
    earlier = earlier_month(month, chosen["typology_months"])
    known = session.frame("select distinct month from member_months where month <= $earlier", {"earlier": earlier})
    if len(known) < RECENT:  # half a window of receipts says other things of people than a whole one
        inputs.figures["profile_changes"] = {"note": f"nothing to compare: fewer than {RECENT} months of receipts up to {earlier}"}
        return {"profile_changes": pd.DataFrame()}
    weights = session.frame("from profile_weights where month in ($earlier, $month) order by all", {"earlier": earlier, "month": month})
    kin_of = kin_by_month(session.frame(HALVES))
    found = {}
    for last in (earlier, month):
        months = {"since": month_plus(last, 1 - RECENT), "until": last}
        members = read_members(session, **months)
        found[last] = members, read_shopping(session, members, **months, groups=chosen["behaviour_groups"])
    frames = []
    for typology in (earlier, month):
        own = weights[weights.month == typology]
        if own.empty:
            continue
        before, now = (labelled(own, *found[last], least_receipts=chosen["label_receipts"]) for last in (earlier, month))
        frames.append(profile_changes(before, now, kin_of.get(typology, {}), of_now=typology == month).assign(typology_month=typology))
    return {"profile_changes": pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()}


def frozen(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """The members under the typology of the reference month, and how far it has drifted."""
    members, how, _ = _material(inputs)
    month, weights = str(inputs.month), inputs.session.frame("from profile_weights order by all")
    shares = inputs.session.frame("select month, profile_key, item_key, log_ratio from cluster_profiles order by all")
    reference = inputs.parameters["reference_month"] or min(weights.month, default=month)
    clusters, drift = frozen_typology(members, how, shares, weights, month=month, reference=reference)
    return {"frozen_clusters": clusters, "typology_drift": drift}


def quality(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What the typology is worth, and the gate of each profile."""
    members, how, wanted = _material(inputs)
    chosen, session = inputs.parameters, inputs.session
    half = session.frame("select member_key, profile_key from member_clusters where part = 'half_0'").set_index("member_key")
    labels = numbers(half.profile_key.reindex(members.keys))
    receipt_items = session.frame(RECEIPT_ITEMS, {"since": month_plus(str(inputs.month), 1 - chosen["typology_months"])})
    count = int(labels.max(initial=-1)) + 1
    quality = typology_quality(
        members, how, receipt_items, wanted, folds=chosen["quality_folds"], profiles=count, natural_draws=chosen["natural_draws"]
    )
    gate = profile_quality(members, how, receipt_items, labels, wanted, draws=chosen["gate_draws"])
    inputs.figures["profile_quality"] = {row.profile_key: f"{row.verdict}, Jaccard {row.jaccard:.2f}" for row in gate.itertuples()}
    return {"typology_quality": quality, "profile_quality": gate}


def profiles(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Names of the profiles."""
    frame = inputs.session.frame
    named = name_profiles(frame("from member_clusters order by all"), frame("from profile_cards order by all"))
    inputs.figures["profiles"] = {row.profile_key: f"{row.profile_name} ({row.members_count} members)" for row in named.itertuples()}
    return {"profiles": named}


def cards(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What each profile is like."""
    since, frame = {"since": month_plus(str(inputs.month), 1 - inputs.parameters["typology_months"])}, inputs.session.frame
    bought, totals, visits, products = (frame(query, since) for query in (BOUGHT, TOTALS, VISITS, PRODUCTS))
    facts = Facts(frame(LABELS), bought, totals, visits, products, frame(CATEGORIES), frame(DEMOGRAPHICS), frame(PLACES))
    return {"profile_cards": profile_cards(facts)}
