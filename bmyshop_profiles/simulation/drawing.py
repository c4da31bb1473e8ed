"""Visits, receipts and lines of some days, drawn in SQL from tables of people, shops and probabilities.

Belongs here: the tables the SQL joins, the SQL, the names of streams of words. Does not belong here: how people came to be (`people`), text
of the files (`raw_files`). Nothing here depends on the order of rows or on threads: each draw is a word keyed by shopper, day and line.
"""

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import calendar
from bmyshop_profiles.simulation.mixing import alias_frame, install, mix32, stream
from bmyshop_profiles.simulation.model import DAY_CLASSES, DAYPART_OF_HOUR, DAYPARTS, SIZES, Model
from bmyshop_profiles.simulation.people import People, dirichlet_tastes, rates
from bmyshop_profiles.simulation.places import Places
from bmyshop_profiles.simulation.products import FAMILIES, SEVERAL

_STREAMS = ("shop", "stranger", "place", "happens", "hour", "second", "till", "app", "card", "size", "counter",
            "family", "cash", "stays", "usual", "article", "several", "refund")  # fmt: skip
_CASH = (0.25, 0.4, 0.55)  # share of receipts paid in cash by age band

# Every shopper × day is tried once: one word decides whether there is a visit, another one keys all that follows.
_VISITS = """
create or replace temp table visits as
with tries as (
    select person, days.day, days.weekday, days.class
    from people
    inner join days using (persona)
    where days.day between $first and $last and days.day between people.first_day and people.last_day
        and below(mix32(xor(visit_word, spread(days.day))), rate * weight)
),
happened as (
    select
        people.* exclude (rate, visit_word, first_day, last_day),
        tries.day, tries.weekday, tries.class,
        mix32(xor(shopper_word, spread(tries.day))) as state,
    from tries
    inner join people using (person)
),
placed as (
    select
        happened.*,
        case
            when below(word(state, getvariable('stranger')), $stranger_share) then
                (pick(word(state, getvariable('place')), $most_shops, threshold, other) + first_shop)::integer
            when word(state, getvariable('shop')) < bound_1 then shop_1
            when word(state, getvariable('shop')) < bound_2 then shop_2
            when word(state, getvariable('shop')) < bound_3 then shop_3
            else shop_4
        end as shop_row,
    from happened
    inner join strangers on strangers.key = happened.area_row * $most_shops + slot(word(state, getvariable('place')), $most_shops)
)
select
    shopper, favourite_word, persona, taste_row, joined_on, has_card, cash_share, day, class, state, shop_row,
    shops.type, shops.variant, shops.profile, shops.source_row, shops.tills,
from placed
inner join shops using (shop_row)
inner join presence on presence.profile = shops.profile and presence.weekday = placed.weekday
where shops.closed_weekday <> placed.weekday and below(word(state, getvariable('happens')), presence.share)
"""

_RECEIPTS = """
create or replace temp table receipts as
with timed as (
    select
        visits.*,
        pick(word(state, getvariable('hour')), 24, hours.threshold, hours.other)::integer as hour,
        1 + pick(word(state, getvariable('size')), $sizes, sizes.threshold, sizes.other)::integer as lines_count,
        slot(word(state, getvariable('second')), 3600) as second,
        1 + slot(word(state, getvariable('till')), tills) as till,
        day >= joined_on and below(word(state, getvariable('app')), $app_shown) as has_app,
        has_card and below(word(state, getvariable('card')), $card_shown) as shows_card,
        below(word(state, getvariable('cash')), cash_share) as is_cash,
    from visits
    inner join hours
        on hours.key = ((persona * $profiles + profile) * $classes + class) * 24 + slot(word(state, getvariable('hour')), 24)
    inner join sizes on sizes.key = (persona * $types + type) * $sizes + slot(word(state, getvariable('size')), $sizes)
),
first_rows as (
    select
        timed.*, dayparts.daypart,
        if(
            below(word(state, getvariable('counter')), $common_share),
            $taste_rows + type * $dayparts + dayparts.daypart,
            taste_row * $types + type
        ) as family_row,
    from timed
    inner join dayparts using (hour)
),
placed as (
    select
        first_rows.* exclude (family_row),
        pick(word(state, getvariable('family')), $families, threshold, other)::integer as first_family,
        ((source_row * 100000 + day) * 100000 + shop_row) * 10 + till as place,
        (hour * 3600 + second) * 4294967296 + shopper as moment,
    from first_rows
    inner join tastes on tastes.key = family_row * $families + slot(word(state, getvariable('family')), $families)
),
numbered as (
    select
        *,
        row_number() over (order by place, moment) as receipt,
        sum(lines_count) over (order by place, moment rows unbounded preceding) - lines_count as lines_before,
    from placed
),
places as (select place, min(receipt) as first_receipt from numbered group by place)
select
    receipt, (receipt - first_receipt + 1)::integer as ticket, lines_count, lines_before::bigint as lines_before,
    shopper, favourite_word, persona, taste_row, source_row, shop_row, type, variant, till, day, hour, second, daypart, state,
    first_family, has_app, shows_card, is_cash,
from numbered
inner join places using (place)
"""

