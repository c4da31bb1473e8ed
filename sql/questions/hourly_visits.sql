-- Visits expected in an hour of an ordinary weekday, and the days they are expected on: means over the forecast after a month.
-- inputs: visits_forecast, visits_hours
with

days as (
    select
        store_key,
        hours_weekday,
        avg(visits) as visits,
        min(method) as method,
    from visits_forecast
    where month = $month and not is_public_holiday
    group by all
)

select
    visits_hours.store_key,
    visits_hours.weekday,
    visits_hours.sold_hour,
    days.visits * visits_hours.visits_share as visits,
    days.method,
from visits_hours
inner join days on visits_hours.store_key = days.store_key and visits_hours.weekday = days.hours_weekday
where visits_hours.month = $month
order by visits_hours.store_key asc, visits_hours.weekday asc, visits_hours.sold_hour asc
