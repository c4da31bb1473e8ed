-- Categories that may be sold in a month.
-- inputs: group_grades
select group_name,
from group_grades
where month = $month and kind = 'category' and grade <> 'unsold'
order by group_name asc
