-- Items on the asked members' receipts of the month, of half 1.
-- inputs: asked_members, member_receipt_items
select
    member_receipt_items.receipt_key,
    member_receipt_items.member_key,
    member_receipt_items.item_key,
from member_receipt_items
inner join asked_members on member_receipt_items.member_key = asked_members.member_key
where member_receipt_items.half = 1
order by all
