-- Which items of a receipt moved its posterior: one row per profile and term, in nats against the mean of the profiles. The evidence of a
-- receipt is the sum of its items' weights over the square root of the number of known items.
-- inputs: evidence_calibration, item_evidence, products, receipt_lines
with

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
