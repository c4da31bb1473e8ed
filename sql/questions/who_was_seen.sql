-- Members, shops and receipts, and how many of these are identified.
-- inputs: receipts
select
    count(distinct member_key) as members_count,
    count(distinct store_key) as stores_count,
    count(*) as receipts_count,
    count(member_key) as identified_receipts_count,
from receipts
