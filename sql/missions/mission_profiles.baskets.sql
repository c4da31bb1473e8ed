-- Different articles of the sampled receipts of the window.
-- inputs: sampled_receipt_items
select
    receipt_key,
    item_key,
from sampled_receipt_items
order by all
