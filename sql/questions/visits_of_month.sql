-- Receipts of a shop and of the whole network in a month.
-- inputs: store_visits
select
    store_key,
    receipts_count,
from store_visits
where month = $month and store_key in ('all', $store) and weekday = 0 and daypart = 'all' and sold_hour = -1
order by store_key asc
