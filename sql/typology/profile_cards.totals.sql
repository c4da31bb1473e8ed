-- Receipts, articles and amounts of members by half 1.
-- inputs: member_months
select
    member_key,
    sum(receipts_count)::bigint as receipts_count,
    sum(lines_count)::bigint as lines_count,
    sum(amount_cents)::bigint as amount_cents,
from member_months
where half = 1 and month >= $typology_since
group by all
order by all
