-- Items that identified members bought in each shop in the month, by half: what a shop makes its visitors buy.
-- grain: half, shop and item; key: half, store_key, item_key
-- inputs: products, receipt_lines, receipts
-- window: the month
select
    receipts.half,
    receipts.store_key,
    products.item_key,
    count(*)::bigint as bought_count,
from receipt_lines
inner join receipts on receipt_lines.receipt_key = receipts.receipt_key
inner join products on receipt_lines.product_key = products.product_key
where receipts.member_key is not null and receipt_lines.quantity > 0
group by all
