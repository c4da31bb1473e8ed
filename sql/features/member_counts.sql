-- Everything that is counted of a member in the month, one row per thing: windows add it up.
-- grain: member, half, kind and value; key: member_key, half, kind, value_key
-- inputs: products, receipt_lines, receipts
-- window: the month
with

visits as (
    select
        member_key,
        half,
        store_key,
        daypart,
        weekday,
        sold_at::date as visit_date,
        -- each bin is named by where it begins; sizes of baskets double, amounts go 1, 2, 5 in units of the currency
        case
            when lines_count = 1 then 'lines_1'
            when lines_count = 2 then 'lines_2'
            when lines_count between 3 and 4 then 'lines_3'
            when lines_count between 5 and 8 then 'lines_5'
            when lines_count between 9 and 16 then 'lines_9'
            else 'lines_17'
        end as basket,
        case
            when amount_cents < 1 then null
            when amount_cents < 200 then 'spend_0'
            when amount_cents < 500 then 'spend_2'
            when amount_cents < 1000 then 'spend_5'
            when amount_cents < 2000 then 'spend_10'
            when amount_cents < 5000 then 'spend_20'
            when amount_cents < 10000 then 'spend_50'
            when amount_cents < 20000 then 'spend_100'
            when amount_cents < 50000 then 'spend_200'
            else 'spend_500'
        end as spend,
    from receipts
    where member_key is not null
),

things as (
    select
        receipts.member_key,
        receipts.half,
        'item' as kind,
        products.item_key as value_key,
    from receipt_lines
    inner join receipts on receipt_lines.receipt_key = receipts.receipt_key
    inner join products on receipt_lines.product_key = products.product_key
    where receipts.member_key is not null and receipt_lines.quantity > 0
    union all
    select
        member_key,
        half,
        'store' as kind,
        store_key as value_key,
    from visits
    union all
    select
        member_key,
        half,
        'day' as kind,
        visit_date::varchar as value_key,
    from visits
    union all
    select
        member_key,
        half,
        'dayparts' as kind,
        daypart as value_key,
    from visits
    union all
    select
        member_key,
        half,
        'weekdays' as kind,
        case weekday
            when 1 then 'monday'
            when 2 then 'tuesday'
            when 3 then 'wednesday'
            when 4 then 'thursday'
            when 5 then 'friday'
            when 6 then 'saturday'
            when 7 then 'sunday'
        end as value_key,
    from visits
    union all
    select
        member_key,
        half,
        'basket' as kind,
        basket as value_key,
    from visits
    union all
    select
        member_key,
        half,
        'spend' as kind,
        spend as value_key,
    from visits
)

select
    member_key,
    half,
    kind,
    value_key,
    count(*)::bigint as things_count,
from things
where value_key is not null
group by all
