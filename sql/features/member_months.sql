-- What a member did in the month, by half: sums that windows can add up.
-- grain: member and half; key: member_key, half
-- inputs: receipts
-- window: the month
select
    member_key,
    half,
    min(receipt_key) as first_receipt_key,
    count(*)::bigint as receipts_count,
    sum(lines_count)::bigint as lines_count,
    sum(amount_cents)::bigint as amount_cents,
    sum(case when amount_cents < 0 then 1 else 0 end)::bigint as refunds_count,
from receipts
where member_key is not null
group by all
