-- Members who do not object to profiling, with what they declared of their age.
-- inputs: members
select
    member_key,
    birth_year,
    age,
    declared_on,
    joined_on,
from members
where not objects_to_profiling
order by member_key
