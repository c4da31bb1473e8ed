-- Shops of the month, and the département of the zone each stands in.
-- inputs: store_zones, stores, zones
select
    stores.store_key,
    zones.departement,
from stores
left join store_zones on stores.store_key = store_zones.store_key
left join zones on store_zones.zone_key = zones.zone_key
order by stores.store_key asc
