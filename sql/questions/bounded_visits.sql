-- Receipts of a month by shop and daypart, of each person that a key tells at most $most_receipts, taken by chance. Receipts without a key
-- count each for itself.
-- inputs: receipts
with

numbered as (
    select
        receipt_key,
        store_key,
        daypart,
        row_number() over (
            partition by coalesce(member_key, shopper_key, receipt_key) order by md5(receipt_key) asc, receipt_key asc
        ) as place,
    from receipts
    where month = $month
)

select
    store_key,
    daypart,
    count(*)::bigint as receipts_count,
from numbered
where place <= $most_receipts
group by all
order by store_key asc, daypart asc
