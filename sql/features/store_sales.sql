-- What a shop sells over the rolling window ending with the month, by family and by category of products.
-- grain: shop, kind and value; key: store_key, kind, value_key
-- inputs: store_sales_months
-- window: store_sales_months 12
with

totals as (
    select
        store_key,
        kind,
        value_key,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
    from store_sales_months
    group by all
)

select
    store_key,
    kind,
    value_key,
    lines_count,
    amount_cents,
    lines_count::double / sum(lines_count) over (partition by store_key, kind) as lines_share,
    amount_cents::double / nullif(sum(amount_cents) over (partition by store_key, kind), 0) as amount_share,
from totals
