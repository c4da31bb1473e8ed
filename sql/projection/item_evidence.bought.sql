-- What members bought in half 0, from which evidence is learnt.
-- inputs: member_window
select
    member_key,
    value_key as item_key,
    things_count as bought_count,
from member_window
where kind = 'item' and half = 0
order by all
