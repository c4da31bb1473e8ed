-- Shops of the month: listed, or named on one of its receipt lines.
-- grain: shop; key: store_key
-- inputs: receipt_lines, staged_stores
-- window: the month
with

seen as (
    select distinct
        store_key,
        true as has_receipts,
    from receipt_lines
)

select
    store_key,
    coalesce(staged_stores.name, store_key) as name,
    coalesce(staged_stores.store_type, 'unknown') as store_type,
    staged_stores.postcode,
    staged_stores.city,
    staged_stores.store_key is not null as is_listed,
    coalesce(seen.has_receipts, false) as has_receipts,
from staged_stores
full join seen using (store_key)
