-- Members known in the month: listed and joined by its end, or identified on one of its receipts.
-- grain: member; key: member_key
-- inputs: receipt_lines, staged_members
-- window: the month
with

listed as (
    select
        member_key,
        birth_year,
        age_band,
        sex,
        household_size,
        joined_on,
        true as is_listed,
    from staged_members
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
    listed.birth_year,
    listed.age_band,
    listed.sex,
    listed.household_size,
    listed.joined_on,
from listed
full join seen using (member_key)
where coalesce(seen.has_receipts, false) or listed.joined_on is null or listed.joined_on < $month_end
