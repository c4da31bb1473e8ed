-- The weights of both typologies, the month's and that of then.
-- inputs: profile_weights
select *,
from profile_weights
where month in ($earlier_until, $month)
order by all
