-- The category and label of each item of the month: those of most of its lines, as an item may be a family of many products.
-- grain: item; key: item_key
-- inputs: product_categories, products
-- window: the month
with

sold as (
    select
        products.item_key,
        coalesce(product_categories.category, '') as category,
        products.lines_count,
        coalesce(products.label, '') as label,
    from products
    left join product_categories on products.product_key = product_categories.product_key
),

categories as (
    select
        item_key,
        category,
        sum(lines_count)::bigint as lines_count,
    from sold
    group by all
),

ranked as (
    select
        item_key,
        category,
        row_number() over (partition by item_key order by lines_count desc, category asc) as category_rank,
    from categories
),

labels as (
    select
        item_key,
        label,
        row_number() over (partition by item_key order by lines_count desc, label asc) as label_rank,
    from sold
),

totals as (
    select
        item_key,
        sum(lines_count)::bigint as lines_count,
    from sold
    group by all
)

select
    totals.item_key,
    nullif(ranked.category, '') as category,
    labels.label,
    totals.lines_count,
from totals
inner join ranked on totals.item_key = ranked.item_key and ranked.category_rank = 1
inner join labels on totals.item_key = labels.item_key and labels.label_rank = 1
