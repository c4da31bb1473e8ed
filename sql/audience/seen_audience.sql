-- Shares of visits of what is seen on receipts, categories and missions, by shop and moment: of the month, and of the last three. Each
-- share is drawn towards what the shop and the moment of the network make one expect, by how far cells differ from that. No three months
-- reach back into another year: its missions are others.
-- grain: period, kind, group, shop and moment; key: period, kind, group_name, store_key, weekday, daypart, sold_hour
-- inputs: member_visit_months, store_category_visits, store_missions, store_visits
-- window: member_visit_months 3, store_category_visits 3, store_missions 3, store_visits 3
with

periods as (
    select
        month,
        'month' as period,
    from store_visits
    where month = $month
    group by all
    union all
    select
        month,
        'quarter' as period,
    from store_visits
    where month >= $missions_since
    group by all
),

-- people: those with a key, and receipts without one by members' receipts per person at such moments; without members, receipts
paces as (
    select
        month,
        store_key = 'all' as is_network,
        weekday,
        daypart,
        sold_hour,
        sum(identified_receipts_count)::double / nullif(sum(members_count), 0) as receipts_each,
    from store_visits
    group by all
),

crowds as (
    select
        store_visits.*,
        round(1000 * (
            coalesce(
                store_visits.keyed_receipts_count::double
                * store_visits.keyed_receipts_count
                / nullif(store_visits.keyed_receipt_squares, 0),
                0
            )
            + (store_visits.receipts_count - store_visits.keyed_receipts_count) / coalesce(paces.receipts_each, 1)
        ))::bigint as people_thousandths,
    from store_visits
    inner join paces
        on
            store_visits.month = paces.month and store_visits.weekday = paces.weekday and store_visits.daypart = paces.daypart
            and store_visits.sold_hour = paces.sold_hour and (store_visits.store_key = 'all') = paces.is_network
),

-- who comes in several months is one person: members say how many months each comes
returns as (
    select
        periods.period,
        count(distinct concat(member_visit_months.member_key, member_visit_months.month)) as people_months_count,
        count(distinct member_visit_months.member_key) as people_count,
    from member_visit_months
    inner join periods on member_visit_months.month = periods.month
    group by all
),

cells as (
    select
        periods.period,
        crowds.store_key,
        crowds.weekday,
        crowds.daypart,
        crowds.sold_hour,
        sum(crowds.receipts_count)::bigint as receipts_count,
        sum(crowds.people_thousandths)::bigint / 1000.0::double as people_months,
    from crowds
    inner join periods on crowds.month = periods.month
    group by all
),

crowded as (
    select
        cells.period,
        cells.store_key,
        cells.weekday,
        cells.daypart,
        cells.sold_hour,
        cells.receipts_count,
        cells.people_months / coalesce(returns.people_months_count::double / returns.people_count, 1) as people,
        case
            when cells.store_key = 'all' then 'network'
            when cells.sold_hour >= 0 then 'hour'
            when cells.weekday > 0 and cells.daypart <> 'all' then 'weekday and daypart'
            when cells.weekday > 0 then 'weekday'
            when cells.daypart <> 'all' then 'daypart'
            else 'shop'
        end as level,
    from cells
    left join returns on cells.period = returns.period
),

-- cells that are large enough to be told; others are of no use to any of them, and are most
published as (
    select *,
    from crowded
    where
        receipts_count >= $receipts_to_publish and people >= $receipts_to_publish
        and (level not in ('hour', 'weekday and daypart') or receipts_count >= $fine_receipts)
),

counted as (
    select
        store_key,
        weekday,
        daypart,
        sold_hour,
        month,
        'category' as kind,
        category as group_name,
        receipts_count,
    from store_category_visits
    union all
    select
        store_key,
        weekday,
        daypart,
        sold_hour,
        month,
        'mission' as kind,
        mission_key as group_name,
        receipts_count,
    from store_missions
),

visits as (
    select
        periods.period,
        counted.kind,
        counted.group_name,
        coalesce(counted.store_key, 'all') as store_key,
        coalesce(counted.weekday, 0) as weekday,
        coalesce(counted.daypart, 'all') as daypart,
        coalesce(counted.sold_hour, -1) as sold_hour,
        sum(counted.receipts_count)::bigint as receipts_count,
    from counted
    inner join periods on counted.month = periods.month
    group by grouping sets (
        (period, kind, group_name, counted.store_key, counted.weekday, counted.daypart),
        (period, kind, group_name, counted.store_key, counted.daypart, counted.sold_hour),
        (period, kind, group_name, counted.store_key, counted.weekday),
        (period, kind, group_name, counted.store_key, counted.daypart),
        (period, kind, group_name, counted.store_key),
        (period, kind, group_name, counted.weekday, counted.daypart),
        (period, kind, group_name, counted.daypart, counted.sold_hour),
        (period, kind, group_name, counted.weekday),
        (period, kind, group_name, counted.daypart),
        (period, kind, group_name)
    )
),

