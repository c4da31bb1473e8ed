-- Members who are in a profile, all receipts read, of the months of the window.
-- inputs: member_clusters
select
    month,
    member_key,
    profile_key,
from member_clusters
where part = 'whole' and state = 'in_profile'
order by all
