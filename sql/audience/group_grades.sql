-- What each group of an audience is worth: how much a receipt says of it, how well cells can be told apart, and whether it may be sold.
-- grain: kind and group; key: kind, group_name
-- inputs: audience_quality, member_posteriors, profile_quality, receipts, seen_audience, store_audience, store_category_visits, store_missions
-- window: the month
with

-- shops by daypart, where the kinds can be held side by side; the last row of each group is the network
cells as (
    select
        kind,
        group_name,
        store_key,
        daypart,
        visits_share as share,
        (high_share - low_share) / 3.29 as standard_error,
        own_share,
        receipts_count,
    from seen_audience
    where period = 'month' and weekday = 0 and sold_hour = -1
    union all
    select
        'profile' as kind,
        group_name,
        store_key,
        daypart,
        mix_share as share,
        -- of the contrast to the network: the index compares with it, and what is unknown of the level moves both
        (affinity_high - affinity_low) / 3.29 * mix_share / nullif(affinity_index, 0) as standard_error,
        own_share,
        receipts_count,
    from store_audience
    where is_published
),

network as (
    select
        kind,
        group_name,
        share as network_share,
    from cells
    where store_key = 'all' and daypart = 'all'
),

-- variances in billionths of visits, so that sums do not depend on their order
skills as (
    select
        cells.kind,
        cells.group_name,
        sum(round(
            1000000000 * cells.receipts_count * (cells.share - network.network_share) * (cells.share - network.network_share)
        )::bigint)::bigint as known,
        sum(round(1000000000 * cells.receipts_count * cells.standard_error * cells.standard_error)::bigint)::bigint as unknown,
        sum(round(1000000 * cells.own_share)::bigint)::bigint / 1000000.0::double / count(*) as degrees_of_freedom,
        count(*)::bigint as cells_count,
    from cells
    inner join network on cells.kind = network.kind and cells.group_name = network.group_name
    where cells.store_key <> 'all' and cells.daypart <> 'all'
    group by all
),

-- what is seen: two halves of a cell's receipts
totals as (
    select
        store_key,
        daypart,
        count(*)::bigint as receipts_count,
        sum(case when half = 0 then 1 else 0 end)::bigint as half_receipts_count,
    from receipts
    group by all
    having count(*) >= 200
),

seen as (
    select
        'category' as kind,
        category as group_name,
        store_key,
        daypart,
        receipts_count,
        half_receipts_count,
    from store_category_visits
    union all
    select
        'mission' as kind,
        mission_key as group_name,
        store_key,
        daypart,
        receipts_count,
        half_receipts_count,
    from store_missions
),

seen_cells as (
    select
        seen.kind,
        seen.group_name,
        seen.store_key,
        seen.daypart,
        sum(seen.receipts_count)::bigint as receipts_count,
        sum(seen.half_receipts_count)::bigint as half_receipts_count,
    from seen
    group by all
),

halves as (
    select
        seen_cells.kind,
        seen_cells.group_name,
        round(corr(
            seen_cells.half_receipts_count::double / nullif(totals.half_receipts_count, 0),
            (seen_cells.receipts_count - seen_cells.half_receipts_count)::double
            / nullif(totals.receipts_count - totals.half_receipts_count, 0)
        ), 4) as reliability,
    from seen_cells
    inner join totals on seen_cells.store_key = totals.store_key and seen_cells.daypart = totals.daypart
    group by all
    having count(*) >= 10
),

-- what is inferred: cells told by half of the members, judged by the visits of the others
judged as (
    select
        'profile' as kind,
        group_name,
        round(max(case when measure = 'reliability' then value end), 4) as reliability,
        max(case when measure = 'left_out_low' then value end) as left_out_low,
    from audience_quality
    where group_name <> ''
    group by all
),

-- what is inferred: log-loss of members' receipts, the posterior's against the prior's, in billionths of nats
losses as (
    select
        group_name,
        count(*)::bigint as receipts_count,
        sum(case when label = group_name then 1 else 0 end)::bigint as labelled_count,
        sum(round(-1000000000 * ln(
            case when label = group_name then posterior + 0.000001 else 1.000001 - posterior end
        ))::bigint)::bigint as loss_billionths,
    from member_posteriors
    group by all
),

informations as (
    select
        'profile' as kind,
        group_name,
        case
            when labelled_count between 1 and receipts_count - 1
                then
                    -labelled_count::double / receipts_count * ln(labelled_count::double / receipts_count)
                    - (1 - labelled_count::double / receipts_count) * ln(1 - labelled_count::double / receipts_count)
        end as prior_nats,
        loss_billionths::double / 1000000000 / receipts_count as loss_nats,
    from losses
    union all
    select
        kind,
        group_name,
        case
            when network_share > 0 and network_share < 1
                then -network_share * ln(network_share) - (1 - network_share) * ln(1 - network_share)
        end as prior_nats,
        0.0::double as loss_nats,
    from network
    where kind <> 'profile'
),

figures as (
    select
        network.kind,
        network.group_name,
        network.network_share,
        round(informations.prior_nats - informations.loss_nats, 6) as information_nats,
        round(1 - informations.loss_nats / informations.prior_nats, 6) as information_share,
        round(skills.degrees_of_freedom, 4) as degrees_of_freedom,
        coalesce(halves.reliability, judged.reliability) as reliability,
        coalesce(judged.left_out_low > 0 and judged.left_out_low <= 1, false) as is_confirmed,
        round(skills.known::double / nullif(skills.known + skills.unknown, 0), 4) as expected_skill,
        skills.cells_count,
        profile_quality.verdict,
    from network
    left join skills on network.kind = skills.kind and network.group_name = skills.group_name
    left join halves on network.kind = halves.kind and network.group_name = halves.group_name
    left join judged on network.kind = judged.kind and network.group_name = judged.group_name
    left join informations on network.kind = informations.kind and network.group_name = informations.group_name
    left join profile_quality on network.kind = 'profile' and network.group_name = profile_quality.profile_key
)

select
    kind,
    group_name,
    network_share,
    information_nats,
    information_share,
    degrees_of_freedom,
    reliability,
    expected_skill,
    coalesce(cells_count, 0) as cells_count,
    case
        when group_name in ('other', 'atypical') then 'unsold'
        when kind <> 'profile' then 'seen'
        when not is_confirmed then 'unsold'
        when expected_skill >= $sure_skill and verdict = 'published' then 'sure'
        when expected_skill >= $indicative_skill and verdict in ('published', 'flagged') then 'indicative'
        else 'unsold'
    end as grade,
from figures
