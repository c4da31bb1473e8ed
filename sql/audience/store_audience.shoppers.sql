-- Visits of the month by keyed shoppers, by the label of their receipts of the window: of each half, and of all. Labels are read by the
-- stored weights of items and shops, as members' are by all weights. Squares: of one shopper's visits.
-- inputs: profile_weights, shopper_counts
with

counts as (
    select
        shopper_key,
        half,
        kind,
        value_key,
        sum(things_count)::bigint as things_count,
    from shopper_counts
    where month >= $typology_since
    group by all
),

parts as (
    select
        shopper_key,
        case half when 0 then 'half_0' else 'half_1' end as part,
        kind,
        value_key,
        things_count,
    from counts
    union all
    select
        shopper_key,
        'whole' as part,
        kind,
        value_key,
        sum(things_count)::bigint as things_count,
    from counts
    group by all
),

weights as (
    select
        profile_key,
        kind,
        value_key,
        weight,
    from profile_weights
    where month = $month
),

priors as (
    select
        profile_key,
        max(case when value_key = 'size' then weight end) as size,
        max(case when value_key = 'damping' then weight end) as damping,
    from weights
    where kind = 'prior'
    group by profile_key
),

sizes as (
    select
        parts.shopper_key,
        parts.part,
        sum(case when parts.kind = 'item' then parts.things_count else 0 end)::bigint as bought_count,
        sum(case when parts.kind = 'store' then parts.things_count else 0 end)::bigint as receipts_count,
    from parts
    group by all
),

-- a shop is charged once per article bought there; billionths, so that sums do not depend on their order
scores as (
    select
        parts.shopper_key,
        parts.part,
        weights.profile_key,
        sum(round(1000000000 * weights.weight * case
            when parts.kind = 'item' then parts.things_count
            else sizes.bought_count * parts.things_count / sizes.receipts_count::double
        end)::bigint)::bigint / 1000000000.0::double as score,
    from parts
    inner join weights on parts.kind = weights.kind and parts.value_key = weights.value_key
    inner join sizes on parts.shopper_key = sizes.shopper_key and parts.part = sizes.part
    group by all
),

ranked as (
    select
        scores.shopper_key,
        scores.part,
        scores.profile_key,
        max(scores.score) over (partition by scores.shopper_key, scores.part) as best,
        row_number() over (
            partition by scores.shopper_key, scores.part
            order by scores.score / (1 + priors.damping * sqrt(sizes.bought_count)) + priors.size desc, scores.profile_key asc
        ) as place,
    from scores
    inner join sizes on scores.shopper_key = sizes.shopper_key and scores.part = sizes.part
    inner join priors on scores.profile_key = priors.profile_key
    where sizes.bought_count > 0
),

-- who has a label of each half: else a half would be of other people than the whole
known as (
    select shopper_key,
    from ranked
    where place = 1
    group by shopper_key
    having count(*) = 3
),

visits as (
    select
        shopper_key,
        sum(things_count)::bigint as receipts_count,
    from shopper_counts
    where month = $month and kind = 'store'
    group by shopper_key
)

select
    ranked.part,
    case when ranked.best > 0 then ranked.profile_key else 'atypical' end as group_name,
    sum(visits.receipts_count)::bigint as visits_count,
    sum(visits.receipts_count * visits.receipts_count)::bigint as visit_squares,
from ranked
inner join known on ranked.shopper_key = known.shopper_key
inner join visits on ranked.shopper_key = visits.shopper_key
where ranked.place = 1
group by all
order by all