_LINES = """
create or replace temp table lines as
with numbered as (select *, unnest(range(lines_count)) as line from receipts),
keyed as (select * replace (if(line = 0, state, mix32(xor(state, spread(line)))) as state) from numbered),
rows as (
    select
        *,
        line > 0 and not below(word(state, getvariable('stays')), $same_family_share) as is_drawn,
        if(
            below(word(state, getvariable('counter')), $common_share),
            $taste_rows + type * $dayparts + daypart,
            taste_row * $types + type
        ) * $families + slot(word(state, getvariable('family')), $families) as taste_key,
    from keyed
),
families as (
    select
        rows.*,
        if(is_drawn, pick(word(state, getvariable('family')), $families, threshold, other)::integer, first_family) as family,
    from rows
    inner join tastes on tastes.key = rows.taste_key
),
words as (
    select
        families.*,
        if(
            below(word(state, getvariable('usual')), $favourite_share),
            mix32(xor(favourite_word, spread(variant * $families + family))),
            word(state, getvariable('article'))
        ) as article_word,
    from families
)
select
    receipt, line::integer as line, words.shopper, words.source_row,
    $most_articles * family + pick(article_word, $most_articles, articles.threshold, articles.other)::integer as product,
    case
        when below(word(state, getvariable('several')), several)
            then 2 + (slot(word(state, getvariable('several')), 1000000) % 10 > 6)::integer
                + (slot(word(state, getvariable('several')), 1000000) % 10 > 8)::integer
        else 1
    end * if(below(word(state, getvariable('refund')), $refunds), -1, 1) as quantity,
from words
inner join articles
    on articles.key = ((persona * $variants + variant) * $families + family) * $most_articles + slot(article_word, $most_articles)
"""


