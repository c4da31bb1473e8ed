-- How often each profile of the number chosen comes back.
-- inputs: typology_numbers
select
    profile_key,
    jaccard,
    jaccard_low,
    draws_count,
from typology_numbers
where is_chosen
order by all
