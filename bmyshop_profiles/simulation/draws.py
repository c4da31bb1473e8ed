"""The SQL that draws visits, receipts and lines of some days. `drawing` makes the tables it joins and runs it.

Every statement is a chain of narrow steps: a word that decides something is a column of a step before, since DuckDB computes what stands
in a branch of `case` again for each branch. Draws do not depend on the order of rows; receipts are numbered in the order of tills.
"""

STREAMS = ("shop", "stranger", "place", "happens", "hour", "second", "till", "app", "card", "size", "counter",
           "family", "mission", "follows", "cash", "stays", "usual", "article", "several", "refund")  # fmt: skip

# Every shopper × day is tried once: one word decides whether there is a visit, another one keys all that follows.
VISITS = """
create or replace temp table visits as
with happened as (
    select
        people.* exclude (persona, rate, visit_word, shopper_word, first_day, last_day), people.persona::integer as persona,
        days.day, days.weekday, days.class, mix32(xor(shopper_word, spread(days.day))) as state,
    from people
    inner join days using (persona)
    where days.day between $first and $last and days.day between people.first_day and people.last_day
        and mix32(xor(visit_word, spread(days.day))) < rate * weight
),
worded as (
    select
        *,
        word(state, getvariable('stranger')) as stranger_word,
        word(state, getvariable('place')) as place_word,
        word(state, getvariable('shop')) as shop_word,
    from happened
),
placed as (
    select
        worded.* exclude (stranger_word, place_word, shop_word, shop_1, shop_2, shop_3, shop_4, bound_1, bound_2, bound_3, first_shop),
        case
            when below(stranger_word, $stranger_share) then pick(place_word, $most_shops, threshold, other) + first_shop
            when shop_word < bound_1 then shop_1
            when shop_word < bound_2 then shop_2
            when shop_word < bound_3 then shop_3
            else shop_4
        end::integer as shop_row,
    from worded
    inner join strangers on strangers.key = area_row * $most_shops + slot(place_word, $most_shops)
)
select placed.* exclude (area_row, weekday), openings.* exclude (key, happens)
from placed
inner join openings on openings.key = shop_row * 7 + weekday
where word(state, getvariable('happens')) < openings.happens
"""

# own_row and common_row: rows of tastes by which the shopper, or the counter, decides; article_row: persona and choice of articles;
# context_row: persona, type and daypart. The family of the first line tells, with these, why its buyer came.
RECEIPTS = """
create or replace temp table receipts as
with worded as (
    select
        *,
        word(state, getvariable('hour')) as hour_word,
        word(state, getvariable('size')) as size_word,
    from visits
),
timed as (
    select
        worded.* exclude (class, profile, tills, joined_on, cash_share, hour_word, size_word),
        pick(hour_word, 24, hours.threshold, hours.other)::integer as hour,
        1 + pick(size_word, $sizes, sizes.threshold, sizes.other)::integer as lines_count,
        slot(word(state, getvariable('second')), 3600) as second,
        1 + slot(word(state, getvariable('till')), tills) as till,
        day >= joined_on and below(word(state, getvariable('app')), $app_shown) as has_app,
        has_card and below(word(state, getvariable('card')), $card_shown) as shows_card,
        word(state, getvariable('cash')) < cash_share as is_cash,
    from worded
    inner join hours on hours.key = ((persona * $profiles + profile) * $classes + class) * 24 + slot(hour_word, 24)
    inner join sizes on sizes.key = (persona * $types + type) * $sizes + slot(size_word, $sizes)
),
placed as (
    select
        shopper, favourite_word, persona, source_row, shop_row, type, variant, till, day, daypart, lines_count, state,
        has_app, shows_card, is_cash,
        make_timestamp((day::bigint * 86400 + timed.hour * 3600 + second) * 1000000) as sold_at,
        taste_row * $types + type as own_row,
        $taste_rows + type * $dayparts + daypart as common_row,
        persona * $variants + variant as article_row,
        (persona * $types + type) * $dayparts + daypart as context_row,
        ((source_row::bigint * 100000 + day) * 100000 + shop_row) * 10 + till as place,
        word(state, getvariable('family')) as family_word,
        word(state, getvariable('mission')) as mission_word,
    from timed
    inner join dayparts using (hour)
),
opened as (
    select placed.* exclude (family_word), pick(family_word, $families, threshold, other)::integer as first_family,
    from (select *, if(below(word(state, getvariable('counter')), $common_share), common_row, own_row) as first_row from placed) as placed
    inner join tastes on tastes.key = first_row * $families + slot(family_word, $families)
),
meant as (
    select
        opened.* exclude (mission_word, context_row, type, first_row),
        pick(mission_word, $missions, threshold, other)::integer as mission,
        $taste_rows + ($dayparts + mission) * $types + type as mission_row,
    from opened
    inner join missions on missions.key = (context_row * $families + first_family) * $missions + slot(mission_word, $missions)
),
numbered as (select row_number() over () as receipt, * from (from meant order by place, sold_at, shopper)),
places as (select place, min(receipt) as first_receipt from numbered group by place)
select numbered.* exclude (place, receipt), receipt::integer as receipt, (receipt - first_receipt + 1)::integer as ticket,
from numbered
inner join places using (place)
"""

# A later line stays in the family of the first one, follows the mission, or is decided as the first one was; item: product and quantity.
LINES = """
create or replace temp table lines as
with later as (
    select
        receipt, source_row, favourite_word, variant, own_row, common_row, mission_row, article_row, first_family, state as first_state,
        unnest(range(1, lines_count))::integer as line,
    from receipts where lines_count > 1
),
keyed as (select *, mix32(xor(first_state, spread(line + 1))) as state from later),
chosen as (
    select
        * exclude (first_state, own_row, common_row, mission_row),
        below(word(state, getvariable('stays')), $same_family_share) as stays,
        case
            when below(word(state, getvariable('follows')), $mission_share) then mission_row
            when below(word(state, getvariable('counter')), $common_share) then common_row
            else own_row
        end as taste_row,
        word(state, getvariable('family')) as family_word,
    from keyed
),
families as (
    select
        receipt, source_row, 0 as line, favourite_word, variant, article_row,
        first_family as family, mix32(xor(state, spread(1))) as state,
    from receipts
    union all
    select
        receipt, source_row, line, favourite_word, variant, article_row,
        if(stays, first_family, pick(family_word, $families, threshold, other)::integer) as family, state,
    from chosen
    inner join tastes on tastes.key = taste_row * $families + slot(family_word, $families)
),
words as (
    select
        receipt, source_row, line, family, article_row, state,
        mix32(if(
            below(word(state, getvariable('usual')), $favourite_share),
            xor(favourite_word, spread(variant * $families + family)),
            xor(state, getvariable('article'))
        )) as article_word,
        word(state, getvariable('several')) as several_word,
    from families
),
picked as (
    select
        receipt, source_row, line, state, several_word,
        $most_articles * family + pick(article_word, $most_articles, threshold, other)::integer as product,
        several_word < several as is_several,
    from words
    inner join articles on articles.key = (article_row * $families + family) * $most_articles + slot(article_word, $most_articles)
)
select
    receipt, line, source_row,
    16 * product + 8 + if(is_several, 2 + (several_word % 10 > 6)::integer + (several_word % 10 > 8)::integer, 1)
        * if(below(word(state, getvariable('refund')), $refunds), -1, 1) as item,
from picked
"""
