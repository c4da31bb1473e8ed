"""What each shopper buys without end: many receipts of everybody, drawn from own tastes on days that no file tells of, and only counted.

A label is a property of a person, not of how many receipts happened to be seen. People are those of the network, drawn again from its
parameters; days are a year before its first, so that nothing is counted that an estimate may have seen. Everybody comes about every second
day. Only evaluation asks for it, and it costs more than a small network itself.
Belongs here: the drawing and the counts. Does not belong here: what a typology makes of them (`evaluation.truth`).
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np

from bmyshop_profiles.engine.session import literal
from bmyshop_profiles.simulation.batches import Batch, batches
from bmyshop_profiles.simulation.calendar import days_of
from bmyshop_profiles.simulation.drawing import DATABASE, Drawing, put, quiet
from bmyshop_profiles.simulation.model import DAYPARTS, Model
from bmyshop_profiles.simulation.parameters import parameters_of
from bmyshop_profiles.simulation.people import People
from bmyshop_profiles.simulation.places import draw_places, zones
from bmyshop_profiles.simulation.pricing import price_goods

WINDOW_DAYS = 28  # of which articles are new once: about as many receipts as half of a member's
WINDOWS = 13
_ALWAYS = np.iinfo(np.int32).max

# of one window, after `receipts` and `lines` of it were drawn
_COUNTS = """
insert into counted
with sold as (
    select shopper, item // 16 as product, item, shop_row, receipt from lines inner join receipts using (receipt) where item % 16 > 8
),
amounts as (select receipt, any_value(shopper) as shopper, sum(cents) // 100 as euros from sold inner join goods using (item) group by 1),
variety as (select shopper, count(distinct product) as new, count(*) as lines_count from sold group by shopper),
found as (
    select shopper, 'product' as kind, product as value, count(*) as amount from sold group by all
    union all select shopper, 'store', shop_row, count(*) from receipts group by all
    union all select shopper, 'daypart', daypart, count(*) from receipts group by all
    union all select shopper, 'lines', lines_count, count(*) from receipts group by all
    union all select shopper, 'euros', euros, count(*) from amounts group by all
    union all select shopper, 'new', 0, new from variety
    union all select shopper, 'again', 0, lines_count - new from variety
)
select shopper, kind, value::integer, amount::integer from found
"""

_TABLE = """
with named as (
    select shopper, kind, value, sum(amount)::bigint as amount from counted group by all
)
select
    shopper, $from_month as from_month, kind, amount,
    case kind
        when 'product' then (select any_value(ean) from goods where goods.item // 16 = value)
        when 'store' then (select shop from shop_texts where shop_row = value)
        when 'daypart' then list_extract($dayparts, value + 1)
        else value::varchar
    end as value_key,
from named
order by all
"""


def write_unlimited(truth: Path, threads: int | None = None) -> Path:
    """Count the endless receipts of a simulated network's people; the directory of files: shopper, from_month, kind, value_key, amount.

    kind: product (lines), store, daypart, lines and euros (receipts), new and again (lines, of windows of four weeks). from_month: whoever
    an event makes another persona has counts from its month on too. Written once; the truth of a network does not change.
    """
    target = truth / "unlimited"
    if target.exists():
        return target
    told = json.loads((truth / "parameters.json").read_text(encoding="utf-8"))
    model = Model(parameters_of(told["parameters"]), told["seed"])
    places = draw_places(model, zones(Path(told["zones_directory"]) if told["zones_directory"] else None), told["stores"])
    months = told["months"]
    start = np.datetime64(months[0], "D")
    before = np.arange(start - WINDOWS * WINDOW_DAYS, start)
    part = truth / ".unlimited"
    part.mkdir(exist_ok=True)
    everybody = batches(model, places, members=told["members"], shoppers=told["shoppers"], days=days_of(months[0], months[-1]))
    with quiet(duckdb.connect(config=DATABASE)) as con, ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        drawing = Drawing(model, places, before)
        put(con, "shop_texts", places.shops[["shop"]].assign(shop_row=np.arange(len(places.shops))), "table")
        for batch in everybody:
            for month in (months[0], *sorted({event.month for event in model.parameters.events} & set(months[1:]))):
                _count(con, drawing, pool, model, batch, month, is_first=month == months[0], before=before)
                price_goods(con, model, months[0])
                path = part / f"{batch.number:03d}_{month}.parquet"
                parameters = {"from_month": month, "dayparts": list(DAYPARTS)}
                con.execute(f"copy ({_TABLE}) to {literal(path)} (format parquet, compression zstd)", parameters)
    return part.rename(target)


def _count(
    con: duckdb.DuckDBPyConnection, drawing: Drawing, pool: ThreadPoolExecutor, model: Model, batch: Batch, month: str, *,
    is_first: bool, before: np.ndarray,
) -> None:  # fmt: skip
    """Leave the table `counted` of a batch's people as they are in a month: of all, or of those whom an event changes then."""
    day = int(np.datetime64(month, "D").astype(int))
    table = batch.people.table.assign(visits=1.0, first_day=-_ALWAYS, last_day=_ALWAYS)
    switches = batch.people.switches
    if not is_first:
        moved = np.isin(np.arange(len(table)), switches["row"][switches["day"] == day])
        table = table.assign(last_day=np.where(moved, _ALWAYS, -_ALWAYS))
    people = replace(batch.people, table=table)
    drawing.settle(batch.areas, People(people.table, people.switches), _ALWAYS, pool.map)
    con.execute("create or replace table counted (shopper integer, kind varchar, value integer, amount integer)")

    present = drawing.present(month)

    def window(days: np.ndarray) -> None:
        with quiet(con.cursor()) as own:
            price_goods(own, model, month)
            drawing.draw(own, present, days)
            own.execute(_COUNTS)

    for job in [pool.submit(window, days) for days in np.split(before, WINDOWS)]:
        job.result()
