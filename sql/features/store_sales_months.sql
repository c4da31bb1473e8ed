-- What a shop sold in the month, by family and by category of products; unknown where a product has none.
-- grain: shop, kind and value; key: store_key, kind, value_key
-- inputs: product_categories, products, receipt_lines
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
),

sold as (
    select
        items.store_key,
        'family' as kind,
        coalesce(products.family, 'unknown') as value_key,
        items.lines_count,
        items.amount_cents,
    from items
    left join products on items.product_key = products.product_key
    union all
    select
        items.store_key,
        'category' as kind,
        coalesce(product_categories.category, 'unknown') as value_key,
        items.lines_count,
        items.amount_cents,
    from items
    left join product_categories on items.product_key = product_categories.product_key
)

select
    store_key,
    kind,
    value_key,
    sum(lines_count)::bigint as lines_count,
    sum(amount_cents)::bigint as amount_cents,
from sold
group by all
