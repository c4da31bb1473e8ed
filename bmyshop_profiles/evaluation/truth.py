"""The simulator's truth beside an estimate. Only evaluation reads it; no asset imports this module.

Belongs here: the true mix of a cell under the *fitted* typology: each shopper's own profile, read from all receipts of the full history as
members' are from theirs, counted over all receipts of the cell; the personas of members. Does not belong here: anything a real network
could know.
"""

from pathlib import Path

import pandas as pd

from bmyshop_profiles.engine.session import Session, listed
from bmyshop_profiles.privacy.pseudonyms import pseudonym

# Every shopper's own profile, read from all receipts by the weights that put members into theirs: sums of weights, damped, and the size of
# the profile; atypical: no sum is above 0. What a shop sells is charged once per article, divided as the receipts are.
LABELS = """
with owners as (select source || '/' || receipt_key as receipt_key, shopper from read_parquet({receipts})),
weights as (select profile_key, kind, value_key, weight from profile_weights where month = $month),
priors as (
    select
        profile_key,
        max(weight) filter (where value_key = 'size') as size,
        max(weight) filter (where value_key = 'damping') as damping
    from weights where kind = 'prior' group by profile_key
),
bought as (
    select owners.shopper, products.item_key as value_key, count(*) as bought_count
    from receipt_lines
    inner join (select distinct product_key, item_key from products) as products using (product_key)
    inner join owners using (receipt_key)
    where quantity > 0 and products.item_key in (select value_key from weights where kind = 'item')
    group by all
),
sizes as (select shopper, sum(bought_count) as bought_count from bought group by shopper),
visits as (
    select month, shopper, store_key, daypart, half, receipt_key, lines_count, amount_cents
    from receipts inner join owners using (receipt_key)
),
stores as (
    select shopper, store_key as value_key, count(*) / sum(count(*)) over (partition by shopper) as receipts_share
    from visits group by shopper, store_key
),
bins as (
    select kind, value_key, split_part(value_key, '_', 2)::integer as low from weights where kind in ('basket', 'spend') group by all
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
amounts as (
    select shopper, 'item' as kind, value_key, bought_count::double as amount from bought
    union all
    select shopper, 'store' as kind, value_key, bought_count * receipts_share as amount from stores inner join sizes using (shopper)
    union all
    select shopper, kind, value_key, sum(amount)::double as amount from moments group by all
),
scores as (select shopper, profile_key, sum(amount * weight) as score from amounts inner join weights using (kind, value_key) group by all),
labels as (
    select
        shopper,
        case
            when max(score) > 0 then arg_max(profile_key, score / (1 + damping * sqrt(bought_count)) + size) else 'atypical'
        end as group_name
    from scores inner join sizes using (shopper) inner join priors using (profile_key) group by shopper
)
"""
SHOPPERS = LABELS + "select shopper, group_name from labels order by shopper"
TRUE_MIX = (
    LABELS
    + """,
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
)


def member_personas(truth: Path, key: bytes) -> pd.Series:
    """Persona of each member (integers from 0; those of none are one more persona) by member_key; `key` is that of the pseudonyms."""
    shoppers = pd.read_parquet(truth / "shoppers", columns=["member", "persona"]).dropna(subset="member")
    keys = [pseudonym(key, "member", raw) for raw in shoppers.member]
    return pd.Series(pd.factorize(shoppers.persona.fillna(0), sort=True)[0], index=keys)


def shopper_profiles(session: Session, truth: Path, month: str) -> pd.DataFrame:
    """shopper, group_name: the profile of a month, or atypical, of all shoppers who bought something the typology knows.

    session: one in which the lake's tables are views over all months. truth: the simulator's directory of that name.
    """
    return session.frame(SHOPPERS.format(receipts=_receipts(truth)), {"month": month})


def true_mix(session: Session, truth: Path, month: str) -> pd.DataFrame:
    """store_key, daypart, group_name, visits_count, true_share of every cell of a month (all: every shop, every daypart).

    Parameters as of `shopper_profiles`.
    """
    return session.frame(TRUE_MIX.format(receipts=_receipts(truth)), {"month": month})


def _receipts(truth: Path) -> str:
    return listed(sorted((truth / "receipts").glob("*.parquet")))
