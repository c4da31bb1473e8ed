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
    from gaps
    group by all
),

totals as (
    select
        member_key,
        part,
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
    from parts
    group by all
)

select
    totals.member_key,
    totals.part,
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
    rhythm.visit_days_count,
    rhythm.first_visit_date,
    rhythm.last_visit_date,
    rhythm.gap_squares,
from totals
inner join rhythm on totals.member_key = rhythm.member_key and totals.part = rhythm.part
