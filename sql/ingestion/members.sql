-- Members known in the month: listed and joined by its end, or identified on one of its receipts.
-- grain: member; key: member_key
-- inputs: receipt_lines, staged_members
-- window: the month
with

listed as (
    select
        member_key,
        joined_on,
        coalesce(objects_to_profiling, false) as objects_to_profiling,
        true as is_listed,
    from staged_members
),

declared as (
    select *,
    from staged_members
    where not coalesce(objects_to_profiling, false)
),

seen as (
    select distinct
        member_key,
        true as has_receipts,
    from receipt_lines
    where member_key is not null
)

select
    member_key,
    coalesce(listed.is_listed, false) as is_listed,
    coalesce(seen.has_receipts, false) as has_receipts,
    declared.birth_year,
    declared.age,
    declared.declared_on,
    declared.age_band,
    declared.sex,
    declared.household_size,
    declared.joined_on,
    declared.postcode,
    coalesce(listed.objects_to_profiling, false) as objects_to_profiling,
from listed
full join seen using (member_key)
left join declared using (member_key)
where coalesce(seen.has_receipts, false) or listed.joined_on is null or listed.joined_on < $month_end
