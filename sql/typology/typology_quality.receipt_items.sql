-- Items on the members' receipts of the typology's window.
-- inputs: member_receipt_items
select
    month,
    receipt_key,
    member_key,
    store_key,
    half,
    item_key,
from member_receipt_items
where month >= $typology_since
order by all
