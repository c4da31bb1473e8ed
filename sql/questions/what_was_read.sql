-- Lines of receipts that were read, and what became of them.
-- inputs: file_ledger, staged_file_ledger
with

files as (
    select
        lines_count,
        accepted_count,
        duplicate_count,
        rejected_count,
    from file_ledger
    where kind = 'receipts'
    union all
    select
        lines_count,
        accepted_count,
        duplicate_count,
        rejected_count,
    from staged_file_ledger
    where kind = 'receipts'
)

select
    coalesce(sum(lines_count), 0)::bigint as lines_count,
    coalesce(sum(accepted_count), 0)::bigint as accepted_count,
    coalesce(sum(duplicate_count), 0)::bigint as duplicate_count,
    coalesce(sum(rejected_count), 0)::bigint as rejected_count,
    count(*) as files_count,
from files
