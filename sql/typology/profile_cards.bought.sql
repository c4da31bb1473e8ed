-- What members bought by half 1, with the category of the month.
-- inputs: member_item_months, product_categories
select
    member_item_months.member_key,
    member_item_months.product_key,
    member_item_months.family,
    product_categories.category,
    product_categories.method,
    sum(member_item_months.bought_count)::bigint as bought_count,
from member_item_months
left join product_categories
    on member_item_months.month = product_categories.month and member_item_months.product_key = product_categories.product_key
where member_item_months.half = 1 and member_item_months.month >= $typology_since
group by all
having sum(member_item_months.bought_count) > 0
order by all
