"""The simulator's truth beside an estimate. Only evaluation reads it; no asset imports this module.

Belongs here: the true mix of a cell under the *fitted* typology: each shopper's own profile, read from all receipts of the full history,
counted over all receipts of the cell; the personas of members. Does not belong here: anything a real network could know.
"""

from pathlib import Path

import pandas as pd

from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.privacy.pseudonyms import pseudonym

# The likelihood of all that a shopper bought under each profile of the month; atypical: no profile beats everybody's distribution.
TRUE_MIX = """
with owners as (select source || '/' || receipt_key as receipt_key, shopper from read_parquet({receipts})),
bought as (
    select owners.shopper, products.item_key, count(*) as bought_count
    from receipt_lines
    inner join (select distinct product_key, item_key from products) as products using (product_key)
    inner join owners using (receipt_key)
    where quantity > 0
    group by all
),
scores as (
    select shopper, profile_key, sum(bought_count * log_ratio) as score
    from bought inner join cluster_profiles using (item_key)
    where cluster_profiles.month = $month
    group by all
),
labels as (
    select shopper, case when max(score) > 0 then arg_max(profile_key, score) else 'atypical' end as group_name
    from scores group by shopper
),
visits as (
    select receipts.store_key, receipts.daypart, labels.group_name
    from receipts inner join owners using (receipt_key) inner join labels using (shopper)
    where receipts.month = $month
),
cells as (
    select
        coalesce(store_key, 'all') as store_key, coalesce(daypart, 'all') as daypart, group_name, count(*) as visits_count
    from visits
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


def true_mix(session: Session, truth: Path, month: str) -> pd.DataFrame:
    """store_key, daypart, group_name, visits_count, true_share of every cell of a month (all: every shop, every daypart).

    session: one in which the lake's tables are views over all months. truth: the simulator's directory of that name.
    """
    receipts = literal(truth / "receipts" / "*.parquet")
    return session.frame(TRUE_MIX.format(receipts=receipts), {"month": month})
