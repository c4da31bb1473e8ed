-- The distinct baskets of the month: what is bought together, once however many receipts it is on. What is read from a receipt's items is
-- computed once for each.
-- grain: basket and item; key: basket_code, item_key
-- inputs: products, receipt_lines, receipts
-- window: the month
with

examples as (
    select
        basket_code,
        min(receipt_key) as receipt_key,
    from receipts
    where basket_code is not null
    group by all
)

select distinct
    examples.basket_code,
    products.item_key,
from receipt_lines
inner join examples on receipt_lines.receipt_key = examples.receipt_key
inner join products on receipt_lines.product_key = products.product_key
where receipt_lines.quantity > 0
