-- Shops of a month: where they stand, their receipts, and the share of a group in their visits where it is published.
-- inputs: seen_audience, store_audience, store_visits, store_zones, stores, zones
with

shares as (
    select
        store_key,
        visits_share as share,
        low_share,
        high_share,
        affinity_index,
    from seen_audience
    where
        month = $month and period = 'month' and kind = $kind and group_name = $group_name
        and weekday = 0 and daypart = 'all' and sold_hour = -1
    union all
    select
        store_key,
        mix_share as share,
        low_share,
        high_share,
        affinity_index,
    from store_audience
    where month = $month and $kind = 'profile' and group_name = $group_name and daypart = 'all' and is_published
),

visits as (
    select
        store_key,
        receipts_count,
    from store_visits
    where month = $month and weekday = 0 and daypart = 'all' and sold_hour = -1
)

select
    stores.store_key,
    stores.name,
    coalesce(stores.store_type, 'unknown') as store_type,
    coalesce(stores.city, zones.name, '') as city,
    coalesce(stores.postcode, zones.postcode, '') as postcode,
    coalesce(zones.departement, '') as departement,
    zones.latitude,
    zones.longitude,
    coalesce(visits.receipts_count, 0) as receipts_count,
    shares.share,
    shares.low_share,
    shares.high_share,
    shares.affinity_index,
from stores
left join store_zones on stores.store_key = store_zones.store_key and store_zones.month = $month
left join zones on store_zones.zone_key = zones.zone_key
left join visits on stores.store_key = visits.store_key
left join shares on stores.store_key = shares.store_key
where stores.month = $month
order by stores.store_key asc
