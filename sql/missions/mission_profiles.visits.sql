-- The sampled receipts of the window: when they were made, how much was paid.
-- inputs: receipts, sampled_receipt_items
with

sampled as (
    select distinct receipt_key,
    from sampled_receipt_items
)

select
    receipts.month,
    receipts.receipt_key,
    receipts.daypart,
    receipts.amount_cents,
from receipts
inner join sampled on receipts.receipt_key = sampled.receipt_key
order by md5(receipts.receipt_key), receipts.receipt_key
