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
    sum(case daypart when 'early' then 1 else 0 end)::bigint as early_count,
    sum(case daypart when 'morning' then 1 else 0 end)::bigint as morning_count,
    sum(case daypart when 'noon' then 1 else 0 end)::bigint as noon_count,
    sum(case daypart when 'afternoon' then 1 else 0 end)::bigint as afternoon_count,
    sum(case daypart when 'evening' then 1 else 0 end)::bigint as evening_count,
    sum(case daypart when 'night' then 1 else 0 end)::bigint as night_count,
    sum(case weekday when 1 then 1 else 0 end)::bigint as monday_count,
    sum(case weekday when 2 then 1 else 0 end)::bigint as tuesday_count,
    sum(case weekday when 3 then 1 else 0 end)::bigint as wednesday_count,
    sum(case weekday when 4 then 1 else 0 end)::bigint as thursday_count,
    sum(case weekday when 5 then 1 else 0 end)::bigint as friday_count,
    sum(case weekday when 6 then 1 else 0 end)::bigint as saturday_count,
    sum(case weekday when 7 then 1 else 0 end)::bigint as sunday_count,
from receipts
group by all
