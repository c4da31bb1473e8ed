"""How visits, receipts and lines of some days are drawn: arrays of a few hundred thousand rows, one narrow step after another.

Every decision has a word of its own, keyed by shopper, day and line: nothing depends on the order of rows, on threads, or on what else is
drawn. Does not belong here: where the tables come from (`drawing`), text of the files (`raw_files`).
"""

from dataclasses import dataclass

import numpy as np

from bmyshop_profiles.simulation.mixing import WORD, Chances, even, mix32, spread, stream
from bmyshop_profiles.simulation.model import DAY_CLASSES, DAYPART_OF_HOUR, DAYPARTS, Model
from bmyshop_profiles.simulation.products import FAMILIES

Columns = dict[str, np.ndarray]
_DAY, _HOUR = 86_400, 3600  # seconds
_MOST_TILLS = 10


@dataclass(frozen=True)
class Tables:
    """What people choose from. Chances are by row, limits are below 2**32."""

    model: Model
    shops: Columns  # type, variant, profile, tills and source of each
    openings: np.ndarray  # shops × weekdays: limit of the visits that happen, 0 when closed
    hours: Chances  # persona × profile × class of day
    sizes: Chances  # persona × type
    missions: Chances  # persona × type × daypart × family of the first line: why its buyer came
    articles: Chances  # persona × variant × family
    several: np.ndarray  # family: limit of lines of more than one piece
    tastes: Chances  # own taste × type; then, for the counter, type × daypart; then mission × type
    own_rows: int  # of tastes that are somebody's own
    strangers: Chances  # area


class _Words:
    """The words of some rows, one for each decision; a row's own word is its state."""

    def __init__(self, seed: int, state: np.ndarray) -> None:
        self._seed, self.state = seed, state

    def take(self, rows: np.ndarray) -> "_Words":
        return _Words(self._seed, self.state[rows])

    def of(self, decision: str) -> np.ndarray:
        return mix32(self.state ^ np.uint32(stream(self._seed, decision)))

    def below(self, decision: str, share: float) -> np.ndarray:
        return np.asarray(self.of(decision) < np.uint64(round(share * WORD)))


def take(columns: Columns, rows: np.ndarray) -> Columns:
    """Some rows of all columns."""
    return {name: column[rows] for name, column in columns.items()}


def draw_visits(tables: Tables, people: Columns, days: np.ndarray, weekdays: np.ndarray, weights: np.ndarray) -> Columns:
    """Who comes to which shop on which day. days: since 1970; weights: persona × day.

    Every shopper × day is tried once: one word decides whether there is a visit, another one keys all that follows. Visits are in the order
    of days and people. Columns: person (row of people), date (row of days), shop and state.
    """
    p, seed, spreads = tables.model.parameters, tables.model.seed, spread(days)
    came = []
    for number, day in enumerate(days):
        limit = people["rate"] * weights[people["persona"], number]
        is_here = (people["first_day"] <= day) & (day <= people["last_day"])
        came.append(np.flatnonzero((mix32(people["visit_word"] ^ spreads[number]) < limit) & is_here))
    person, date = np.concatenate(came), np.repeat(np.arange(len(days)), [len(each) for each in came])
    words = _Words(seed, mix32(people["shopper_word"][person] ^ spreads[date]))
    word = words.of("shop")
    usual = np.sum([word >= people[f"bound_{n}"][person] for n in (1, 2, 3)], axis=0)
    shop = np.choose(usual, [people[f"shop_{n}"][person] for n in (1, 2, 3, 4)])
    strange = np.flatnonzero(words.below("stranger", p.stranger_share))
    stranger = person[strange]
    shop[strange] = people["first_shop"][stranger] + tables.strangers.draw(people["area_row"][stranger], words.take(strange).of("place"))
    happens = np.flatnonzero(words.of("happens") < tables.openings[shop, weekdays[date]])
    return take({"person": person, "date": date, "shop_row": shop, "state": words.state}, happens)


