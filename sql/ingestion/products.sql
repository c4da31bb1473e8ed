-- Products sold in the month, with a label and a family: the list's where there is one, else the line's.
-- grain: product; key: product_key
-- inputs: receipt_lines, staged_products
-- window: the month
with

sold as (
    select
        product_key,
        min(label) as label,
        min(family) as family,
        count(*)::bigint as lines_count,
    from receipt_lines
    group by product_key
)

select
    sold.product_key,
    case when $item_level = 'family' then coalesce(staged_products.family, sold.family, 'unknown') else sold.product_key end as item_key,
    coalesce(staged_products.label, sold.label, sold.product_key) as label,
    coalesce(staged_products.family, sold.family, 'unknown') as family,
    staged_products.product_key is not null as is_listed,
    sold.lines_count,
from sold
left join staged_products on sold.product_key = staged_products.product_key
