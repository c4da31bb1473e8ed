"""Articles as the files of a month show them: code, label, family and price, prices rising with time. No drawing."""

import duckdb
import numpy as np
import pandas as pd

from bmyshop_profiles.simulation.drawing import put
from bmyshop_profiles.simulation.model import Model

BASE_MONTH = "2025-01"  # whose prices are those of the catalogue

# A line tells of its article and quantity only: what is written of an item is made once a month, not once a line.
_GOODS = """
create or replace temp table goods as
with items as (
    select
        *, 16 * product + 8 + quantity as item, quantity * unit_cents as cents,
        (unit_cents * 0.01::decimal(3, 2))::varchar as price, (quantity * unit_cents * 0.01::decimal(3, 2))::varchar as total,
    from products
    cross join (select unnest([-4, -3, -2, -1, 1, 2, 3, 4]) as quantity)
)
select
    item, ean, label, family, quantity, cents, total,
    concat(ean, ',', quoted, ',', family, ',', quantity, ',', price, ',', total) as comma_text,
    concat(
        ean, ';', quoted, ';', family, ';', quantity, ',000;', replace(price, '.', ','), ';', replace(total, '.', ',')
    ) as semicolon_text,
from items
"""


def price_goods(con: duckdb.DuckDBPyConnection, model: Model, month: str) -> None:
    """Leave the temp table `goods`: a row for each article and quantity, with its amount and its part of a line of text.

    item: 16 × place among the padded articles of its family + 8 + quantity; cents: of the whole line; comma_text: of `caisse_a`,
    semicolon_text: of `caisse_b`.
    """
    put(con, "products", _month_prices(model, month))
    con.execute(_GOODS)


def _month_prices(model: Model, month: str) -> pd.DataFrame:
    elapsed = (np.datetime64(month, "M") - np.datetime64(BASE_MONTH, "M")).astype(int)
    factor = (1 + model.parameters.inflation) ** (elapsed / 12)
    family, slot = np.nonzero(model.article_slots >= 0)
    own = [model.products[number] for number in model.article_slots[family, slot]]
    return pd.DataFrame(
        {
            "product": (family * model.article_slots.shape[1] + slot).astype(np.int32),
            "ean": [product.ean for product in own],
            "label": [product.label for product in own],
            "quoted": ['"' + product.label.replace('"', '""') + '"' for product in own],
            "family": [product.family for product in own],
            "unit_cents": np.array([round(product.price_cents * factor) for product in own], dtype=np.int32),
        }
    )
