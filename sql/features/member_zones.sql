-- Zones of the members of the window: the home's postal code where a source has one, else the zones of the shops used, by visits.
-- grain: member and zone; key: member_key, zone_key
-- inputs: member_counts, members, store_zones, zone_postcodes, zones
-- window: member_counts 12
with

homes as (
    select
        members.member_key,
        zones.zone_key,
        row_number() over (partition by members.member_key order by zones.population_count desc, zones.zone_key asc) as place,
    from members
    inner join zone_postcodes on members.postcode = zone_postcodes.postcode
    inner join zones on zone_postcodes.zone_key = zones.zone_key
    where not members.objects_to_profiling
),

home as (
    select
        member_key,
        zone_key,
    from homes
    where place = 1
),

visits as (
    select
        member_counts.member_key,
        store_zones.zone_key,
        sum(member_counts.things_count)::bigint as receipts_count,
    from member_counts
    inner join store_zones on member_counts.value_key = store_zones.store_key
    where member_counts.kind = 'store' and store_zones.zone_key is not null
    group by all
),

shares as (
    select
        member_key,
        zone_key,
        receipts_count,
        receipts_count / (sum(receipts_count) over (partition by member_key))::double as zone_share,
    from visits
)

select
    member_key,
    zone_key,
    'postcode' as known_by,
    null::bigint as receipts_count,
    1::double as zone_share,
from home
union all
select
    shares.member_key,
    shares.zone_key,
    'shops' as known_by,
    shares.receipts_count,
    shares.zone_share,
from shares
left join home on shares.member_key = home.member_key
where home.member_key is null
