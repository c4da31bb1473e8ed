-- Shops that members used in the month, by half.
-- grain: member, half and shop; key: member_key, half, store_key
-- inputs: receipts
-- window: the month
select
    member_key,
    half,
    store_key,
    count(*)::bigint as receipts_count,
from receipts
where member_key is not null
group by all
