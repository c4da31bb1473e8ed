-- What people come for and buy over the whole network, all days and hours: share of the visits with its interval.
-- inputs: seen_audience
select
    kind,
    group_name,
    visits_share,
    low_share,
    high_share,
    receipts_count,
    people,
from seen_audience
where period = 'month' and store_key = 'all' and weekday = 0 and daypart = 'all' and sold_hour = -1
order by kind asc, visits_share desc, group_name asc
