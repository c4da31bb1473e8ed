-- Items on members' receipts of half 1, on which evidence is calibrated, and where and when each receipt was: so many receipts, drawn by
-- their keys.
-- inputs: member_receipt_items, stores
with

drawn as (
    select distinct receipt_key,
    from member_receipt_items
    where half = 1
    order by md5(receipt_key) asc, receipt_key asc
    limit $calibration_receipts
),

types as (
    select
        store_key,
        min(store_type) as store_type,
    from stores
    group by store_key
)

select
    member_receipt_items.receipt_key,
    member_receipt_items.member_key,
    member_receipt_items.store_key,
    types.store_type,
    member_receipt_items.daypart,
    member_receipt_items.item_key,
from member_receipt_items
inner join drawn on member_receipt_items.receipt_key = drawn.receipt_key
left join types on member_receipt_items.store_key = types.store_key
order by all
