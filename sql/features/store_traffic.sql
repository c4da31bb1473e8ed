-- Traffic of a shop over the rolling window ending with the month, by weekday and hour.
-- grain: shop, weekday and hour; key: store_key, weekday, sold_hour
-- inputs: store_hour_months
-- window: store_hour_months 12
with

totals as (
    select
        store_key,
        weekday,
        sold_hour,
        sum(receipts_count)::bigint as receipts_count,
        sum(amount_cents)::bigint as amount_cents,
    from store_hour_months
    group by all
)

select
    store_key,
    weekday,
    sold_hour,
    receipts_count,
    amount_cents,
    receipts_count::double / sum(receipts_count) over (partition by store_key) as receipts_share,
from totals
