-- The last label of each product of the window.
-- inputs: products
with

ranked as (
    select
        product_key,
        label,
        row_number() over (partition by product_key order by month desc) as place,
    from products
    where month >= $typology_since
)

select
    product_key,
    label,
from ranked
where place = 1
order by all
