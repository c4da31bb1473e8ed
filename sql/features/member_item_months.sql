-- Products that members bought in the month, by half.
-- grain: member, half and product; key: member_key, half, product_key
-- inputs: products, receipt_lines, receipts
-- window: the month
select
    receipts.member_key,
    receipts.half,
    receipt_lines.product_key,
    products.item_key,
    products.family,
    count(distinct receipt_lines.receipt_key)::bigint as receipts_count,
    count(*)::bigint as lines_count,
    sum(case when receipt_lines.quantity > 0 then 1 else 0 end)::bigint as bought_count,
    sum(receipt_lines.amount_cents)::bigint as amount_cents,
from receipt_lines
inner join receipts on receipt_lines.receipt_key = receipts.receipt_key
left join products on receipt_lines.product_key = products.product_key
where receipts.member_key is not null
group by all
