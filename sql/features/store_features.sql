-- What a shop is over the rolling window ending with the month: traffic, baskets, rhythm, families, coverage.
-- grain: shop; key: store_key
-- inputs: store_hour_months, store_months, store_sales_months, stores
-- window: store_months 12, store_hour_months 12, store_sales_months 12
with

totals as (
    select
        store_key,
        count(*)::bigint as active_months_count,
        sum(receipts_count)::bigint as receipts_count,
        sum(identified_receipts_count)::bigint as identified_receipts_count,
        sum(grouped_receipts_count)::bigint as grouped_receipts_count,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
        sum(identified_amount_cents)::bigint as identified_amount_cents,
        sum(refunds_count)::bigint as refunds_count,
        sum(open_days_count)::bigint as open_days_count,
    from store_months
    group by all
),

hours as (
    select
        store_key,
        weekday,
        sold_hour,
        daypart,
        sum(receipts_count)::bigint as receipts_count,
    from store_hour_months
    group by all
),

moments as (
    select
        store_key,
        sum(case daypart when 'early' then receipts_count else 0 end)::bigint as early_count,
        sum(case daypart when 'morning' then receipts_count else 0 end)::bigint as morning_count,
        sum(case daypart when 'noon' then receipts_count else 0 end)::bigint as noon_count,
        sum(case daypart when 'afternoon' then receipts_count else 0 end)::bigint as afternoon_count,
        sum(case daypart when 'evening' then receipts_count else 0 end)::bigint as evening_count,
        sum(case daypart when 'night' then receipts_count else 0 end)::bigint as night_count,
        sum(case weekday when 1 then receipts_count else 0 end)::bigint as monday_count,
        sum(case weekday when 2 then receipts_count else 0 end)::bigint as tuesday_count,
        sum(case weekday when 3 then receipts_count else 0 end)::bigint as wednesday_count,
        sum(case weekday when 4 then receipts_count else 0 end)::bigint as thursday_count,
        sum(case weekday when 5 then receipts_count else 0 end)::bigint as friday_count,
        sum(case weekday when 6 then receipts_count else 0 end)::bigint as saturday_count,
        sum(case weekday when 7 then receipts_count else 0 end)::bigint as sunday_count,
    from hours
    group by store_key
),

ranked_hours as (
    select
        *,
        row_number() over (partition by store_key order by receipts_count desc, weekday asc, sold_hour asc) as hour_rank,
    from hours
),

families as (
    select
        store_key,
        value_key as family,
        sum(lines_count)::bigint as lines_count,
    from store_sales_months
    where kind = 'family'
    group by all
),

ranked_families as (
    select
        *,
        row_number() over (partition by store_key order by lines_count desc, family asc) as family_rank,
        count(*) over (partition by store_key) as families_count,
    from families
)

select
    totals.store_key,
    stores.name,
    stores.store_type,
    stores.postcode,
    stores.city,
    totals.active_months_count,
    totals.receipts_count,
    totals.lines_count,
    totals.amount_cents,
    totals.refunds_count,
    totals.open_days_count,
    totals.receipts_count::double / totals.open_days_count as receipts_per_open_day,
    totals.amount_cents::double / totals.receipts_count as basket_cents,
    totals.lines_count::double / totals.receipts_count as basket_lines,
    totals.identified_receipts_count,
    totals.grouped_receipts_count,
    totals.identified_receipts_count::double / totals.receipts_count as coverage_share,
    totals.identified_amount_cents::double / nullif(totals.amount_cents, 0) as amount_coverage_share,
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
    ranked_hours.weekday as peak_weekday,
    ranked_hours.sold_hour as peak_hour,
    ranked_families.families_count,
    ranked_families.family as main_family,
    ranked_families.lines_count::double / totals.lines_count as main_family_share,
from totals
left join stores on totals.store_key = stores.store_key
left join moments on totals.store_key = moments.store_key
left join ranked_hours on totals.store_key = ranked_hours.store_key and ranked_hours.hour_rank = 1
left join ranked_families on totals.store_key = ranked_families.store_key and ranked_families.family_rank = 1
