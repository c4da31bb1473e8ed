-- What is known of members over the typology's window, which ends with the month: their counts, by half.
-- grain: member, half, kind and value; key: member_key, half, kind, value_key
-- inputs: member_counts, member_item_months, member_months
-- window: member_counts 12, member_item_months 12, member_months 12
with

counts as (
    select
        member_key,
        half,
        kind,
        value_key,
        sum(things_count)::bigint as things_count,
    from member_counts
    where month >= $typology_since and kind <> 'day'
    group by all
),

products as (
    select
        member_key,
        half,
        product_key,
        sum(bought_count)::bigint as bought_count,
    from member_item_months
    where month >= $typology_since and bought_count > 0
    group by all
),

variety as (
    select
        member_key,
        half,
        count(*)::bigint as new_count,
        (sum(bought_count) - count(*))::bigint as again_count,
    from products
    group by all
),

together as (
    select *,
    from counts
    union all
    select
        member_key,
        half,
        'variety' as kind,
        'new' as value_key,
        new_count as things_count,
    from variety
    union all
    select
        member_key,
        half,
        'variety' as kind,
        'again' as value_key,
        again_count as things_count,
    from variety
    where again_count > 0
),

-- pseudonyms are others under another key: what draws people or folds goes by this order
ordered as (
    select
        member_key,
        row_number() over (order by min(first_receipt_key) asc, member_key asc)::bigint as member_place,
    from member_months
    where month >= $typology_since
    group by member_key
)

select
    together.member_key,
    ordered.member_place,
    together.half,
    together.kind,
    together.value_key,
    together.things_count,
from together
inner join ordered on together.member_key = ordered.member_key
