-- What a member does over the rolling window ending with the month (12 months, or what exists).
-- grain: member; key: member_key
-- inputs: member_counts, member_item_months, member_months
-- window: member_counts 12, member_item_months 12, member_months 12
with

totals as (
    select
        member_key,
        count(distinct month)::bigint as active_months_count,
        sum(receipts_count)::bigint as receipts_count,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
        sum(refunds_count)::bigint as refunds_count,
    from member_months
    group by all
),

counts as (
    select
        member_key,
        kind,
        value_key,
        sum(things_count)::bigint as things_count,
    from member_counts
    where kind in ('day', 'dayparts', 'store', 'weekdays')
    group by all
),

moments as (
    select
        member_key,
        sum(case value_key when 'early' then things_count else 0 end)::bigint as early_count,
        sum(case value_key when 'morning' then things_count else 0 end)::bigint as morning_count,
        sum(case value_key when 'noon' then things_count else 0 end)::bigint as noon_count,
        sum(case value_key when 'afternoon' then things_count else 0 end)::bigint as afternoon_count,
        sum(case value_key when 'evening' then things_count else 0 end)::bigint as evening_count,
        sum(case value_key when 'night' then things_count else 0 end)::bigint as night_count,
        sum(case value_key when 'monday' then things_count else 0 end)::bigint as monday_count,
        sum(case value_key when 'tuesday' then things_count else 0 end)::bigint as tuesday_count,
        sum(case value_key when 'wednesday' then things_count else 0 end)::bigint as wednesday_count,
        sum(case value_key when 'thursday' then things_count else 0 end)::bigint as thursday_count,
        sum(case value_key when 'friday' then things_count else 0 end)::bigint as friday_count,
        sum(case value_key when 'saturday' then things_count else 0 end)::bigint as saturday_count,
        sum(case value_key when 'sunday' then things_count else 0 end)::bigint as sunday_count,
    from counts
    where kind in ('dayparts', 'weekdays')
    group by member_key
),

gaps as (
    select
        member_key,
        value_key::date as visit_date,
        date_diff('day', lag(value_key::date) over (partition by member_key order by value_key), value_key::date) as gap_days,
    from counts
    where kind = 'day'
),

days as (
    select
        member_key,
        count(*)::bigint as visit_days_count,
        min(visit_date) as first_visit_date,
        max(visit_date) as last_visit_date,
        coalesce(sum(gap_days * gap_days), 0)::bigint as gap_squares,
    from gaps
    group by member_key
),

rhythm as (
    select
        member_key,
        visit_days_count - 1 as gaps_count,
        date_diff('day', first_visit_date, last_visit_date) as gap_days,
        gap_squares,
    from days
    where visit_days_count >= $regular_visits
),

variety as (
    select
        member_key,
        count(distinct product_key)::bigint as products_count,
        count(distinct family)::bigint as families_count,
    from member_item_months
    group by all
),

ranked_stores as (
    select
        member_key,
        value_key as store_key,
        things_count as receipts_count,
        row_number() over (partition by member_key order by things_count desc, value_key asc) as store_rank,
        count(*) over (partition by member_key) as stores_count,
    from counts
    where kind = 'store'
),

main_stores as (
    select *,
    from ranked_stores
    where store_rank = 1
)

select
    totals.member_key,
    totals.active_months_count,
    totals.receipts_count,
    totals.lines_count,
    totals.amount_cents,
    totals.refunds_count,
    totals.receipts_count::double / totals.active_months_count as receipts_per_active_month,
    totals.amount_cents::double / totals.receipts_count as basket_cents,
    totals.lines_count::double / totals.receipts_count as basket_lines,
    date_diff('day', days.last_visit_date, $month_end)::integer as recency_days,
    days.visit_days_count,
    days.first_visit_date,
    days.last_visit_date,
    -- standard deviation over mean of the days between visits; null when there are too few visits to say
    case
        when rhythm.gap_days > 0
            then sqrt((rhythm.gaps_count * rhythm.gap_squares - rhythm.gap_days * rhythm.gap_days)::double) / rhythm.gap_days
    end as visit_gap_variation,
    moments.early_count::double / totals.receipts_count as early_share,
    moments.morning_count::double / totals.receipts_count as morning_share,
    moments.noon_count::double / totals.receipts_count as noon_share,
    moments.afternoon_count::double / totals.receipts_count as afternoon_share,
    moments.evening_count::double / totals.receipts_count as evening_share,
    moments.night_count::double / totals.receipts_count as night_share,
    moments.monday_count::double / totals.receipts_count as monday_share,
    moments.tuesday_count::double / totals.receipts_count as tuesday_share,
    moments.wednesday_count::double / totals.receipts_count as wednesday_share,
    moments.thursday_count::double / totals.receipts_count as thursday_share,
    moments.friday_count::double / totals.receipts_count as friday_share,
    moments.saturday_count::double / totals.receipts_count as saturday_share,
    moments.sunday_count::double / totals.receipts_count as sunday_share,
    variety.products_count,
    variety.families_count,
    main_stores.stores_count,
    main_stores.store_key as main_store_key,
    main_stores.receipts_count::double / totals.receipts_count as main_store_share,
from totals
left join moments on totals.member_key = moments.member_key
left join days on totals.member_key = days.member_key
left join rhythm on totals.member_key = rhythm.member_key
left join variety on totals.member_key = variety.member_key
left join main_stores on totals.member_key = main_stores.member_key
