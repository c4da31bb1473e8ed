-- What a shop sold in the month, and how much of it is identified: sums that windows can add up.
-- grain: shop; key: store_key
-- inputs: receipts
-- window: the month
select
    store_key,
    count(*)::bigint as receipts_count,
    count(member_key)::bigint as identified_receipts_count,
    count(shopper_key)::bigint as grouped_receipts_count,
    count(distinct member_key)::bigint as members_count,
    sum(lines_count)::bigint as lines_count,
    sum(amount_cents)::bigint as amount_cents,
    sum(case when member_key is not null then amount_cents else 0 end)::bigint as identified_amount_cents,
    sum(case when amount_cents < 0 then 1 else 0 end)::bigint as refunds_count,
    count(distinct sold_at::date)::bigint as open_days_count,
from receipts
group by all
