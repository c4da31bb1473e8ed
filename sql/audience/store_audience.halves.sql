-- Members by the label that half 0 of their receipts gives and the label that all give: how far a label of few receipts is to be believed.
-- inputs: member_clusters
select
    coalesce(half.profile_key, 'atypical') as half_label,
    coalesce(whole.profile_key, 'atypical') as whole_label,
    count(*)::bigint as members_count,
from member_clusters as half
inner join member_clusters as whole on half.member_key = whole.member_key
where
    half.part = 'half_0' and half.state <> 'too_few_receipts'
    and whole.part = 'whole' and whole.state <> 'too_few_receipts'
group by all
order by all
