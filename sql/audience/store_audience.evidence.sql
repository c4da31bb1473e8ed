-- Evidence of the cells, with the kind of shop.
-- inputs: store_evidence, stores
select
    store_evidence.*,
    stores.store_type,
from store_evidence
left join stores on store_evidence.store_key = stores.store_key
order by store_evidence.store_key, store_evidence.daypart, store_evidence.group_name
