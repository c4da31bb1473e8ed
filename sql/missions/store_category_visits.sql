-- Visits in which something of a category is bought.
-- grain: shop, weekday, hour and category; key: store_key, weekday, sold_hour, category
-- inputs: product_categories, receipt_lines, receipts
-- window: the month
with

bought as (
    select distinct
        receipt_lines.receipt_key,
        product_categories.category,
    from receipt_lines
    inner join product_categories on receipt_lines.product_key = product_categories.product_key
    where receipt_lines.quantity > 0 and product_categories.category is not null
)

select
    receipts.store_key,
    receipts.weekday,
    receipts.sold_hour,
    receipts.daypart,
    bought.category,
    count(*)::bigint as receipts_count,
    sum(case when receipts.half = 0 then 1 else 0 end)::bigint as half_receipts_count,
from bought
inner join receipts on bought.receipt_key = receipts.receipt_key
group by all
