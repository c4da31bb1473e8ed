-- Families of products in what a member buys over the rolling window ending with the month, over all receipts and by half.
-- grain: member, part and family; key: member_key, part, family
-- inputs: member_item_months
-- window: member_item_months 12
with

item_parts as (
    select
        'whole' as part,
        *,
    from member_item_months
    union all
    select
        case half when 0 then 'half_0' else 'half_1' end as part,
        *,
    from member_item_months
),

totals as (
    select
        member_key,
        part,
        family,
        sum(lines_count)::bigint as lines_count,
        sum(amount_cents)::bigint as amount_cents,
    from item_parts
    group by all
)

select
    member_key,
    part,
    family,
    lines_count,
    amount_cents,
    lines_count::double / sum(lines_count) over (partition by member_key, part) as lines_share,
    amount_cents::double / nullif(sum(amount_cents) over (partition by member_key, part), 0) as amount_share,
from totals
