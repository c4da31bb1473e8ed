-- Months with receipts of members up to the end of the earlier window.
-- inputs: member_months
select distinct month,
from member_months
where month <= $earlier_until
order by month
