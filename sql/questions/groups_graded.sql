-- The groups of a month, their grades and the names of those that are seen.
-- inputs: group_grades, mission_profiles, product_taxonomy
with

found as (
    select min(month) as month,
    from mission_profiles
    where month >= $missions_since and month <= $month
)

select
    group_grades.kind,
    group_grades.group_name,
    group_grades.grade,
    coalesce(missions.mission_name, product_taxonomy.label_fr) as name,
from group_grades
cross join found
left join mission_profiles as missions
    on group_grades.kind = 'mission' and group_grades.group_name = missions.mission_key and found.month = missions.month
left join product_taxonomy on group_grades.kind = 'category' and group_grades.group_name = product_taxonomy.category
where group_grades.month = $month
order by group_grades.kind asc, group_grades.network_share desc, group_grades.group_name asc
