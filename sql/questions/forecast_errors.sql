-- How well the forecast after a month was made, in the backtest.
-- inputs: forecast_quality
select
    horizon_weeks,
    measure,
    value,
    meaning,
from forecast_quality
where month = $month
order by horizon_weeks asc, measure asc
