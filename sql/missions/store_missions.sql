-- Visits by their mission: the likeliest by the articles of the receipt. Each distinct basket is weighed once.
-- grain: shop, weekday, hour and mission; key: store_key, weekday, sold_hour, mission_key
-- inputs: baskets, item_categories, mission_weights, receipts
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
        item_categories.item_key,
        coalesce(own.term_code, category.term_code) as term_code,
    from item_categories
    left join known as own on item_categories.item_key = own.value_key and own.kind = 'item'
    left join known as category on item_categories.category = category.value_key and category.kind = 'category'
),

bought as (
    select distinct
        baskets.basket_code,
        terms.term_code,
    from baskets
    inner join terms on baskets.item_key = terms.item_key
    where terms.term_code is not null
),

-- one column a mission, of at most fifteen: a basket is then one row, however many there are; whole numbers as doubles, which are summed
-- faster, and exactly in any order below 2^53
wide as (
    select
        term_code,
        sum(case mission_key when 'm01' then weight_micronats end)::double as m01,
        sum(case mission_key when 'm02' then weight_micronats end)::double as m02,
        sum(case mission_key when 'm03' then weight_micronats end)::double as m03,
        sum(case mission_key when 'm04' then weight_micronats end)::double as m04,
        sum(case mission_key when 'm05' then weight_micronats end)::double as m05,
        sum(case mission_key when 'm06' then weight_micronats end)::double as m06,
        sum(case mission_key when 'm07' then weight_micronats end)::double as m07,
        sum(case mission_key when 'm08' then weight_micronats end)::double as m08,
        sum(case mission_key when 'm09' then weight_micronats end)::double as m09,
        sum(case mission_key when 'm10' then weight_micronats end)::double as m10,
        sum(case mission_key when 'm11' then weight_micronats end)::double as m11,
        sum(case mission_key when 'm12' then weight_micronats end)::double as m12,
        sum(case mission_key when 'm13' then weight_micronats end)::double as m13,
        sum(case mission_key when 'm14' then weight_micronats end)::double as m14,
        sum(case mission_key when 'm15' then weight_micronats end)::double as m15,
    from weights
    group by all
),

evidence as (
    select
        bought.basket_code,
        sum(wide.m01) as m01,
        sum(wide.m02) as m02,
        sum(wide.m03) as m03,
        sum(wide.m04) as m04,
        sum(wide.m05) as m05,
        sum(wide.m06) as m06,
        sum(wide.m07) as m07,
        sum(wide.m08) as m08,
        sum(wide.m09) as m09,
        sum(wide.m10) as m10,
        sum(wide.m11) as m11,
        sum(wide.m12) as m12,
        sum(wide.m13) as m13,
        sum(wide.m14) as m14,
        sum(wide.m15) as m15,
    from bought
    inner join wide on bought.term_code = wide.term_code
    group by all
),

-- with the sizes of the missions; null where there is no such mission
scores as (
    select
        evidence.basket_code,
        greatest(
            evidence.m01, evidence.m02, evidence.m03, evidence.m04, evidence.m05,
            evidence.m06, evidence.m07, evidence.m08, evidence.m09, evidence.m10,
            evidence.m11, evidence.m12, evidence.m13, evidence.m14, evidence.m15
        ) as most_micronats,
        evidence.m01 + sizes.m01 as m01,
        evidence.m02 + sizes.m02 as m02,
        evidence.m03 + sizes.m03 as m03,
        evidence.m04 + sizes.m04 as m04,
        evidence.m05 + sizes.m05 as m05,
        evidence.m06 + sizes.m06 as m06,
        evidence.m07 + sizes.m07 as m07,
        evidence.m08 + sizes.m08 as m08,
        evidence.m09 + sizes.m09 as m09,
        evidence.m10 + sizes.m10 as m10,
        evidence.m11 + sizes.m11 as m11,
        evidence.m12 + sizes.m12 as m12,
        evidence.m13 + sizes.m13 as m13,
        evidence.m14 + sizes.m14 as m14,
        evidence.m15 + sizes.m15 as m15,
    from evidence
    inner join wide as sizes on sizes.term_code = 0
),

best as (
    select
        *,
        greatest(
            m01, m02, m03, m04, m05,
            m06, m07, m08, m09, m10,
            m11, m12, m13, m14, m15
        ) as best_micronats,
    from scores
),

-- where no mission explains the basket better than everybody's shares do, it is another visit
likeliest as (
    select
        basket_code,
        case
            when most_micronats <= 0 then 'other'
            when m01 = best_micronats then 'm01'
            when m02 = best_micronats then 'm02'
            when m03 = best_micronats then 'm03'
            when m04 = best_micronats then 'm04'
            when m05 = best_micronats then 'm05'
            when m06 = best_micronats then 'm06'
            when m07 = best_micronats then 'm07'
            when m08 = best_micronats then 'm08'
            when m09 = best_micronats then 'm09'
            when m10 = best_micronats then 'm10'
            when m11 = best_micronats then 'm11'
            when m12 = best_micronats then 'm12'
            when m13 = best_micronats then 'm13'
            when m14 = best_micronats then 'm14'
            when m15 = best_micronats then 'm15'
        end as mission_key,
    from best
)

select
    receipts.store_key,
    receipts.weekday,
    receipts.sold_hour,
    receipts.daypart,
    coalesce(likeliest.mission_key, 'other') as mission_key,
    count(*)::bigint as receipts_count,
    sum(case when receipts.half = 0 then 1 else 0 end)::bigint as half_receipts_count,
from receipts
inner join found on found.month is not null
left join likeliest on receipts.basket_code = likeliest.basket_code
group by all
