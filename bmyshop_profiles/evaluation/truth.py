"""The simulator's truth beside an estimate. Only evaluation reads it; no asset imports this module.

Belongs here: the true mix of a cell under the *fitted* typology, counted over all receipts of the cell; the personas of members. Each
shopper's own profile is the one that endless receipts of the shopper's own taste would give (`simulation.unlimited`), however few the
network saw. Where people are real and dealt into shops nobody can draw more of them: there their label is read from all their receipts, as
members' are from theirs. Does not belong here: anything a real network could know.
"""

from pathlib import Path

import pandas as pd

from bmyshop_profiles.engine.session import Session, listed
from bmyshop_profiles.privacy.pseudonyms import pseudonym
from bmyshop_profiles.simulation.unlimited import write_unlimited

_WEIGHTS = """
with owners as (select source || '/' || receipt_key as receipt_key, shopper from read_parquet({receipts})),
weights as (select profile_key, kind, value_key, weight from profile_weights where month = $month),
priors as (
    select
        profile_key,
        max(weight) filter (where value_key = 'size') as size,
        max(weight) filter (where value_key = 'damping') as damping
    from weights where kind = 'prior' group by profile_key
),
known_items as (
    select product_key, item_key from products where item_key in (select value_key from weights where kind = 'item') group by all
),
bins as (
    select kind, value_key, split_part(value_key, '_', 2)::integer as low from weights where kind in ('basket', 'spend') group by all
),
visits as (
    select month, shopper, store_key, daypart, half, receipt_key, lines_count, amount_cents
    from receipts inner join owners using (receipt_key)
),
"""
# What was bought, where, when and how: of all receipts of a shopper, divided as the receipts are.
_SEEN = """
bought as (
    select owners.shopper, item_key as value_key, count(*) as bought_count
    from receipt_lines inner join known_items using (product_key) inner join owners using (receipt_key)
    where quantity > 0
    group by all
),
stores as (
    select shopper, store_key as value_key, count(*) / sum(count(*)) over (partition by shopper) as receipts_share
    from visits group by shopper, store_key
),
variety as (
    select shopper, half, count(distinct product_key) as new, count(*) - count(distinct product_key) as again
    from receipt_lines inner join visits using (receipt_key) where quantity > 0 group by all
),
moments as ( -- a further group of what receipts tell is a further select here: kind = its name in profile_weights
    select shopper, 'dayparts' as kind, daypart as value_key, count(*) as amount from visits group by all
    union all
    select shopper, kind, arg_max(value_key, low) as value_key, 1 as amount
    from visits inner join bins on kind = 'basket' and low <= lines_count group by shopper, receipt_key, kind
    union all
    select shopper, kind, arg_max(value_key, low) as value_key, 1 as amount
    from visits inner join bins on kind = 'spend' and 100 * low <= amount_cents and amount_cents > 0 group by shopper, receipt_key, kind
    union all
    select shopper, 'variety' as kind, 'new' as value_key, new as amount from variety
    union all
    select shopper, 'variety' as kind, 'again' as value_key, again as amount from variety
),
"""
# The same of endless receipts: those drawn for the shopper as of the month.
_ENDLESS = """
drawn as (
    select shopper, kind, value_key, amount from read_parquet({unlimited})
    where from_month <= $month
    qualify from_month = max(from_month) over (partition by shopper)
),
bought as (
    select shopper, item_key as value_key, sum(amount) as bought_count
    from drawn inner join known_items on kind = 'product' and product_key = value_key group by all
),
stores as (
    select shopper, value_key, amount / sum(amount) over (partition by shopper) as receipts_share from drawn where kind = 'store'
),
moments as (
    select shopper, 'dayparts' as kind, value_key, amount from drawn where kind = 'daypart'
    union all
    select shopper, bins.kind, arg_max(bins.value_key, low) as value_key, any_value(amount) as amount
    from drawn inner join bins on bins.kind = 'basket' and drawn.kind = 'lines' and low <= drawn.value_key::integer
    group by shopper, drawn.value_key, bins.kind
    union all
    select shopper, bins.kind, arg_max(bins.value_key, low) as value_key, any_value(amount) as amount
    from drawn inner join bins on bins.kind = 'spend' and drawn.kind = 'euros' and low <= drawn.value_key::integer
    group by shopper, drawn.value_key, bins.kind
    union all
    select shopper, 'variety' as kind, kind as value_key, amount from drawn where kind in ('new', 'again')
),
"""
# Sums of the weights that put members into their profiles; atypical: no sum is above 0. What a shop sells is charged once per article.
_LABELS = """
sizes as (select shopper, sum(bought_count) as bought_count from bought group by shopper),
amounts as (
    select shopper, 'item' as kind, value_key, bought_count::double as amount from bought
    union all
    select shopper, 'store' as kind, value_key, bought_count * receipts_share as amount from stores inner join sizes using (shopper)
    union all
    select shopper, kind, value_key, sum(amount)::double as amount from moments group by all
),
scores as (select shopper, profile_key, sum(amount * weight) as score from amounts inner join weights using (kind, value_key) group by all),
labels as (
    select shopper, case when max(score) > 0 then arg_max(profile_key, {total}) else 'atypical' end as group_name
    from scores inner join sizes using (shopper) inner join priors using (profile_key) group by shopper
)
"""
# Of few receipts the members' way: sums damped, and the size of the profile. Of endless ones neither matters.
_TOTALS = {_SEEN: "score / (1 + damping * sqrt(bought_count)) + size", _ENDLESS: "score"}
_SHOPPERS = "select shopper, group_name from labels order by shopper"
_MIX = """,
cells as (
    select
        coalesce(store_key, 'all') as store_key, coalesce(daypart, 'all') as daypart, group_name, count(*) as visits_count
    from visits inner join labels using (shopper) where month = $month
    group by grouping sets ((store_key, daypart, group_name), (store_key, group_name), (daypart, group_name), (group_name))
)
select
    store_key, daypart, group_name, visits_count,
    visits_count / sum(visits_count) over (partition by store_key, daypart) as true_share
from cells order by all
"""


