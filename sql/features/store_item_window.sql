-- Items that members bought in each shop over the typology's window, in half 0 of their receipts: what a shop makes its visitors buy.
-- grain: shop and item; key: store_key, item_key
-- inputs: store_item_months
-- window: store_item_months 12
select
    store_key,
    item_key,
    sum(bought_count)::bigint as bought_count,
from store_item_months
where half = 0 and month >= $typology_since
group by all
