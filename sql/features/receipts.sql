-- Receipts of the month, with whose they are, when they were made and which half they fall in.
-- grain: receipt; key: receipt_key
-- inputs: products, receipt_lines
-- window: the month
with

-- a number of fourteen digits for each item, from its md5: sums over baskets say which are alike, and stay within 2^63
codes as (
    select
        product_key,
        translate(substr(md5(item_key), 1, 14), 'abcdef', '012345')::bigint as item_code,
    from products
),

totals as (
    select
        receipt_lines.receipt_key,
        min(receipt_lines.store_key) as store_key,
        min(receipt_lines.sold_at) as sold_at,
        min(receipt_lines.member_key) as first_member_key,
        max(receipt_lines.member_key) as last_member_key,
        min(receipt_lines.shopper_key) as first_shopper_key,
        max(receipt_lines.shopper_key) as last_shopper_key,
        count(*)::bigint as lines_count,
        sum(case when receipt_lines.quantity > 0 then 1 else 0 end)::bigint as bought_count,
        sum(receipt_lines.amount_cents)::bigint as amount_cents,
        sum(case when receipt_lines.quantity > 0 then codes.item_code end)::bigint as basket_code,
    from receipt_lines
    left join codes on receipt_lines.product_key = codes.product_key
    group by receipt_lines.receipt_key
)

select
    receipt_key,
    store_key,
    sold_at,
    -- a key on any line is the receipt's; of two members nobody knows which, and nobody's it is
    case when first_member_key = last_member_key then first_member_key end as member_key,
    case
        when first_shopper_key = last_shopper_key and coalesce(first_member_key = last_member_key, true) then first_shopper_key
    end as shopper_key,
    lines_count,
    bought_count,
    amount_cents,
    basket_code,
    case when substr(md5(receipt_key), 1, 1) in ('0', '1', '2', '3', '4', '5', '6', '7') then 0 else 1 end as half,
    -- 1900-01-01 was a Monday
    (date_diff('day', date '1900-01-01', sold_at::date) % 7 + 1)::integer as weekday,
    hour(sold_at)::integer as sold_hour,
    case
        when hour(sold_at) between 5 and 8 then 'early'
        when hour(sold_at) between 9 and 11 then 'morning'
        when hour(sold_at) between 12 and 13 then 'noon'
        when hour(sold_at) between 14 and 17 then 'afternoon'
        when hour(sold_at) between 18 and 21 then 'evening'
        else 'night'
    end as daypart,
from totals
-- like rows side by side take half of the bytes
order by receipt_key
