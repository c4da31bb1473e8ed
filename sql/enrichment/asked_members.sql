-- Members whom a question would be asked, for the measurement: all, or a sample; and what is known of them beside their receipts.
-- grain: member; key: member_key
-- inputs: member_demographics, member_places, member_window
-- window: the month
with

places as (
    select distinct
        member_key,
        member_place,
    from member_window
),

sampled as (
    select *,
    from places
    order by md5(member_place::varchar)
    limit $asked_members
)

select
    sampled.member_key,
    sampled.member_place,
    (year($month_start) - member_demographics.birth_year_middle)::bigint as age,
    member_places.median_income_cents,
    member_places.people_per_km2,
from sampled
left join member_demographics on sampled.member_key = member_demographics.member_key
left join member_places on sampled.member_key = member_places.member_key
