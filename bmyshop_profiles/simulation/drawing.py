"""Visits, receipts and lines of some days, drawn in SQL from tables of people, shops and probabilities.

Belongs here: the tables the SQL joins, the connections that run it. Does not belong here: the SQL itself (`draws`), how people came to be
(`people`), text of the files (`raw_files`). Nothing here depends on the order of rows or on threads: each draw is a word keyed by shopper,
day and line.
"""

from collections.abc import Callable, Iterable
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import calendar, draws
from bmyshop_profiles.simulation.missions import MISSIONS
from bmyshop_profiles.simulation.mixing import WORD, alias_frame, install, limits, mix32, stream
from bmyshop_profiles.simulation.model import DAY_CLASSES, DAYPART_OF_HOUR, DAYPARTS, SIZES, Model
from bmyshop_profiles.simulation.people import People, rates
from bmyshop_profiles.simulation.places import Places
from bmyshop_profiles.simulation.products import FAMILIES, SEVERAL
from bmyshop_profiles.simulation.tastes import own_tastes

# a query is of the one thread that starts it; joins are written as they are best done, the many rows first
DATABASE: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "disabled_optimizers": "join_order"}
_CASH = (0.25, 0.4, 0.55)  # share of receipts paid in cash by age band


def put(con: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame, kind: str = "temp table") -> None:
    """A table from a frame: `temp table` for this connection alone, `table` for all connections to its database."""
    con.register("frame", frame)
    con.execute(f"create or replace {kind} {name} as from frame")
    con.unregister("frame")


