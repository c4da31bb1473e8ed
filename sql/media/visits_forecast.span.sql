-- First and last day with a receipt in the window.
-- inputs: store_hours
select
    min(visit_date) as first_date,
    max(visit_date) as last_date,
from store_hours
