-- Items of a sample of the month's receipts, identified or not: the unlabelled sea that topics are learnt from.
-- grain: receipt and item; key: receipt_key, item_key
-- inputs: products, receipt_lines, receipts
-- window: the month
with

sampled as (
    select receipt_key,
    from receipts
    order by md5(receipt_key)
    limit $topic_receipts
)

select distinct
    sampled.receipt_key,
    products.item_key,
from receipt_lines
inner join sampled on receipt_lines.receipt_key = sampled.receipt_key
inner join products on receipt_lines.product_key = products.product_key
where receipt_lines.quantity > 0
