-- Profiles over the whole network, and how many shops and dayparts surely differ from it.
-- inputs: store_audience
with

network as (
    select
        group_name,
        mix_share,
        low_share,
        high_share,
    from store_audience
    where store_key = 'all' and daypart = 'all' and is_published
),

cells as (
    select
        group_name,
        count(*) as cells_count,
        sum(case when affinity_low > 100 or affinity_high < 100 then 1 else 0 end)::bigint as differing_count,
        sum(case when is_people_estimated then 1 else 0 end)::bigint as estimated_count,
        avg(high_share - low_share) as mean_width,
    from store_audience
    where store_key <> 'all' and daypart <> 'all' and is_published
    group by all
)

select
    group_name,
    network.mix_share,
    network.low_share,
    network.high_share,
    coalesce(cells.cells_count, 0) as cells_count,
    coalesce(cells.differing_count, 0) as differing_count,
    coalesce(cells.estimated_count, 0) as estimated_count,
    cells.mean_width,
from network
left join cells using (group_name)
order by group_name
