-- Posteriors of the asked members' receipts.
-- inputs: asked_members, member_posteriors
select
    member_posteriors.receipt_key,
    member_posteriors.member_key,
    member_posteriors.group_name,
    member_posteriors.posterior,
from member_posteriors
inner join asked_members on member_posteriors.member_key = asked_members.member_key
order by all
