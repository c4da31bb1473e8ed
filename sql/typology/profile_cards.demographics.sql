-- Sex and age of the members of whom something is known: a posterior that is everybody's says nothing.
-- inputs: member_demographics
with

known as (
    select
        *,
        name_state not in ('none', 'initial') as has_name,
        declared_weight > 0 as has_age,
    from member_demographics
)

select
    member_key,
    case when has_name then female_posterior end as female_posterior,
    case when has_name or has_age then age_18_34_posterior end as age_18_34_posterior,
    case when has_name or has_age then age_35_54_posterior end as age_35_54_posterior,
    case when has_name or has_age then age_55_posterior end as age_55_posterior,
from known
order by all
