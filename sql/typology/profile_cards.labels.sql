-- Members put into profiles by half 0: half 1 tells of them.
-- inputs: member_clusters
select
    member_key,
    profile_key,
from member_clusters
where part = 'half_0' and state = 'in_profile'
order by all