-- a group has a row in every cell of a shop in which it was seen at all; half a receipt more or less, so that all odds exist
counts as (
    select
        published.*,
        seen.kind,
        seen.group_name,
        coalesce(visits.receipts_count, 0)::double / published.receipts_count as raw_share,
        (coalesce(visits.receipts_count, 0) + 0.5) / (published.receipts_count - coalesce(visits.receipts_count, 0) + 0.5) as odds,
    from published
    inner join visits as seen
        on
            published.period = seen.period and published.store_key = seen.store_key
            and seen.weekday = 0 and seen.daypart = 'all' and seen.sold_hour = -1
    left join visits
        on
            published.period = visits.period and seen.kind = visits.kind and seen.group_name = visits.group_name
            and published.store_key = visits.store_key and published.weekday = visits.weekday and published.daypart = visits.daypart
            and published.sold_hour = visits.sold_hour
),

network as (
    select
        period,
        kind,
        group_name,
        weekday,
        daypart,
        sold_hour,
        odds as moment_odds,
        people as moment_people,
    from counts
    where store_key = 'all'
),

whole as (
    select
        period,
        kind,
        group_name,
        store_key,
        raw_share as whole_share,
        odds as whole_odds,
        people as whole_people,
    from counts
    where weekday = 0 and daypart = 'all' and sold_hour = -1
),

-- the shop's odds, changed as the moment changes the network's; of a whole shop, the network's
odds as (
    select
        counts.*,
        every_shop.whole_share as network_share,
        case
            when counts.weekday = 0 and counts.daypart = 'all' then every_shop.whole_odds
            else whole.whole_odds * network.moment_odds / every_shop.whole_odds
        end as expected_odds,
        case when counts.weekday = 0 and counts.daypart = 'all' then 0 else 1 / whole.whole_people end
        + 1 / network.moment_people as expected_doubt,
    from counts
    inner join network using (period, kind, group_name, weekday, daypart, sold_hour)
    inner join whole using (period, kind, group_name, store_key)
    inner join whole as every_shop
        on
            counts.period = every_shop.period and counts.kind = every_shop.kind and counts.group_name = every_shop.group_name
            and every_shop.store_key = 'all'
),

expected as (
    select
        *,
        expected_odds / (1 + expected_odds) as expected_share,
        expected_odds / (1 + expected_odds) / (1 + expected_odds) as expected_unit,
    from odds
),

-- how far cells differ from what is expected, in units of p (1 - p), beyond what so few people give by chance; and its standard error
spreads as (
    select
        period,
        kind,
        group_name,
        level,
        sum(round(1000 * (people * (raw_share - expected_share) * (raw_share - expected_share) / expected_unit - 1))::bigint)::bigint
        / nullif(sum(round(1000 * people)::bigint)::bigint, 0)::double as spread,
        1000 * sqrt(2.0::double * count(*)) / nullif(sum(round(1000 * people)::bigint)::bigint, 0) as spread_error,
    from expected
    group by all
),

-- what is left unknown allows for a spread one standard error wider than found
weighed as (
    select
        expected.*,
        case
            when expected.level = 'network' then 1
            when spreads.spread > 0 then expected.people * spreads.spread / (1 + expected.people * spreads.spread)
            else 0
        end as own_weight,
        case
            when expected.level = 'network' then 1 / expected.people
            when spreads.spread > 0
                then
                    (spreads.spread + spreads.spread_error)
                    / (1 + expected.people * (spreads.spread + spreads.spread_error))
            else spreads.spread_error / (1 + expected.people * spreads.spread_error)
        end as own_doubt,
    from expected
    inner join spreads using (period, kind, group_name, level)
),

-- Wilson's interval, of as many people as leave so much unknown; 1.645 standard errors, 2.706 its square
shares as (
    select
        *,
        expected_share + own_weight * (raw_share - expected_share) as share,
        1 / (own_doubt + (1 - own_weight) * (1 - own_weight) * expected_doubt) as known_people,
    from weighed
),

bounds as (
    select
        *,
        (share + 1.353 / known_people) / (1 + 2.706 / known_people) as middle,
        1.645 * sqrt(share * (1 - share) / known_people + 0.6765 / known_people / known_people) / (1 + 2.706 / known_people) as half_width,
    from shares
)

select
    period,
    kind,
    group_name,
    store_key,
    weekday,
    daypart,
    sold_hour,
    round(share, 5) as visits_share,
    round(middle - half_width, 5) as low_share,
    round(middle + half_width, 5) as high_share,
    round(100 * share / network_share, 1) as affinity_index,
    receipts_count,
    round(people, 1) as people,
    round(own_weight, 2) as own_share,
from bounds
-- like rows side by side take half of the bytes
order by period, store_key, weekday, daypart, sold_hour, kind, group_name
