-- What members bought, where and when, in the last months and in the earlier ones.
-- inputs: member_counts, member_item_months
with

counts as (
    select
        case when month >= $recent_since then 'now' else 'before' end as period,
        member_key,
        half,
        kind,
        value_key,
        sum(things_count)::bigint as things_count,
    from member_counts
    where kind <> 'day' and (month >= $recent_since or month between $earlier_since and $earlier_until)
    group by all
),

products as (
    select
        case when month >= $recent_since then 'now' else 'before' end as period,
        member_key,
        half,
        product_key,
        sum(bought_count)::bigint as bought_count,
    from member_item_months
    where bought_count > 0 and (month >= $recent_since or month between $earlier_since and $earlier_until)
    group by all
),

variety as (
    select
        period,
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
        period,
        member_key,
        half,
        'variety' as kind,
        'new' as value_key,
        new_count as things_count,
    from variety
    union all
    select
        period,
        member_key,
        half,
        'variety' as kind,
        'again' as value_key,
        again_count as things_count,
    from variety
    where again_count > 0
),

ordered as (
    select
        member_key,
        row_number() over (order by member_key)::bigint as member_place,
    from together
    group by member_key
)

select
    together.*,
    ordered.member_place,
from together
inner join ordered on together.member_key = ordered.member_key
order by together.period, together.member_key, together.half, together.kind, together.value_key
