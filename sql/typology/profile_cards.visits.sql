-- Receipts of members by half 1, by daypart and by kind of shop.
-- inputs: member_window, stores
with

kinds as (
    select
        store_key,
        min(store_type) as store_type,
    from stores
    group by all
)

select
    member_key,
    'daypart' as section,
    value_key as label,
    things_count as receipts_count,
from member_window
where kind = 'dayparts' and half = 1
union all
select
    member_window.member_key,
    'store_type' as section,
    kinds.store_type as label,
    sum(member_window.things_count)::bigint as receipts_count,
from member_window
inner join kinds on member_window.value_key = kinds.store_key
where member_window.kind = 'store' and member_window.half = 1
group by all
order by all
