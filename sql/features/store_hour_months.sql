-- Traffic of a shop in the month by weekday and hour.
-- grain: shop, weekday and hour; key: store_key, weekday, sold_hour
-- inputs: receipts
-- window: the month
select
    store_key,
    weekday,
    sold_hour,
    daypart,
    count(*)::bigint as receipts_count,
    sum(amount_cents)::bigint as amount_cents,
from receipts
group by all