class Drawing:
    """Draws days of some areas in a DuckDB database: its tables are the same for all connections, draws are of one connection.

    Leaves the temp tables `receipts`, numbered as the tills wrote them, and `lines`.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, model: Model, places: Places, days: np.ndarray) -> None:
        self._con, self._model, self._places = con, model, places
        self._day_weights = self._weights(days)
        self._fixed_tables(days)

    @property
    def largest_weights(self) -> np.ndarray:
        """Largest weight of a day, by persona."""
        return self._day_weights.max(axis=1)

    def share(self, name: str, frame: pd.DataFrame) -> None:
        """A table that all connections see."""
        put(self._con, name, frame, "table")

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Another connection, for a thread of its own, that knows how to draw."""
        con = self._con.cursor()
        install(con)
        for name in draws.STREAMS:
            con.execute(f"set variable {name} = {stream(self._model.seed, name)}::ubigint")
        return con

    def _weights(self, days: np.ndarray) -> np.ndarray:
        p, model = self._model.parameters, self._model
        weights = model.weeks[:, calendar.weekdays(days)] * calendar.season(days, p.season)
        paid = np.array([0.0, *(float(q.taste.get("CIGARETTES", 0) + q.taste.get("LOTO", 0) > 10) for q in p.personas)])
        return weights * (1 + p.payday * np.outer(paid, calendar.is_payday(days)))

    def _fixed_tables(self, days: np.ndarray) -> None:
        model, weekday = self._model, calendar.weekdays(days)
        personas, kinds = len(model.shares), len(model.assortments)
        classes = np.select([weekday == 6, weekday == 5], [2, 1], 0)
        self.share(
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
        self.share("openings", self._openings())
        self.share("hours", alias_frame(model.hours.reshape(-1, 24)))
        self.share("sizes", alias_frame(model.sizes.reshape(-1, SIZES)))
        self.share("missions", alias_frame(model.mission_chances.reshape(-1, len(MISSIONS))))
        self.share("dayparts", pd.DataFrame({"hour": np.arange(24), "daypart": DAYPART_OF_HOUR}))
        slots = model.article_slots
        shares = np.where(slots >= 0, model.article_shares[:, :, np.maximum(slots, 0)], 0.0)
        several = np.array([SEVERAL.get(name, 0.03) for name in FAMILIES])
        articles = alias_frame(shares.reshape(-1, slots.shape[1]))
        self.share("articles", articles.assign(several=limits(several)[articles["key"] // slots.shape[1] % len(FAMILIES)]))
        self._fixed = {
            "stranger_share": model.parameters.stranger_share,
            "app_shown": model.parameters.app_shown,
            "card_shown": model.parameters.card_shown,
            "common_share": model.parameters.common_share,
            "same_family_share": model.parameters.same_family_share,
            "mission_share": model.parameters.mission_share,
            "missions": len(MISSIONS),
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

    def settle(self, areas: list[int], people: People, factor: float, run: Callable[..., Iterable[Any]] = map) -> None:
        """Take in the people of some areas: their tastes (also those after an event), and the shops that strangers meet there.

        run: maps a function over parts of the work, as `map` does.
        """
        model, shops = self._model, self._places.shops
        self._people, self._factor, self._areas = people, factor, areas
        table, switches = people.table, people.switches
        area_of = table["area"].to_numpy()
        parts = [np.flatnonzero(area_of == area) for area in areas]
        groups = table["group"].to_numpy()
        place = table["shop_1"].to_numpy()
        tastes = [
            own_tastes(model, self._places, area, "first", groups[rows], place[rows]) for area, rows in zip(areas, parts, strict=True)
        ]
        moved = switches["row"].to_numpy()
        later = np.empty((len(switches), len(FAMILIES)))
        for area in areas if len(switches) else []:
            own = area_of[moved] == area
            group = groups[moved[own]] % 12 + 12 * switches["persona"].to_numpy()[own]
            later[own] = own_tastes(model, self._places, area, "later", group, place[moved[own]])
        tastes.append(later)
        limited = np.concatenate(tastes)[:, None, :] * model.assortments
        missions = model.mission_tables.transpose(1, 0, 2).reshape(-1, len(FAMILIES))
        counters = np.concatenate([model.counters.reshape(-1, len(FAMILIES)), missions])
        self._taste_rows = len(limited) * len(model.assortments)
        self.share("tastes", pd.concat([alias_frame(limited.reshape(-1, len(FAMILIES)), run=run), alias_frame(counters, self._taste_rows)]))
        most = max(int((shops["area"] == area).sum()) for area in areas)
        sizes = np.zeros((len(areas), most))
        self._first_shop = {}
        for row, area in enumerate(areas):
            own = shops.index[shops["area"] == area]
            sizes[row, : len(own)] = shops.loc[own, "size"]
            self._first_shop[area] = int(own[0])
        self.share("strangers", alias_frame(sizes))
        self._most_shops = most

    def enter(self, con: duckdb.DuckDBPyConnection, month: str) -> None:
        """Have a connection know the people as they are in a month: events fall on its first day."""
        put(con, "people", self._present(np.datetime64(month, "D").astype(int)))

    def draw(self, con: duckdb.DuckDBPyConnection, days: np.ndarray) -> None:
        """Make the tables `receipts` and `lines` of these days, within the month that was entered."""
        first, last = int(days[0].astype(int)), int(days[-1].astype(int))
        fixed = self._fixed | {"taste_rows": self._taste_rows, "most_shops": self._most_shops, "first": first, "last": last}
        for statement in (draws.VISITS, draws.RECEIPTS, draws.LINES):
            con.execute(statement, {name: value for name, value in fixed.items() if f"${name}" in statement})

    def _openings(self) -> pd.DataFrame:
        """What a visit needs to know of each shop on each weekday (key: row × 7 + weekday); `happens` is of 2**32, 0 when closed."""
        shops, flavours = self._places.shops, list(self._model.parameters.flavours)
        row, weekday = np.indices((len(shops), 7)).reshape(2, -1)
        own = shops[["type", "variant", "profile", "closed_weekday", "tills"]].iloc[row].reset_index(drop=True)
        presence = np.where(own["closed_weekday"] == weekday, 0.0, self._model.presence[own["profile"], weekday])
        source = shops["source"].map(flavours.index).to_numpy()[row]
        return own.drop(columns="closed_weekday").assign(key=row * 7 + weekday, source_row=source, happens=limits(presence))

    def _present(self, day: int) -> pd.DataFrame:
        """People as they are on a day: persona and taste may have changed. Rates and shares of cash are of 2**32."""
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
            rate=rates(self._model, table, persona, self._factor, self.largest_weights) * WORD,
            has_card=table["card"].notna(),
            cash_share=limits(np.array(_CASH))[table["band"]],
        )
        for name in ("visit", "shopper", "favourite"):  # one word of each shopper, mixed with the day or the family later
            kept[f"{name}_word"] = mix32(table["shopper"].to_numpy(dtype=np.uint64) ^ np.uint64(stream(self._model.seed, name)))
        usual = [name for name in table if name.startswith(("shop_", "bound_"))]
        return kept.join(table[usual])
