-- Visits of a month in which a category on sale is bought, by shop and daypart: of each person that a key tells at most $most_receipts, and
-- of each receipt at most $most_groups categories, taken by chance. Receipts without a key count each for itself.
-- inputs: group_grades, product_categories, receipt_lines, receipts
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
),

bought as (
    select distinct
        receipt_lines.receipt_key,
        product_categories.category,
    from receipt_lines
    inner join product_categories
        on receipt_lines.product_key = product_categories.product_key and receipt_lines.month = product_categories.month
    inner join group_grades
        on product_categories.category = group_grades.group_name and group_grades.month = $month and group_grades.kind = 'category'
    where receipt_lines.month = $month and receipt_lines.quantity > 0 and group_grades.grade <> 'unsold'
),

chosen as (
    select
        receipt_key,
        category,
        row_number() over (partition by receipt_key order by md5(concat(receipt_key, category)) asc, category asc) as place,
    from bought
)

select
    numbered.store_key,
    numbered.daypart,
    chosen.category as group_name,
    count(*)::bigint as receipts_count,
from numbered
inner join chosen on numbered.receipt_key = chosen.receipt_key
where numbered.place <= $most_receipts and chosen.place <= $most_groups
group by all
order by numbered.store_key asc, numbered.daypart asc, chosen.category asc
