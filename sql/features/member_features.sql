-- What a member does over the rolling window ending with the month (12 months, or what exists), over all receipts and by half.
-- grain: member and part; key: member_key, part
-- inputs: member_item_months, member_months, member_store_months
-- window: member_months 12, member_item_months 12, member_store_months 12
with

boundaries as (
    select
        *,
        date_diff('day', lag(last_visit_date) over (partition by member_key, part order by month), first_visit_date) as gap_before_days,
    from member_months
),

totals as (
    select
        member_key,
        part,
        count(*)::bigint as active_months_count,
        sum(receipts_count)::bigint as receipts_count,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
        sum(refunds_count)::bigint as refunds_count,
        sum(early_count)::bigint as early_count,
        sum(morning_count)::bigint as morning_count,
        sum(noon_count)::bigint as noon_count,
        sum(afternoon_count)::bigint as afternoon_count,
        sum(evening_count)::bigint as evening_count,
        sum(night_count)::bigint as night_count,
        sum(monday_count)::bigint as monday_count,
        sum(tuesday_count)::bigint as tuesday_count,
        sum(wednesday_count)::bigint as wednesday_count,
        sum(thursday_count)::bigint as thursday_count,
        sum(friday_count)::bigint as friday_count,
        sum(saturday_count)::bigint as saturday_count,
        sum(sunday_count)::bigint as sunday_count,
        sum(visit_days_count)::bigint as visit_days_count,
        min(first_visit_date) as first_visit_date,
        max(last_visit_date) as last_visit_date,
        sum(gap_squares + coalesce(gap_before_days * gap_before_days, 0))::bigint as gap_squares,
    from boundaries
    group by all
),

rhythm as (
    select
        member_key,
        part,
        visit_days_count - 1 as gaps_count,
        date_diff('day', first_visit_date, last_visit_date) as gap_days,
        gap_squares,
    from totals
    where visit_days_count >= $regular_visits
),

item_parts as (
    select
        'whole' as part,
        *,
    from member_item_months
    union all
    select
        case half when 0 then 'half_0' else 'half_1' end as part,
        *,
    from member_item_months
),

variety as (
    select
        member_key,
        part,
        count(distinct product_key)::bigint as products_count,
        count(distinct family)::bigint as families_count,
    from item_parts
    group by all
),

store_parts as (
    select
        'whole' as part,
        *,
    from member_store_months
    union all
    select
        case half when 0 then 'half_0' else 'half_1' end as part,
        *,
    from member_store_months
),

stores_used as (
    select
        member_key,
        part,
        store_key,
        sum(receipts_count)::bigint as receipts_count,
    from store_parts
    group by all
),

ranked_stores as (
    select
        *,
        row_number() over (partition by member_key, part order by receipts_count desc, store_key asc) as store_rank,
        count(*) over (partition by member_key, part) as stores_count,
    from stores_used
),

main_stores as (
    select *,
    from ranked_stores
    where store_rank = 1
)

select
    totals.member_key,
    totals.part,
    totals.active_months_count,
    totals.receipts_count,
    totals.lines_count,
    totals.amount_cents,
    totals.refunds_count,
    totals.receipts_count::double / totals.active_months_count as receipts_per_active_month,
    totals.amount_cents::double / totals.receipts_count as basket_cents,
    totals.lines_count::double / totals.receipts_count as basket_lines,
    date_diff('day', totals.last_visit_date, $month_end)::integer as recency_days,
    totals.visit_days_count,
    totals.first_visit_date,
    totals.last_visit_date,
    -- standard deviation over mean of the days between visits; null when there are too few visits to say
    case
        when rhythm.gap_days > 0
            then sqrt((rhythm.gaps_count * rhythm.gap_squares - rhythm.gap_days * rhythm.gap_days)::double) / rhythm.gap_days
    end as visit_gap_variation,
    totals.early_count::double / totals.receipts_count as early_share,
    totals.morning_count::double / totals.receipts_count as morning_share,
    totals.noon_count::double / totals.receipts_count as noon_share,
    totals.afternoon_count::double / totals.receipts_count as afternoon_share,
    totals.evening_count::double / totals.receipts_count as evening_share,
    totals.night_count::double / totals.receipts_count as night_share,
    totals.monday_count::double / totals.receipts_count as monday_share,
    totals.tuesday_count::double / totals.receipts_count as tuesday_share,
    totals.wednesday_count::double / totals.receipts_count as wednesday_share,
    totals.thursday_count::double / totals.receipts_count as thursday_share,
    totals.friday_count::double / totals.receipts_count as friday_share,
    totals.saturday_count::double / totals.receipts_count as saturday_share,
    totals.sunday_count::double / totals.receipts_count as sunday_share,
    variety.products_count,
    variety.families_count,
    main_stores.stores_count,
    main_stores.store_key as main_store_key,
    main_stores.receipts_count::double / totals.receipts_count as main_store_share,
from totals
left join rhythm on totals.member_key = rhythm.member_key and totals.part = rhythm.part
left join variety on totals.member_key = variety.member_key and totals.part = variety.part
left join main_stores on totals.member_key = main_stores.member_key and totals.part = main_stores.part
