-- Items on the receipts of members: what evidence is learnt from. Refunds are left out.
-- grain: receipt and item; key: receipt_key, item_key
-- inputs: products, receipt_lines, receipts
-- window: the month
select distinct
    receipts.receipt_key,
    receipts.member_key,
    receipts.store_key,
    receipts.daypart,
    receipts.half,
    products.item_key,
from receipt_lines
inner join receipts on receipt_lines.receipt_key = receipts.receipt_key
inner join products on receipt_lines.product_key = products.product_key
where receipts.member_key is not null and receipt_lines.quantity > 0
