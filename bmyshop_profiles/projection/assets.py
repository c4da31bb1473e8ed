"""What Dagster sees of the projection."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.projection.model import LEAST_PEOPLE, TABLES, Material, project

ROOM = "projection"

# Labels of members: profiles read from half 0 (the atypical are a class), and what members declared. Bands of age at the end of the month.
LABELS = """
with declared as (
    select member_key, 'sex' as target, sex as group_name from members
    union all
    select
        member_key,
        'age_band' as target,
        coalesce(age_band, case
            when $year - birth_year between 18 and 34 then '18-34'
            when $year - birth_year between 35 and 54 then '35-54'
            when $year - birth_year between 55 and 105 then '55+'
        end) as group_name
    from members
),
labels as (
    select member_key, 'profile' as target, coalesce(profile_key, 'atypical') as group_name
    from member_clusters
    where part = 'half_0' and state <> 'too_few_receipts'
      and exists (select 1 from member_clusters where state = 'in_profile' and part = 'half_0')
    union all
    select * from declared where group_name is not null
    qualify count(*) over (partition by target, group_name) >= $least_people
),
-- by first receipt, an order that no pseudonym key changes: folds are drawn along it
known as (select member_key, min(first_receipt_key) as first_receipt_key from member_months group by member_key)
select labels.* from labels left join known using (member_key) order by first_receipt_key nulls last, member_key, target
"""
BOUGHT = """
select member_key, item_key, sum(bought_count)::bigint as bought_count
from member_item_months where half = 0 and bought_count > 0 group by all order by all
"""


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [python_asset(house, TABLES, model), *sql_assets(house, ROOM)]


def model(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """What items say of their buyer, its calibration, how well one receipt tells its buyer."""
    session, chosen = inputs.session, inputs.parameters
    year = int(str(inputs.month)[:4])
    material = Material(
        labels=session.frame(LABELS, {"year": year, "least_people": LEAST_PEOPLE}),
        bought=session.frame(BOUGHT),
        receipts=session.frame("select receipt_key, member_key, item_key from member_receipt_items where half = 1 order by all"),
        sample=session.frame("from sampled_receipt_items order by receipt_key, item_key"),
    )
    return project(material, served=chosen["semi_supervised"], most_receipts=chosen["calibration_receipts"], seed=chosen["seed"])
