-- Receipts of each hour of some shops, those between two keys, before the days that are forecast.
-- inputs: store_hours
select
    store_key,
    visit_date,
    sold_hour,
    receipts_count,
from store_hours
where store_key between $first_key and $last_key and visit_date < $month_end
order by store_key asc, visit_date asc, sold_hour asc
