-- Visits of the asked members in the window, of half 1: neither labels nor answers were read from them.
-- inputs: asked_members, member_visit_months
select
    member_visit_months.member_key,
    member_visit_months.store_key,
    member_visit_months.daypart,
    sum(member_visit_months.receipts_count)::bigint as receipts_count,
from member_visit_months
inner join asked_members on member_visit_months.member_key = asked_members.member_key
where member_visit_months.half = 1
group by all
order by all
