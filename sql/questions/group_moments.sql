-- The share of a group in the visits of a shop by weekday and daypart: what is seen, of the last three months together; what is estimated,
-- of the month and over all weekdays.
-- inputs: seen_audience, store_audience
select
    weekday,
    daypart,
    visits_share as share,
    low_share,
    high_share,
    affinity_index,
from seen_audience
where
    month = $month and period = 'quarter' and kind = $kind and group_name = $group_name and store_key = $store and sold_hour = -1
    and daypart <> 'all'
union all
select
    0 as weekday,
    daypart,
    mix_share as share,
    low_share,
    high_share,
    affinity_index,
from store_audience
where month = $month and $kind = 'profile' and group_name = $group_name and store_key = $store and daypart <> 'all' and is_published
order by weekday asc, daypart asc
