-- What the zones of a member are like, weighted by their shares, and how much they are one place.
-- grain: member; key: member_key
-- inputs: member_zones, zones
-- window: the month
with

ranked as (
    select
        member_zones.*,
        zones.median_income_cents,
        zones.is_income_imputed,
        zones.poverty_share,
        zones.age_18_34_share,
        zones.age_55_share,
        zones.population_count / nullif(zones.area_km2, 0) as density,
        row_number() over (partition by member_zones.member_key order by member_zones.zone_share desc, member_zones.zone_key asc) as place,
    from member_zones
    inner join zones on member_zones.zone_key = zones.zone_key
)

select
    member_key,
    min(known_by) as known_by,
    min(case when place = 1 then zone_key end) as main_zone_key,
    sum(zone_share * zone_share) as concentration_share,
    count(*)::bigint as zones_count,
    round(sum(zone_share * median_income_cents))::bigint as median_income_cents,
    sum(case when is_income_imputed then zone_share else 0 end)::double as imputed_share,
    sum(zone_share * poverty_share) as poverty_share,
    sum(zone_share * age_18_34_share) as age_18_34_share,
    sum(zone_share * age_55_share) as age_55_share,
    sum(zone_share * density) as people_per_km2,
    sum(case when density >= 1500 then zone_share else 0 end)::double as dense_share,
    sum(case when density < 300 then zone_share else 0 end)::double as rural_share,
from ranked
group by member_key
