-- Profiles of the asked members, by half of their receipts.
-- inputs: asked_members, member_clusters
select
    member_clusters.member_key,
    member_clusters.part,
    member_clusters.state,
    member_clusters.profile_key,
from member_clusters
inner join asked_members on member_clusters.member_key = asked_members.member_key
where member_clusters.part <> 'whole'
order by all
