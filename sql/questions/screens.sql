-- Shops that a plan or a file for ad servers knows, and where they stand: the centre of their commune.
-- inputs: store_zones, stores, zones
select
    stores.store_key,
    stores.name,
    stores.store_type,
    stores.postcode,
    stores.city,
    zones.zone_key,
    zones.name as zone_name,
    zones.departement,
    zones.latitude,
    zones.longitude,
from stores
left join store_zones on stores.store_key = store_zones.store_key and store_zones.month = $month
left join zones on store_zones.zone_key = zones.zone_key
where stores.month = $month
order by stores.store_key asc
