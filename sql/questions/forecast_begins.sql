-- First day that is forecast after a month, and by which method; no row where the month has no forecast.
-- inputs: visits_forecast
select
    visit_date,
    method,
from visits_forecast
where month = $month
order by visit_date asc, store_key asc
limit 1