def draw_receipts(tables: Tables, people: Columns, visits: Columns, days: np.ndarray, classes: np.ndarray) -> Columns:
    """Receipts in the order of tills, shops and time, with all that is known of them but their lines.

    own_row and common_row: rows of tastes by which the shopper, or the counter, decides; mission_row: by which the mission does. The family
    of the first line tells, with persona, type and daypart, why its buyer came.
    """
    model, p = tables.model, tables.model.parameters
    types, families = len(model.assortments), len(FAMILIES)
    person, shop, words = visits["person"], visits["shop_row"], _Words(model.seed, visits["state"])
    day, persona, kind = days[visits["date"]], people["persona"][person], tables.shops["type"][shop]
    profile_row = persona * len(model.profiles) + tables.shops["profile"][shop]
    hour = tables.hours.draw(profile_row * DAY_CLASSES + classes[visits["date"]], words.of("hour"))
    daypart = DAYPART_OF_HOUR[hour]
    own_row = people["taste_row"][person] * types + kind
    common_row = tables.own_rows + kind * len(DAYPARTS) + daypart
    first_row = np.where(words.below("counter", p.common_share), common_row, own_row)
    family = tables.tastes.draw(first_row, words.of("family"))
    context = (persona * types + kind) * len(DAYPARTS) + daypart
    mission = tables.missions.draw(context * families + family, words.of("mission"))
    second = hour * _HOUR + even(words.of("second"), _HOUR)
    till = 1 + even(words.of("till"), tables.shops["tills"][shop])
    found = {
        "shopper": people["shopper"][person],
        "favourite_word": people["favourite_word"][person],
        "persona": persona,
        "source_row": tables.shops["source"][shop],
        "shop_row": shop,
        "variant": tables.shops["variant"][shop],
        "till": till,
        "day": day,
        "daypart": daypart,
        "lines_count": 1 + tables.sizes.draw(persona * types + kind, words.of("size")),
        "state": words.state,
        "has_app": (day >= people["joined_on"][person]) & words.below("app", p.app_shown),
        "shows_card": people["has_card"][person] & words.below("card", p.card_shown),
        "is_cash": words.of("cash") < people["cash_share"][person],
        "second": second,
        "own_row": own_row,
        "common_row": common_row,
        "mission": mission,
        "mission_row": tables.own_rows + (len(DAYPARTS) + mission) * types + kind,
        "first_family": family,
    }
    place = ((found["source_row"] * len(days) + visits["date"]) * len(tables.openings) + shop) * _MOST_TILLS + till
    order = np.argsort((place * _DAY + second) * len(people["shopper"]) + person)  # nobody comes twice a day: all are different
    place = place[order]
    number = np.arange(len(order))
    first = np.maximum.accumulate(np.where(np.diff(place, prepend=-1) != 0, number, 0))
    return take(found, order) | {"ticket": number - first + 1}


def draw_lines(tables: Tables, receipts: Columns) -> Columns:
    """The lines of receipts, in their order: receipt (row), line from 0 on, and item, which tells product and quantity.

    A later line stays in the family of the first one, follows the mission, or is decided as the first one was.
    """
    model, p = tables.model, tables.model.parameters
    families, count = len(FAMILIES), receipts["lines_count"]
    receipt = np.repeat(np.arange(len(count)), count)
    line = np.arange(len(receipt)) - np.repeat(np.cumsum(count) - count, count)
    words = _Words(model.seed, mix32(receipts["state"][receipt] ^ spread(line + 1)))
    family = receipts["first_family"][receipt]
    later = np.flatnonzero((line > 0) & ~words.below("stays", p.same_family_share))
    chosen, of = words.take(later), receipt[later]
    taste_row = np.where(
        chosen.below("follows", p.mission_share),
        receipts["mission_row"][of],
        np.where(chosen.below("counter", p.common_share), receipts["common_row"][of], receipts["own_row"][of]),
    )
    family[later] = tables.tastes.draw(taste_row, chosen.of("family"))
    variant = receipts["variant"][receipt]
    article_word = mix32(
        np.where(
            words.below("usual", p.favourite_share),
            receipts["favourite_word"][receipt] ^ spread(variant * families + family),
            words.state ^ np.uint32(stream(model.seed, "article")),
        )
    )
    article_row = (receipts["persona"][receipt] * model.article_shares.shape[1] + variant) * families + family
    product = family * tables.articles.width + tables.articles.draw(article_row, article_word)
    quantity, several = np.ones(len(line), dtype=np.int64), words.of("several")
    many = np.flatnonzero(several < tables.several[family])
    quantity[many] = 2 + (several[many] % 10 > 6).astype(np.int64) + (several[many] % 10 > 8)
    quantity[words.below("refund", p.refunds)] *= -1
    return {"receipt": receipt, "line": line, "item": 16 * product + 8 + quantity}
