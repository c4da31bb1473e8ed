-- What keyed shoppers, known by a shopper key and no members, bought in the month, and where: a sample, as member_counts counts members.
-- grain: shopper, half, kind and value; key: shopper_key, half, kind, value_key
-- inputs: products, receipt_lines, receipts
-- window: the month
with

of_members as (
    select distinct shopper_key,
    from receipts
    where member_key is not null and shopper_key is not null
),

holders as (
    select distinct receipts.shopper_key,
    from receipts
    left join of_members on receipts.shopper_key = of_members.shopper_key
    where receipts.shopper_key is not null and receipts.member_key is null and of_members.shopper_key is null
    -- pseudonyms are in no order of anything else: the first ones are a sample, and mostly the same people each month
    order by receipts.shopper_key
    limit $shopper_sample
),

visits as (
    select
        receipts.shopper_key,
        receipts.half,
        receipts.store_key,
        receipts.receipt_key,
    from receipts
    inner join holders on receipts.shopper_key = holders.shopper_key
    where receipts.member_key is null
)

select
    visits.shopper_key,
    visits.half,
    'item' as kind,
    products.item_key as value_key,
    count(*)::bigint as things_count,
from receipt_lines
inner join visits on receipt_lines.receipt_key = visits.receipt_key
inner join products on receipt_lines.product_key = products.product_key
where receipt_lines.quantity > 0 and products.item_key is not null
group by all
union all
select
    shopper_key,
    half,
    'store' as kind,
    store_key as value_key,
    count(*)::bigint as things_count,
from visits
group by all
