-- When and where members came in the month, by half: who stands in front of a screen is learnt from it.
-- grain: member, half, shop and daypart; key: member_key, half, store_key, daypart
-- inputs: receipts
-- window: the month
select
    member_key,
    half,
    store_key,
    daypart,
    count(*)::bigint as receipts_count,
from receipts
where member_key is not null
group by all
