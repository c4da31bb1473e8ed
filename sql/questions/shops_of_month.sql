-- Shops of a month.
-- inputs: stores
select store_key,
from stores
where month = $month
order by store_key asc
