-- What a shop is over the rolling window ending with the month: traffic, baskets, rhythm, families, coverage.
-- grain: shop; key: store_key
-- inputs: store_family_months, store_hour_months, store_months, stores
-- window: store_months 12, store_hour_months 12, store_family_months 12
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
    from store_months
    group by all
),

hours as (
    select
        store_key,
        weekday,
        sold_hour,
        sum(receipts_count)::bigint as receipts_count,
    from store_hour_months
    group by all
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
        family,
        sum(lines_count)::bigint as lines_count,
    from store_family_months
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
    ranked_hours.weekday as peak_weekday,
    ranked_hours.sold_hour as peak_hour,
    ranked_families.families_count,
    ranked_families.family as main_family,
    ranked_families.lines_count::double / totals.lines_count as main_family_share,
from totals
left join stores on totals.store_key = stores.store_key
left join ranked_hours on totals.store_key = ranked_hours.store_key and ranked_hours.hour_rank = 1
left join ranked_families on totals.store_key = ranked_families.store_key and ranked_families.family_rank = 1
