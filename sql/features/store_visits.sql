-- Receipts and the people behind them by shop and moment of the month: how many, and how often the same come again.
-- grain: shop, weekday, daypart and hour; key: store_key, weekday, daypart, sold_hour
-- inputs: receipts
-- window: the month
with

visits as (
    select
        store_key,
        weekday,
        daypart,
        sold_hour,
        coalesce(member_key, shopper_key) as person_key,
        member_key is not null as is_member,
        count(*)::bigint as receipts_count,
    from receipts
    group by all
),

person_cells as (
    select
        coalesce(store_key, 'all') as store_key,
        coalesce(weekday, 0) as weekday,
        coalesce(daypart, 'all') as daypart,
        coalesce(sold_hour, -1) as sold_hour,
        person_key,
        is_member,
        sum(receipts_count)::bigint as receipts_count,
    from visits
    group by grouping sets (
        (store_key, weekday, daypart, person_key, is_member),
        (store_key, daypart, sold_hour, person_key, is_member),
        (store_key, weekday, person_key, is_member),
        (store_key, daypart, person_key, is_member),
        (store_key, person_key, is_member),
        (weekday, daypart, person_key, is_member),
        (daypart, sold_hour, person_key, is_member),
        (weekday, person_key, is_member),
        (daypart, person_key, is_member),
        (person_key, is_member)
    )
)

select
    store_key,
    weekday,
    daypart,
    sold_hour,
    sum(receipts_count)::bigint as receipts_count,
    sum(case when person_key is null then 0 else receipts_count end)::bigint as keyed_receipts_count,
    sum(case when person_key is null then 0 else 1 end)::bigint as keyed_people_count,
    sum(case when person_key is null then 0 else receipts_count * receipts_count end)::bigint as keyed_receipt_squares,
    sum(case when is_member then receipts_count else 0 end)::bigint as identified_receipts_count,
    sum(case when is_member then 1 else 0 end)::bigint as members_count,
from person_cells
group by all
