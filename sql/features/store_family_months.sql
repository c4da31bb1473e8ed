-- Families of products that a shop sold in the month.
-- grain: shop and family; key: store_key, family
-- inputs: products, receipt_lines
-- window: the month
with

items as (
    select
        store_key,
        product_key,
        count(*)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
    from receipt_lines
    group by all
)

select
    items.store_key,
    products.family,
    sum(items.lines_count)::bigint as lines_count,
    sum(items.amount_cents)::bigint as amount_cents,
from items
left join products on items.product_key = products.product_key
group by all
