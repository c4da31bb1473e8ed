-- Who comes to a shop at a moment, and what for: groups seen and inferred, with their grades.
-- inputs: group_grades, mission_profiles, product_taxonomy, seen_audience, store_audience
with

found as (
    select min(month) as month,
    from mission_profiles
    where month >= $missions_since
),

named as (
    select
        'category' as kind,
        category as group_name,
        label_fr as name,
    from product_taxonomy
    union all
    select
        'mission' as kind,
        mission_key as group_name,
        mission_name as name,
    from mission_profiles
    inner join found on mission_profiles.month = found.month
),

cells as (
    select
        kind,
        group_name,
        visits_share as share,
        low_share,
        high_share,
        affinity_index,
        receipts_count,
        people,
        null::boolean as is_people_estimated,
    from seen_audience
    where
        month = $month and period = $period and store_key = $store and weekday = $weekday and sold_hour = $hour
        and (daypart = $daypart or $hour >= 0)
    union all
    select
        'profile' as kind,
        group_name,
        mix_share as share,
        low_share,
        high_share,
        affinity_index,
        receipts_count,
        people,
        is_people_estimated,
    from store_audience
    where
        month = $month and store_key = $store and daypart = $daypart and is_published
        and $period = 'month' and $weekday = 0 and $hour = -1
)

select
    cells.kind,
    cells.group_name,
    named.name,
    coalesce(group_grades.grade, 'unsold') as grade,
    cells.share,
    cells.low_share,
    cells.high_share,
    cells.affinity_index,
    cells.receipts_count,
    cells.people,
    cells.is_people_estimated,
    true as is_published,
from cells
left join named on cells.kind = named.kind and cells.group_name = named.group_name
left join group_grades on cells.kind = group_grades.kind and cells.group_name = group_grades.group_name and group_grades.month = $month
where $kind in ('all', cells.kind)
order by cells.kind asc, cells.share desc, cells.group_name asc
