-- Receipts of a shop by day and hour: what forecasts of visits are made from.
-- grain: shop, day and hour; key: store_key, visit_date, sold_hour
-- inputs: receipts
-- window: the month
select
    store_key,
    sold_at::date as visit_date,
    sold_hour,
    count(*)::bigint as receipts_count,
from receipts
group by all
