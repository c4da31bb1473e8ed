-- Mean posterior of the receipts of each shop and daypart (all: every shop, every daypart), and the people behind them. Each distinct
-- basket is scored once.
-- grain: shop, daypart and group; key: store_key, daypart, group_name
-- inputs: baskets, evidence_calibration, item_evidence, receipts, store_visits
-- window: the month
with

intercepts as (
    select
        group_name,
        coefficient as intercept,
    from evidence_calibration
    where target = 'profile' and variant = $semi_supervised and term = 'intercept'
),

weights as (
    select
        item_key,
        group_name,
        weight_micronats,
    from item_evidence
    where target = 'profile' and variant = $semi_supervised
),

sums as (
    select
        baskets.basket_code,
        weights.group_name,
        sum(weights.weight_micronats)::bigint as weight_micronats,
        count(*)::bigint as items_count,
    from baskets
    inner join weights on baskets.item_key = weights.item_key
    group by all
),

-- every distinct basket once; 0 for receipts on which nothing was bought
distinct_baskets as (
    select distinct coalesce(basket_code, 0) as basket_code,
    from receipts
),

odds as (
    select
        distinct_baskets.basket_code,
        intercepts.group_name,
        exp(intercepts.intercept + coalesce(sums.weight_micronats / 1000000.0::double / sqrt(sums.items_count), 0)) as odds,
    from distinct_baskets
    cross join intercepts
    left join sums on distinct_baskets.basket_code = sums.basket_code and intercepts.group_name = sums.group_name
),

-- billionths, so that sums do not depend on their order
posteriors as (
    select
        basket_code,
        group_name,
        round(1000000000 * odds / sum(odds) over (partition by basket_code))::bigint as posterior_billionths,
    from odds
),

visits as (
    select
        store_key,
        daypart,
        coalesce(basket_code, 0) as basket_code,
        count(*)::bigint as receipts_count,
        sum(case when member_key is null and shopper_key is not null then 1 else 0 end)::bigint as shopper_receipts_count,
    from receipts
    group by all
),

cells as (
    select
        coalesce(visits.store_key, 'all') as store_key,
        coalesce(visits.daypart, 'all') as daypart,
        posteriors.group_name,
        sum(posteriors.posterior_billionths * visits.receipts_count)::bigint as posterior_billionths,
        sum(visits.receipts_count)::bigint as receipts_count,
        sum(posteriors.posterior_billionths * visits.shopper_receipts_count)::bigint as shopper_posterior_billionths,
        sum(visits.shopper_receipts_count)::bigint as shopper_receipts_count,
    from visits
    inner join posteriors on visits.basket_code = posteriors.basket_code
    group by grouping sets (
        (visits.store_key, visits.daypart, posteriors.group_name),
        (visits.store_key, posteriors.group_name),
        (visits.daypart, posteriors.group_name),
        (posteriors.group_name)
    )
)

select
    cells.store_key,
    cells.daypart,
    cells.group_name,
    cells.posterior_billionths::double / 1000000000 / cells.receipts_count as mean_posterior,
    cells.receipts_count,
    cells.shopper_posterior_billionths::double / 1000000000 / nullif(cells.shopper_receipts_count, 0) as shopper_mean_posterior,
    cells.shopper_receipts_count,
    store_visits.keyed_receipts_count,
    store_visits.keyed_people_count,
    store_visits.keyed_receipt_squares,
    store_visits.identified_receipts_count,
    store_visits.members_count,
from cells
inner join store_visits
    on
        cells.store_key = store_visits.store_key and cells.daypart = store_visits.daypart
        and store_visits.weekday = 0 and store_visits.sold_hour = -1
