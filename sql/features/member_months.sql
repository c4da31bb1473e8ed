-- What a member did in the month, over all receipts and by half: sums that windows can add up.
-- grain: member and part; key: member_key, part
-- inputs: receipts
-- window: the month
with

identified as (
    select *,
    from receipts
    where member_key is not null
),

parts as (
    select
        'whole' as part,
        *,
    from identified
    union all
    select
        case half when 0 then 'half_0' else 'half_1' end as part,
        *,
    from identified
),

days as (
    select distinct
        member_key,
        part,
        sold_at::date as visited_on,
    from parts
),

gaps as (
    select
        member_key,
        part,
        visited_on,
        date_diff('day', lag(visited_on) over (partition by member_key, part order by visited_on), visited_on) as gap_days,
    from days
),

rhythm as (
    select
        member_key,
        part,
        count(*)::bigint as visit_days_count,
        min(visited_on) as first_visit_date,
        max(visited_on) as last_visit_date,
        coalesce(sum(gap_days * gap_days), 0)::bigint as gap_squares,
        sum(case when gap_days between 1 and 2 then 1 else 0 end)::bigint as gap_1_count,
        sum(case when gap_days between 3 and 7 then 1 else 0 end)::bigint as gap_3_count,
        sum(case when gap_days between 8 and 14 then 1 else 0 end)::bigint as gap_8_count,
        sum(case when gap_days >= 15 then 1 else 0 end)::bigint as gap_15_count,
    from gaps
    group by all
),

totals as (
    select
        member_key,
        part,
        min(receipt_key) as first_receipt_key,
        count(*)::bigint as receipts_count,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
        sum(case when amount_cents < 0 then 1 else 0 end)::bigint as refunds_count,
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
        -- each bin is named by where it begins; sizes of baskets double, amounts go 1, 2, 5 in units of the currency
        sum(case when lines_count = 1 then 1 else 0 end)::bigint as lines_1_count,
        sum(case when lines_count = 2 then 1 else 0 end)::bigint as lines_2_count,
        sum(case when lines_count between 3 and 4 then 1 else 0 end)::bigint as lines_3_count,
        sum(case when lines_count between 5 and 8 then 1 else 0 end)::bigint as lines_5_count,
        sum(case when lines_count between 9 and 16 then 1 else 0 end)::bigint as lines_9_count,
        sum(case when lines_count >= 17 then 1 else 0 end)::bigint as lines_17_count,
        sum(case when amount_cents between 1 and 199 then 1 else 0 end)::bigint as spend_0_count,
        sum(case when amount_cents between 200 and 499 then 1 else 0 end)::bigint as spend_2_count,
        sum(case when amount_cents between 500 and 999 then 1 else 0 end)::bigint as spend_5_count,
        sum(case when amount_cents between 1000 and 1999 then 1 else 0 end)::bigint as spend_10_count,
        sum(case when amount_cents between 2000 and 4999 then 1 else 0 end)::bigint as spend_20_count,
        sum(case when amount_cents between 5000 and 9999 then 1 else 0 end)::bigint as spend_50_count,
        sum(case when amount_cents between 10000 and 19999 then 1 else 0 end)::bigint as spend_100_count,
        sum(case when amount_cents between 20000 and 49999 then 1 else 0 end)::bigint as spend_200_count,
        sum(case when amount_cents >= 50000 then 1 else 0 end)::bigint as spend_500_count,
    from parts
    group by all
)

select
    totals.member_key,
    totals.part,
    totals.first_receipt_key,
    totals.receipts_count,
    totals.lines_count,
    totals.amount_cents,
    totals.refunds_count,
    totals.early_count,
    totals.morning_count,
    totals.noon_count,
    totals.afternoon_count,
    totals.evening_count,
    totals.night_count,
    totals.monday_count,
    totals.tuesday_count,
    totals.wednesday_count,
    totals.thursday_count,
    totals.friday_count,
    totals.saturday_count,
    totals.sunday_count,
    totals.lines_1_count,
    totals.lines_2_count,
    totals.lines_3_count,
    totals.lines_5_count,
    totals.lines_9_count,
    totals.lines_17_count,
    totals.spend_0_count,
    totals.spend_2_count,
    totals.spend_5_count,
    totals.spend_10_count,
    totals.spend_20_count,
    totals.spend_50_count,
    totals.spend_100_count,
    totals.spend_200_count,
    totals.spend_500_count,
    rhythm.visit_days_count,
    rhythm.first_visit_date,
    rhythm.last_visit_date,
    rhythm.gap_squares,
    rhythm.gap_1_count,
    rhythm.gap_3_count,
    rhythm.gap_8_count,
    rhythm.gap_15_count,
from totals
inner join rhythm on totals.member_key = rhythm.member_key and totals.part = rhythm.part
