-- Receipts of shops in a month by weekday and hour: of one shop, or of all of a kind and a département. The empty text stands for all.
-- inputs: store_hour_months, store_zones, stores, zones
select
    store_hour_months.weekday,
    store_hour_months.sold_hour,
    sum(store_hour_months.receipts_count)::bigint as receipts_count,
from store_hour_months
inner join stores on store_hour_months.store_key = stores.store_key and stores.month = $month
left join store_zones on store_hour_months.store_key = store_zones.store_key and store_zones.month = $month
left join zones on store_zones.zone_key = zones.zone_key
where
    store_hour_months.month = $month and $store in ('', store_hour_months.store_key)
    and $store_type in ('', coalesce(stores.store_type, 'unknown')) and $departement in ('', coalesce(zones.departement, ''))
group by all
order by store_hour_months.weekday asc, store_hour_months.sold_hour asc
