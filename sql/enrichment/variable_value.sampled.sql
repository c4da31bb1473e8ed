-- Items on a sample of all receipts of the month, and where these were made.
-- inputs: receipts, sampled_receipt_items
select
    sampled_receipt_items.receipt_key,
    receipts.store_key,
    receipts.daypart,
    sampled_receipt_items.item_key,
from sampled_receipt_items
inner join receipts on sampled_receipt_items.receipt_key = receipts.receipt_key
order by all
