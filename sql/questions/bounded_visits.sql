-- Receipts of a month by shop and daypart, of each person that a key tells at most $most_receipts, taken by chance. Receipts without a key
-- count each for itself.
-- inputs: receipts
with

keyed as (
    select
        receipt_key,
        store_key,
        daypart,
        row_number() over (partition by coalesce(member_key, shopper_key) order by md5(receipt_key) asc, receipt_key asc) as place,
    from receipts
    where month = $month and coalesce(member_key, shopper_key) is not null
),

bounded as (
    select
        receipt_key,
        store_key,
        daypart,
    from keyed
    where place <= $most_receipts
    union all
    select
        receipt_key,
        store_key,
        daypart,
    from receipts
    where month = $month and coalesce(member_key, shopper_key) is null
)

select
    store_key,
    daypart,
    count(*)::bigint as receipts_count,
from bounded
group by all
order by store_key asc, daypart asc
