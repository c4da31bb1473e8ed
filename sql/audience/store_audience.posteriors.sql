-- Posteriors of members' receipts, with the kind of shop that they were made in.
-- inputs: member_posteriors, stores
select
    member_posteriors.*,
    stores.store_type,
from member_posteriors
left join stores on member_posteriors.store_key = stores.store_key
order by member_posteriors.receipt_key, member_posteriors.group_name
