-- Visits by their mission: the likeliest by the articles of the receipt. Each distinct basket is weighed once: its code, a sum over its
-- articles, says which receipts are alike.
-- grain: shop, weekday, hour and mission; key: store_key, weekday, sold_hour, mission_key
-- inputs: mission_weights, product_categories, products, receipt_lines, receipts
-- window: mission_weights 12
with

found as (
    select min(month) as month,
    from mission_weights
    where month >= $missions_since
),

weights as (
    select
        mission_weights.mission_key,
        mission_weights.kind,
        mission_weights.value_key,
        mission_weights.term_code,
        mission_weights.weight_micronats,
    from mission_weights
    inner join found on mission_weights.month = found.month
),

known as (
    select distinct
        kind,
        value_key,
        term_code,
    from weights
    where kind <> 'prior'
),

-- an article counts as itself where the missions know it, else as one of its category
terms as (
    select
        products.product_key,
        coalesce(own.kind, category.kind) as kind,
        coalesce(own.value_key, category.value_key) as value_key,
        coalesce(own.term_code, category.term_code) as term_code,
    from products
    left join product_categories on products.product_key = product_categories.product_key
    left join known as own on products.item_key = own.value_key and own.kind = 'item'
    left join known as category on product_categories.category = category.value_key and category.kind = 'category'
),

baskets as (
    select
        receipt_lines.receipt_key,
        sum(terms.term_code)::bigint as basket_code,
    from receipt_lines
    inner join terms on receipt_lines.product_key = terms.product_key
    where receipt_lines.quantity > 0 and terms.term_code is not null
    group by all
),

examples as (
    select
        basket_code,
        min(receipt_key) as receipt_key,
    from baskets
    group by all
),

bought as (
    select distinct
        examples.basket_code,
        terms.kind,
        terms.value_key,
    from receipt_lines
    inner join examples on receipt_lines.receipt_key = examples.receipt_key
    inner join terms on receipt_lines.product_key = terms.product_key
    where receipt_lines.quantity > 0 and terms.term_code is not null
),

evidence as (
    select
        bought.basket_code,
        weights.mission_key,
        sum(weights.weight_micronats)::bigint as weight_micronats,
    from bought
    inner join weights on bought.kind = weights.kind and bought.value_key = weights.value_key
    group by all
),

ranked as (
    select
        evidence.basket_code,
        evidence.mission_key,
        max(evidence.weight_micronats) over (partition by evidence.basket_code) as most_micronats,
        row_number() over (
            partition by evidence.basket_code
            order by evidence.weight_micronats + weights.weight_micronats desc, evidence.mission_key asc
        ) as mission_rank,
    from evidence
    inner join weights on evidence.mission_key = weights.mission_key and weights.kind = 'prior'
),

-- where no mission explains the basket better than everybody's shares do, it is another visit
likeliest as (
    select
        basket_code,
        case when most_micronats > 0 then mission_key else 'other' end as mission_key,
    from ranked
    where mission_rank = 1
),

missions as (
    select
        baskets.receipt_key,
        likeliest.mission_key,
    from baskets
    inner join likeliest on baskets.basket_code = likeliest.basket_code
)

select
    receipts.store_key,
    receipts.weekday,
    receipts.sold_hour,
    receipts.daypart,
    coalesce(missions.mission_key, 'other') as mission_key,
    count(*)::bigint as receipts_count,
    sum(case when receipts.half = 0 then 1 else 0 end)::bigint as half_receipts_count,
from receipts
inner join found on found.month is not null
left join missions on receipts.receipt_key = missions.receipt_key
group by all
