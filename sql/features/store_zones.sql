-- The zone each shop of the month stands in: by its postal code, and by its town where a code serves several zones.
-- grain: shop; key: store_key
-- inputs: stores, zone_postcodes, zones
-- window: the month
with

candidates as (
    select
        stores.store_key,
        zones.zone_key,
        zones.population_count,
        case when
            translate(lower(stores.city), 'àâäéèêëîïôöùûüç-''', 'aaaeeeeiioouuuc  ')
            = translate(lower(zones.name), 'àâäéèêëîïôöùûüç-''', 'aaaeeeeiioouuuc  ')
            then 1
        else 0 end as is_same_town,
    from stores
    inner join zone_postcodes on stores.postcode = zone_postcodes.postcode
    inner join zones on zone_postcodes.zone_key = zones.zone_key
),

ranked as (
    select
        store_key,
        zone_key,
        is_same_town,
        count(*) over (partition by store_key) as candidates_count,
        row_number() over (partition by store_key order by is_same_town desc, population_count desc, zone_key asc) as place,
    from candidates
),

chosen as (
    select
        store_key,
        zone_key,
        case when candidates_count = 1 then 'postcode' when is_same_town = 1 then 'town' else 'largest' end as matched_by,
    from ranked
    where place = 1
)

select
    stores.store_key,
    chosen.zone_key,
    coalesce(chosen.matched_by, 'none') as matched_by,
from stores
left join chosen on stores.store_key = chosen.store_key
