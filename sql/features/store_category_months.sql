-- Categories of products that a shop sold in the month; unknown where a product has none.
-- grain: shop and category; key: store_key, category
-- inputs: product_categories, receipt_lines
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
    coalesce(product_categories.category, 'unknown') as category,
    sum(items.lines_count)::bigint as lines_count,
    sum(items.amount_cents)::bigint as amount_cents,
from items
left join product_categories on items.product_key = product_categories.product_key
group by all
