-- What is seen on receipts, of the network and of the shop that the report shows: the one asked for, else the busiest of the month.
-- inputs: seen_audience, store_months
with

ranked as (
    select
        store_key,
        row_number() over (
            order by case when store_key = $report_store then 0 else 1 end asc, receipts_count desc, store_key asc
        ) as store_rank,
    from store_months
)

select seen_audience.*,
from seen_audience
left join ranked on seen_audience.store_key = ranked.store_key
where seen_audience.store_key = 'all' or ranked.store_rank = 1
order by all