class Drawing:
    """Draws days of some areas in one DuckDB connection.

    Leaves the temp tables `receipts`, numbered as the tills wrote them, and `lines`.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, model: Model, places: Places, days: np.ndarray) -> None:
        self._con, self._model, self._places = con, model, places
        install(con)
        for name in _STREAMS:
            con.execute(f"set variable {name} = {stream(model.seed, name)}::ubigint")
        self._day_weights = self._weights(days)
        self._fixed_tables(days)

    @property
    def largest_weights(self) -> np.ndarray:
        """Largest weight of a day, by persona."""
        return self._day_weights.max(axis=1)

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """A temp table from a frame."""
        self._con.register("frame", frame)
        self._con.execute(f"create or replace temp table {name} as from frame")
        self._con.unregister("frame")

    def _weights(self, days: np.ndarray) -> np.ndarray:
        p, model = self._model.parameters, self._model
        weights = model.weeks[:, calendar.weekdays(days)] * calendar.season(days, p.season)
        paid = np.array([0.0, *(float(q.taste.get("CIGARETTES", 0) + q.taste.get("LOTO", 0) > 10) for q in p.personas)])
        return weights * (1 + p.payday * np.outer(paid, calendar.is_payday(days)))

    def _fixed_tables(self, days: np.ndarray) -> None:
        model, weekday = self._model, calendar.weekdays(days)
        personas, kinds = len(model.shares), len(model.assortments)
        classes = np.select([weekday == 6, weekday == 5], [2, 1], 0)
        self.table(
            "days",
            pd.DataFrame(
                {
                    "persona": np.repeat(np.arange(personas), len(days)),
                    "day": np.tile(days.astype(np.int64), personas),
                    "weekday": np.tile(weekday, personas),
                    "class": np.tile(classes, personas),
                    "weight": self._day_weights.ravel(),
                }
            ),
        )
        shops = self._places.shops
        flavours = list(model.parameters.flavours)
        self.table(
            "shops",
            shops[["type", "variant", "profile", "closed_weekday", "tills"]].assign(
                shop_row=np.arange(len(shops)), source_row=[flavours.index(source) for source in shops["source"]]
            ),
        )
        profile, day = np.indices(model.presence.shape).reshape(2, -1)
        self.table("presence", pd.DataFrame({"profile": profile, "weekday": day, "share": model.presence.ravel()}))
        self.table("hours", alias_frame(model.hours.reshape(-1, 24)))
        self.table("sizes", alias_frame(model.sizes.reshape(-1, SIZES)))
        self.table("dayparts", pd.DataFrame({"hour": np.arange(24), "daypart": DAYPART_OF_HOUR}))
        slots = model.article_slots
        shares = np.where(slots >= 0, model.article_shares[:, :, np.maximum(slots, 0)], 0.0)
        several = np.array([SEVERAL.get(name, 0.03) for name in FAMILIES])
        articles = alias_frame(shares.reshape(-1, slots.shape[1]))
        self.table("articles", articles.assign(several=several[articles["key"] // slots.shape[1] % len(FAMILIES)]))
        self._fixed = {
            "stranger_share": model.parameters.stranger_share,
            "app_shown": model.parameters.app_shown,
            "card_shown": model.parameters.card_shown,
            "common_share": model.parameters.common_share,
            "same_family_share": model.parameters.same_family_share,
            "favourite_share": model.parameters.favourite_share,
            "refunds": model.parameters.refunds,
            "profiles": len(model.profiles),
            "classes": DAY_CLASSES,
            "types": kinds,
            "sizes": SIZES,
            "dayparts": len(DAYPARTS),
            "families": len(FAMILIES),
            "variants": model.article_shares.shape[1],
            "most_articles": slots.shape[1],
        }

    def settle(self, areas: list[int], people: People, factor: float) -> None:
        """Take in the people of some areas: their tastes (also those after an event), and the shops that strangers meet there."""
        model, shops = self._model, self._places.shops
        self._people, self._factor, self._areas = people, factor, areas
        table, switches = people.table, people.switches
        area_of = table["area"].to_numpy()
        parts = [np.flatnonzero(area_of == area) for area in areas]
        groups = table["group"].to_numpy()
        tastes = [dirichlet_tastes(model, area, "first", groups[rows]) for area, rows in zip(areas, parts, strict=True)]
        moved = switches["row"].to_numpy()
        later = np.empty((len(switches), len(FAMILIES)))
        for area in areas if len(switches) else []:
            own = area_of[moved] == area
            later[own] = dirichlet_tastes(model, area, "later", groups[moved[own]] % 12 + 12 * switches["persona"].to_numpy()[own])
        tastes.append(later)
        limited = np.concatenate(tastes)[:, None, :] * model.assortments
        counters = model.counters.reshape(-1, len(FAMILIES))
        self._taste_rows = len(limited) * len(model.assortments)
        self.table("tastes", pd.concat([alias_frame(limited.reshape(-1, len(FAMILIES))), alias_frame(counters, self._taste_rows)]))
        most = max(int((shops["area"] == area).sum()) for area in areas)
        sizes = np.zeros((len(areas), most))
        self._first_shop = {}
        for row, area in enumerate(areas):
            own = shops.index[shops["area"] == area]
            sizes[row, : len(own)] = shops.loc[own, "size"]
            self._first_shop[area] = int(own[0])
        self.table("strangers", alias_frame(sizes))
        self._most_shops = most

    def draw(self, days: np.ndarray) -> None:
        """Make the tables `receipts` and `lines` of these days (within one month, events fall on its first day)."""
        first, last = int(days[0].astype(int)), int(days[-1].astype(int))
        self.table("people", self._present(first))
        fixed = self._fixed | {"taste_rows": self._taste_rows, "most_shops": self._most_shops, "first": first, "last": last}
        for statement in (_VISITS, _RECEIPTS, _LINES):
            self._con.execute(statement, {name: value for name, value in fixed.items() if f"${name}" in statement})

    def _present(self, day: int) -> pd.DataFrame:
        """People as they are on a day: persona and taste may have changed."""
        table, switches = self._people.table, self._people.switches
        persona, taste = table["persona"].to_numpy().copy(), np.arange(len(table))
        for number, switch in enumerate(switches.itertuples()):
            if switch.day <= day:
                persona[switch.row], taste[switch.row] = switch.persona, len(table) + number
        rows = {area: row for row, area in enumerate(self._areas)}
        kept = table[["shopper", "first_day", "last_day", "joined_on"]].assign(
            persona=persona,
            taste_row=taste,
            area_row=table["area"].map(rows),
            first_shop=table["area"].map(self._first_shop),
            rate=rates(self._model, table, persona, self._factor, self.largest_weights),
            has_card=table["card"].notna(),
            cash_share=np.array(_CASH)[table["band"]],
        )
        for name in ("visit", "shopper", "favourite"):  # one word of each shopper, mixed with the day or the family later
            kept[f"{name}_word"] = mix32(table["shopper"].to_numpy(dtype=np.uint64) ^ np.uint64(stream(self._model.seed, name)))
        usual = [name for name in table if name.startswith(("shop_", "bound_"))]
        return kept.join(table[usual]).assign(person=np.arange(len(table), dtype=np.int32))
