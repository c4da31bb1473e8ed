-- Mean posterior of the receipts of each shop and daypart (all: every shop, every daypart), and the people behind them.
-- grain: shop, daypart and group; key: store_key, daypart, group_name
-- inputs: evidence_calibration, item_evidence, products, receipt_lines, receipts, store_visits
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

items as (
    select distinct
        receipt_lines.receipt_key,
        products.item_key,
    from receipt_lines
    inner join products on receipt_lines.product_key = products.product_key
    where receipt_lines.quantity > 0
),

sums as (
    select
        items.receipt_key,
        weights.group_name,
        sum(weights.weight_micronats)::bigint as weight_micronats,
        count(*)::bigint as items_count,
    from items
    inner join weights on items.item_key = weights.item_key
    group by all
),

odds as (
    select
        receipts.receipt_key,
        intercepts.group_name,
        exp(intercepts.intercept + coalesce(sums.weight_micronats / 1000000.0::double / sqrt(sums.items_count), 0)) as odds,
    from receipts
    cross join intercepts
    left join sums on receipts.receipt_key = sums.receipt_key and intercepts.group_name = sums.group_name
),

-- billionths, so that sums do not depend on their order
posteriors as (
    select
        receipt_key,
        group_name,
        round(1000000000 * odds / sum(odds) over (partition by receipt_key))::bigint as posterior_billionths,
    from odds
),

cells as (
    select
        coalesce(receipts.store_key, 'all') as store_key,
        coalesce(receipts.daypart, 'all') as daypart,
        posteriors.group_name,
        sum(posteriors.posterior_billionths)::bigint as posterior_billionths,
        count(*)::bigint as receipts_count,
    from posteriors
    inner join receipts on posteriors.receipt_key = receipts.receipt_key
    group by grouping sets (
        (receipts.store_key, receipts.daypart, posteriors.group_name),
        (receipts.store_key, posteriors.group_name),
        (receipts.daypart, posteriors.group_name),
        (posteriors.group_name)
    )
)

select
    cells.store_key,
    cells.daypart,
    cells.group_name,
    cells.posterior_billionths::double / 1000000000 / cells.receipts_count as mean_posterior,
    cells.receipts_count,
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
