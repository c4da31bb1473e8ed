-- Profiles of members by half 0.
-- inputs: member_clusters
select
    member_key,
    profile_key,
from member_clusters
where part = 'half_0'
order by all
