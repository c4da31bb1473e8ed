-- Categories of products in what a shop sells over the rolling window ending with the month.
-- grain: shop and category; key: store_key, category
-- inputs: store_category_months
-- window: store_category_months 12
with

totals as (
    select
        store_key,
        category,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
    from store_category_months
    group by all
)

select
    store_key,
    category,
    lines_count,
    amount_cents,
    lines_count::double / sum(lines_count) over (partition by store_key) as lines_share,
    amount_cents::double / nullif(sum(amount_cents) over (partition by store_key), 0) as amount_share,
from totals
