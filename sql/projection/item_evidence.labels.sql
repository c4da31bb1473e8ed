-- Labels of members: profiles read from half 0 (the atypical are a class), and sex and age band as members declared them; a band is that at
-- the end of the month, and a group fewer than 30 members belong to is left out.
-- inputs: member_clusters, member_window, members
with

declared as (
    select
        member_key,
        'sex' as target,
        sex as group_name,
    from members
    union all
    select
        member_key,
        'age_band' as target,
        coalesce(age_band, case
            when year($month_start) - birth_year between 18 and 34 then '18-34'
            when year($month_start) - birth_year between 35 and 54 then '35-54'
            when year($month_start) - birth_year between 55 and 105 then '55+'
        end) as group_name,
    from members
),

sizes as (
    select
        *,
        count(*) over (partition by target, group_name) as people_count,
    from declared
    where group_name is not null
),

half_0 as (
    select sum(case when state = 'in_profile' then 1 else 0 end) as in_profile_count,
    from member_clusters
    where part = 'half_0'
),

labels as (
    select
        member_key,
        'profile' as target,
        coalesce(profile_key, 'atypical') as group_name,
    from member_clusters
    cross join half_0
    where
        part = 'half_0' and state <> 'too_few_receipts'
        and half_0.in_profile_count > 0
    union all
    select
        member_key,
        target,
        group_name,
    from sizes
    where people_count >= 30
),

-- folds are drawn along the order of members, which no pseudonym key changes
places as (
    select distinct
        member_key,
        member_place,
    from member_window
)

select labels.*,
from labels
left join places on labels.member_key = places.member_key
order by places.member_place asc nulls last, labels.member_key asc, labels.target asc
