-- Who stands in front of the screen: the mix of a shop and daypart, either may be all.
-- inputs: store_audience
select
    group_name as profile_key,
    mix_share,
    low_share,
    high_share,
    affinity_index,
    affinity_low,
    affinity_high,
    receipts_count,
    people,
    is_people_estimated,
    is_published,
from store_audience
where store_key = $store and daypart = $daypart
order by mix_share desc, group_name asc
