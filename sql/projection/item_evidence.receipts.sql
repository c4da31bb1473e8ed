-- Items on members' receipts of half 1, on which evidence is calibrated.
-- inputs: member_receipt_items
select
    receipt_key,
    member_key,
    store_key,
    item_key,
from member_receipt_items
where half = 1
order by all
