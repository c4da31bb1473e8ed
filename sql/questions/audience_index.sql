-- Shares of all groups in the visits of shops and dayparts of a month, all weekdays together, seen and inferred.
-- inputs: seen_audience, store_audience
select
    store_key,
    daypart,
    kind,
    group_name,
    visits_share as share,
    low_share,
    high_share,
    affinity_index,
from seen_audience
where month = $month and period = 'month' and weekday = 0 and sold_hour = -1 and store_key <> 'all'
union all
select
    store_key,
    daypart,
    'profile' as kind,
    group_name,
    mix_share as share,
    low_share,
    high_share,
    affinity_index,
from store_audience
where month = $month and is_published and store_key <> 'all'
order by store_key asc, daypart asc, kind asc, group_name asc
