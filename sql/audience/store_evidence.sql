-- Mean posterior of the receipts of each shop and daypart (all: every shop, every daypart), and the people behind them.
-- grain: shop, daypart and group; key: store_key, daypart, group_name
-- inputs: evidence_calibration, item_evidence, products, receipt_lines, receipts
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
),

visits as (
    select
        store_key,
        daypart,
        coalesce(member_key, shopper_key) as person_key,
        member_key is not null as is_member,
        count(*)::bigint as receipts_count,
    from receipts
    group by all
),

person_cells as (
    select
        coalesce(store_key, 'all') as store_key,
        coalesce(daypart, 'all') as daypart,
        person_key,
        is_member,
        sum(receipts_count)::bigint as receipts_count,
    from visits
    group by grouping sets (
        (store_key, daypart, person_key, is_member),
        (store_key, person_key, is_member),
        (daypart, person_key, is_member),
        (person_key, is_member)
    )
),

people as (
    select
        store_key,
        daypart,
        sum(case when person_key is null then 0 else receipts_count end)::bigint as keyed_receipts_count,
        sum(case when person_key is null then 0 else 1 end)::bigint as keyed_people_count,
        sum(case when person_key is null then 0 else receipts_count * receipts_count end)::bigint as keyed_receipt_squares,
        sum(case when is_member then receipts_count else 0 end)::bigint as identified_receipts_count,
        sum(case when is_member then 1 else 0 end)::bigint as members_count,
    from person_cells
    group by all
)

select
    cells.store_key,
    cells.daypart,
    cells.group_name,
    cells.posterior_billionths::double / 1000000000 / cells.receipts_count as mean_posterior,
    cells.receipts_count,
    people.keyed_receipts_count,
    people.keyed_people_count,
    people.keyed_receipt_squares,
    people.identified_receipts_count,
    people.members_count,
from cells
inner join people on cells.store_key = people.store_key and cells.daypart = people.daypart
