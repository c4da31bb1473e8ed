-- The weights in use: of the first month of the year that has missions.
-- inputs: mission_weights
with

found as (
    select min(month) as month,
    from mission_weights
    where month >= $missions_since
)

select mission_weights.*,
from mission_weights
inner join found on mission_weights.month = found.month
order by all
