-- The month that a receipt is of.
-- inputs: receipts
select month,
from receipts
where receipt_key = $receipt
