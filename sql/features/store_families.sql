-- Families of products in what a shop sells over the rolling window ending with the month.
-- grain: shop and family; key: store_key, family
-- inputs: store_family_months
-- window: store_family_months 12
with

totals as (
    select
        store_key,
        family,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
    from store_family_months
    group by all
)

select
    store_key,
    family,
    lines_count,
    amount_cents,
    lines_count::double / sum(lines_count) over (partition by store_key) as lines_share,
    amount_cents::double / nullif(sum(amount_cents) over (partition by store_key), 0) as amount_share,
from totals
