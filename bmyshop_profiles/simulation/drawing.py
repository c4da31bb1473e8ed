"""Visits, receipts and lines of some days: the tables they are drawn from, and the tables of a connection they are left in.

Does not belong here: the drawing itself (`draws`), how people came to be (`people`), text of the files (`raw_files`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.simulation import calendar
from bmyshop_profiles.simulation.draws import Columns, Tables, draw_lines, draw_receipts, draw_visits
from bmyshop_profiles.simulation.mixing import WORD, Chances, limits, mix32, spread, stream
from bmyshop_profiles.simulation.model import Model
from bmyshop_profiles.simulation.people import People, rates
from bmyshop_profiles.simulation.places import Places
from bmyshop_profiles.simulation.products import FAMILIES, SEVERAL
from bmyshop_profiles.simulation.tastes import own_tastes

# a query is of the one thread that starts it; joins are written as they are best done, the many rows first
DATABASE: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "disabled_optimizers": "join_order"}
_CASH = (0.25, 0.4, 0.55)  # share of receipts paid in cash by age band


def quiet(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The connection without DuckDB's own progress bar, which would run through what the command line says."""
    con.execute("set enable_progress_bar = false")
    return con


def put(con: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame, kind: str = "temp table") -> None:
    """A table from a frame: `temp table` for this connection alone, `table` for all connections to its database."""
    con.register("frame", frame)
    con.execute(f"create or replace {kind} {name} as from frame")
    con.unregister("frame")


class Drawing:
    """Draws days of the people of some areas. It is only read while it draws: threads share it."""

    def __init__(self, model: Model, places: Places, days: np.ndarray) -> None:
        self._model, self._places = model, places
        self.largest_weights = self._weights(days).max(axis=1)  # of a day, by persona
        slots = model.article_slots
        shares = np.where(slots >= 0, model.article_shares[:, :, np.maximum(slots, 0)], 0.0)
        several = np.array([SEVERAL.get(name, 0.03) for name in FAMILIES])
        shops = {name: places.shops[name].to_numpy() for name in ("type", "variant", "profile", "tills")}
        sources = places.shops["source"].map(list(model.parameters.flavours).index).to_numpy()
        self._fixed: dict[str, Any] = {  # of `Tables`: what does not depend on people
            "model": model,
            "shops": shops | {"source": sources},
            "openings": self._openings(),
            "hours": Chances.of(model.hours),
            "sizes": Chances.of(model.sizes),
            "missions": Chances.of(model.mission_chances),
            "articles": Chances.of(shares),
            "several": limits(several),
        }

    def _weights(self, days: np.ndarray) -> np.ndarray:
        p, model = self._model.parameters, self._model
        weights = model.weeks[:, calendar.weekdays(days)] * calendar.season(days, p.season)
        paid = np.array([0.0, *(float(q.taste.get("CIGARETTES", 0) + q.taste.get("LOTO", 0) > 10) for q in p.personas)])
        return weights * (1 + p.payday * np.outer(paid, calendar.is_payday(days)))

    def _openings(self) -> np.ndarray:
        shops = self._places.shops
        is_closed = shops["closed_weekday"].to_numpy()[:, None] == np.arange(7)
        return limits(np.where(is_closed, 0.0, self._model.presence[shops["profile"]]))

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
        own = Chances.of(limited, run)
        most = max(int((shops["area"] == area).sum()) for area in areas)
        sizes = np.zeros((len(areas), most))
        self._first_shop = {}
        for row, area in enumerate(areas):
            mine = shops.index[shops["area"] == area]
            sizes[row, : len(mine)] = shops.loc[mine, "size"]
            self._first_shop[area] = int(mine[0])
        self._tables = Tables(
            **self._fixed, tastes=own.then(Chances.of(counters)), own_rows=len(own.entries) // own.width, strangers=Chances.of(sizes)
        )

    def present(self, month: str) -> Columns:
        """People as they are in a month: events fall on its first day, persona and taste may have changed.

        Rates and shares of cash are of 2**32.
        """
        table, switches = self._people.table, self._people.switches
        day = np.datetime64(month, "D").astype(int)
        persona, taste = table["persona"].to_numpy().copy(), np.arange(len(table))
        for number, switch in enumerate(switches.itertuples()):
            if switch.day <= day:
                persona[switch.row], taste[switch.row] = switch.persona, len(table) + number
        rows = {area: row for row, area in enumerate(self._areas)}
        usual = [name for name in table if name.startswith(("shop_", "bound_"))]
        own = {name: table[name].to_numpy() for name in ("shopper", "first_day", "last_day", "joined_on", *usual)}
        words = {  # one word of each shopper, mixed with the day or the family later
            f"{name}_word": mix32(own["shopper"] ^ stream(self._model.seed, name)) for name in ("visit", "shopper", "favourite")
        }
        return (
            own
            | words
            | {
                "persona": persona,
                "taste_row": taste,
                "area_row": table["area"].map(rows).to_numpy(),
                "first_shop": table["area"].map(self._first_shop).to_numpy(),
                "rate": rates(self._model, table, persona, self._factor, self.largest_weights) * WORD,
                "has_card": table["card"].notna().to_numpy(),
                "cash_share": limits(np.array(_CASH))[table["band"]],
            }
        )

    def draw(self, con: duckdb.DuckDBPyConnection, people: Columns, days: np.ndarray, keys: Sequence[int] = ()) -> None:
        """Leave the temp tables `receipts`, numbered as the tills wrote them, and `lines` of these days; people: as `present` then.

        keys: by source; with them lines have `dice`, a word that says whether something goes wrong with it on the way to a file.
        """
        weekday, number = calendar.weekdays(days), days.astype(np.int64)
        classes = np.select([weekday == 6, weekday == 5], [2, 1], 0)
        visits = draw_visits(self._tables, people, number, weekday, self._weights(days))
        receipts = draw_receipts(self._tables, people, visits, number, classes)
        lines = draw_lines(self._tables, receipts)
        lines["source_row"] = receipts["source_row"][lines["receipt"]]
        lines["receipt"] += 1
        told = {name: column.astype(np.int32) for name, column in lines.items()}
        if keys:
            told["dice"] = mix32(mix32(lines["receipt"] ^ np.array(keys)[lines["source_row"]]) ^ spread(lines["line"]))
        put(con, "lines", pd.DataFrame(told, copy=False))
        small = ("persona", "source_row", "shop_row", "till", "day", "lines_count", "mission", "ticket")
        kept = {name: receipts[name].astype(np.int32) for name in small}
        kept |= {name: receipts[name] for name in ("shopper", "daypart", "has_app", "shows_card", "is_cash")}
        kept["receipt"] = np.arange(1, len(receipts["day"]) + 1, dtype=np.int32)
        kept["sold_at"] = (receipts["day"] * 86_400 + receipts["second"]).astype("datetime64[s]").astype("datetime64[us]")
        put(con, "receipts", pd.DataFrame(kept, copy=False))
