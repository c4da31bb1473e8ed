-- Members' visits of the window by cell and label, the label read from the other half of the member's receipts. Squares: of one member's
-- visits, summed over members, for the effective number of people. Members fall into two halves, by the order of their first receipts.
-- inputs: member_clusters, member_visit_months, member_window
with

visits as (
    select
        member_key,
        case half when 0 then 'half_1' else 'half_0' end as part,
        store_key,
        daypart,
        sum(receipts_count)::bigint as receipts_count,
    from member_visit_months
    group by all
),

people as (
    select distinct
        member_key,
        member_place % 2 as person_half,
    from member_window
)

select
    visits.store_key,
    visits.daypart,
    coalesce(member_clusters.profile_key, 'atypical') as group_name,
    coalesce(people.person_half, 0) as person_half,
    sum(visits.receipts_count)::bigint as visits_count,
    sum(visits.receipts_count * visits.receipts_count)::bigint as visit_squares,
from visits
inner join member_clusters on visits.member_key = member_clusters.member_key and visits.part = member_clusters.part
left join people on visits.member_key = people.member_key
where member_clusters.state <> 'too_few_receipts'
group by all
order by all
