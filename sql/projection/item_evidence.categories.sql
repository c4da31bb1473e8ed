-- The category of each item that has one.
-- inputs: item_categories
select
    item_key,
    category,
from item_categories
where category is not null
order by all