def member_personas(truth: Path, key: bytes) -> pd.Series:
    """Persona of each member (integers from 0; those of none are one more persona) by member_key; `key` is that of the pseudonyms."""
    shoppers = pd.read_parquet(truth / "shoppers", columns=["member", "persona"]).dropna(subset="member")
    keys = [pseudonym(key, "member", raw) for raw in shoppers.member]
    return pd.Series(pd.factorize(shoppers.persona.fillna(0), sort=True)[0], index=keys)


def shopper_profiles(session: Session, truth: Path, month: str) -> pd.DataFrame:
    """shopper, group_name: the profile of a month, or atypical, of all shoppers; of real people, who bought something the typology knows.

    session: one in which the lake's tables are views over all months, and which may read below `truth`. truth: the simulator's directory of
    that name; of its own networks endless receipts are drawn and kept there the first time.
    """
    return session.frame(_query(truth, _SHOPPERS), {"month": month})


def true_mix(session: Session, truth: Path, month: str) -> pd.DataFrame:
    """store_key, daypart, group_name, visits_count, true_share of every cell of a month (all: every shop, every daypart).

    Parameters as of `shopper_profiles`.
    """
    return session.frame(_query(truth, _MIX), {"month": month})


def _query(truth: Path, select: str) -> str:
    is_simulated = (truth / "parameters.json").exists() or (truth / "unlimited").exists()
    amounts = _ENDLESS if is_simulated else _SEEN
    files = {"receipts": _files(truth / "receipts"), "total": _TOTALS[amounts]}
    if is_simulated:
        files["unlimited"] = _files(write_unlimited(truth))
    return (_WEIGHTS + amounts + _LABELS).format(**files) + select


def _files(directory: Path) -> str:
    return listed(sorted(directory.glob("*.parquet")))
