-- Profiles of members by all their receipts.
-- inputs: member_clusters
select
    member_key,
    profile_key,
from member_clusters
where part = 'whole'
order by all
