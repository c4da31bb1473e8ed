-- What moved the posterior of a receipt: its items, its shop, its moment. One row per profile and term, in nats against the mean of the
-- profiles. What items add is the sum of their weights over the square root of the number of known items.
-- inputs: evidence_calibration, item_evidence, place_evidence, products, receipt_lines, receipts, stores
with

seen as (
    select
        receipts.store_key,
        coalesce(stores.store_type, '') || '/' || receipts.daypart as moment,
    from receipts
    left join stores on receipts.store_key = stores.store_key and receipts.month = stores.month
    where receipts.receipt_key = $receipt
),

items as (
    select
        products.item_key,
        min(products.label) as label,
    from receipt_lines
    inner join products on receipt_lines.product_key = products.product_key and receipt_lines.month = products.month
    where receipt_lines.receipt_key = $receipt and receipt_lines.quantity > 0
    group by all
),

known as (
    select
        items.item_key,
        items.label,
        item_evidence.group_name,
        item_evidence.weight_micronats / 1e6 as weight,
    from items
    inner join item_evidence on items.item_key = item_evidence.item_key
    where item_evidence.target = 'profile' and item_evidence.variant = $variant
),

sizes as (
    select count(distinct item_key) as items_count,
    from known
),

terms as (
    select
        known.group_name,
        known.label as what,
        known.weight / sqrt(sizes.items_count) as nats,
    from known
    cross join sizes
    union all
    select
        place_evidence.group_name,
        case place_evidence.place_kind when 'store' then '(la boutique)' else '(le type de boutique et le créneau)' end as what,
        place_evidence.weight_micronats / 1e6 as nats,
    from place_evidence
    inner join seen
        on
            (place_evidence.place_kind = 'store' and place_evidence.place_key = seen.store_key)
            or (place_evidence.place_kind = 'moment' and place_evidence.place_key = seen.moment)
    where place_evidence.target = 'profile' and place_evidence.variant = $variant
    union all
    select
        group_name,
        '(sans le ticket)' as what,
        coefficient as nats,
    from evidence_calibration
    where target = 'profile' and variant = $variant and term = 'intercept'
),

sums as (
    select
        group_name,
        exp(sum(nats)) as likelihood,
    from terms
    group by group_name
),

posteriors as (
    select
        group_name,
        likelihood / sum(likelihood) over () as posterior,
    from sums
),

priors as (
    select
        group_name,
        month,
        coefficient as prior,
    from evidence_calibration
    where target = 'profile' and variant = $variant and term = 'prior_share'
)

select
    terms.group_name as profile_key,
    priors.month,
    round(priors.prior, 4) as prior,
    round(posteriors.posterior, 4) as posterior,
    terms.what,
    round(terms.nats - avg(terms.nats) over (partition by terms.what), 4) as nats,
from terms
inner join posteriors on terms.group_name = posteriors.group_name
inner join priors on terms.group_name = priors.group_name
order by posteriors.posterior desc, terms.group_name asc, abs(terms.nats) desc, terms.what asc
