-- What distinguishes profiles: families and products bought, dayparts of visits, against all members in the window.
-- grain: profile, kind of trait and trait; key: profile_key, kind, trait
-- inputs: member_clusters, member_item_months, member_months, products
-- window: member_item_months 12, member_months 12
with

labelled as (
    select
        member_key,
        profile_key,
    from member_clusters
    where part = 'whole' and state = 'in_profile'
),

items as (
    select *,
    from member_item_months
    where date_diff('month', (month || '-01')::date, $month_start) < $typology_months
),

visits as (
    select *,
    from member_months
    where date_diff('month', (month || '-01')::date, $month_start) < $typology_months
),

families as (
    select
        labelled.profile_key,
        'family' as kind,
        items.family as trait,
        sum(items.bought_count)::bigint as units_count,
    from items
    inner join labelled on items.member_key = labelled.member_key
    group by all
),

bought as (
    select
        labelled.profile_key,
        items.product_key,
        sum(items.bought_count)::bigint as units_count,
    from items
    inner join labelled on items.member_key = labelled.member_key
    group by all
),

labels as (
    select
        bought.profile_key,
        'product' as kind,
        coalesce(products.label, bought.product_key) as trait,
        sum(bought.units_count)::bigint as units_count,
    from bought
    left join products on bought.product_key = products.product_key
    group by all
),

dayparts as (
    select
        labelled.profile_key,
        'daypart' as kind,
        parts.daypart as trait,
        sum(
            case parts.daypart
                when 'early' then visits.early_count
                when 'morning' then visits.morning_count
                when 'noon' then visits.noon_count
                when 'afternoon' then visits.afternoon_count
                when 'evening' then visits.evening_count
                else visits.night_count
            end
        )::bigint as units_count,
    from visits
    inner join labelled on visits.member_key = labelled.member_key
    cross join (values ('early'), ('morning'), ('noon'), ('afternoon'), ('evening'), ('night')) as parts (daypart)
    where visits.part = 'whole'
    group by all
),

traits as (
    select *,
    from families
    union all
    select *,
    from labels
    union all
    select *,
    from dayparts
),

shares as (
    select
        profile_key,
        kind,
        trait,
        units_count,
        units_count::double / sum(units_count) over (partition by profile_key, kind) as trait_share,
        sum(units_count) over (partition by kind, trait)::double / sum(units_count) over (partition by kind) as network_share,
    from traits
    where units_count > 0
)

select
    profile_key,
    kind,
    trait,
    units_count,
    trait_share,
    network_share,
    trait_share / network_share as lift,
from shares
