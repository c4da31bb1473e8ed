-- What the profiles of all months buy more of, as their cards say.
-- inputs: profile_cards
select
    month,
    profile_key,
    section,
    place,
    label,
    own_share,
    value,
from profile_cards
where section = 'more'
order by all
