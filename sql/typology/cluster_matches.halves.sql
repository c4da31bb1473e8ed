-- Profiles of the members who are in one by each half of their receipts, of the months of the window.
-- inputs: member_clusters
select
    first.month,
    first.profile_key as half_0,
    second.profile_key as half_1,
from member_clusters as first
inner join member_clusters as second on first.month = second.month and first.member_key = second.member_key
where
    first.part = 'half_0' and first.state = 'in_profile'
    and second.part = 'half_1' and second.state = 'in_profile'
order by all
