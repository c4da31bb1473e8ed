-- Visits expected in shops at moments between two days, and the share of a group in them: that of the weekday's daypart where it is told,
-- else of the daypart, of the weekday, of the shop. Moments of shops of which nothing is told have no row.
-- inputs: seen_audience, store_audience, visits_forecast, visits_hours
with

days as (
    select
        store_key,
        visit_date,
        hours_weekday,
        (date_diff('day', date '1900-01-01', visit_date) % 7 + 1)::integer as weekday,
        visits,
    from visits_forecast
    where month = $month and visit_date between $first_date and $last_date and visits > 0
),

hours as (
    select
        store_key,
        weekday as hours_weekday,
        visits_share,
        case
            when sold_hour between 5 and 8 then 'early'
            when sold_hour between 9 and 11 then 'morning'
            when sold_hour between 12 and 13 then 'noon'
            when sold_hour between 14 and 17 then 'afternoon'
            when sold_hour between 18 and 21 then 'evening'
            else 'night'
        end as daypart,
    from visits_hours
    where month = $month
),

kinds_of_days as (
    select
        store_key,
        weekday,
        hours_weekday,
        sum(visits) as visits,
        sum(visits * visits) as visit_squares,
        count(*)::bigint as days_count,
    from days
    group by all
),

moments as (
    select
        store_key,
        hours_weekday,
        daypart,
        sum(visits_share) as visits_share,
        sum(visits_share * visits_share) as share_squares,
    from hours
    group by all
),

shares as (
    select
        store_key,
        weekday,
        daypart,
        visits_share as share,
        low_share,
        high_share,
    from seen_audience
    where month = $month and period = 'quarter' and sold_hour = -1 and kind = $kind and group_name = $group_name
    union all
    select
        store_key,
        0 as weekday,
        daypart,
        mix_share as share,
        low_share,
        high_share,
    from store_audience
    where month = $month and $kind = 'profile' and group_name = $group_name and is_published
),

network as (
    select
        share as network_share,
        low_share as network_low,
    from shares
    where store_key = 'all' and weekday = 0 and daypart = 'all'
)

select
    kinds_of_days.store_key,
    kinds_of_days.weekday,
    moments.daypart,
    kinds_of_days.hours_weekday,
    kinds_of_days.days_count,
    kinds_of_days.visits * moments.visits_share as visits,
    kinds_of_days.visit_squares * moments.share_squares as visit_squares,
    coalesce(at_moment.share, at_daypart.share, at_weekday.share, at_shop.share) as share,
    coalesce(at_moment.low_share, at_daypart.low_share, at_weekday.low_share, at_shop.low_share) as low_share,
    coalesce(at_moment.high_share, at_daypart.high_share, at_weekday.high_share, at_shop.high_share) as high_share,
    network.network_share,
    network.network_low,
from kinds_of_days
inner join moments on kinds_of_days.store_key = moments.store_key and kinds_of_days.hours_weekday = moments.hours_weekday
inner join shares as at_shop
    on kinds_of_days.store_key = at_shop.store_key and at_shop.weekday = 0 and at_shop.daypart = 'all'
left join shares as at_moment
    on
        kinds_of_days.store_key = at_moment.store_key and kinds_of_days.hours_weekday = at_moment.weekday
        and moments.daypart = at_moment.daypart
left join shares as at_daypart
    on kinds_of_days.store_key = at_daypart.store_key and at_daypart.weekday = 0 and moments.daypart = at_daypart.daypart
left join shares as at_weekday
    on
        kinds_of_days.store_key = at_weekday.store_key and kinds_of_days.hours_weekday = at_weekday.weekday
        and at_weekday.daypart = 'all'
cross join network
order by all
