-- What the places are like that members use.
-- inputs: member_places
select
    member_key,
    median_income_cents,
    dense_share,
    rural_share,
    age_55_share,
from member_places
order by all
