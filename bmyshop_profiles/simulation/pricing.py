"""Articles as the files of a month show them: code, label, family and price, prices rising with time. No drawing."""

import numpy as np
import pandas as pd

from bmyshop_profiles.simulation.model import Model

BASE_MONTH = "2025-01"  # whose prices are those of the catalogue


def month_prices(model: Model, month: str) -> pd.DataFrame:
    """product (place among the padded articles of its family), ean, label, quoted (in text), fields (of caisse_a), family, unit_cents."""
    elapsed = (np.datetime64(month, "M") - np.datetime64(BASE_MONTH, "M")).astype(int)
    factor = (1 + model.parameters.inflation) ** (elapsed / 12)
    family, slot = np.nonzero(model.article_slots >= 0)
    own = [model.products[number] for number in model.article_slots[family, slot]]
    quoted = ['"' + product.label.replace('"', '""') + '"' for product in own]
    return pd.DataFrame(
        {
            "product": family * model.article_slots.shape[1] + slot,
            "ean": [product.ean for product in own],
            "label": [product.label for product in own],
            "quoted": quoted,
            "fields": [f"{product.ean},{label},{product.family}," for product, label in zip(own, quoted, strict=True)],
            "family": [product.family for product in own],
            "unit_cents": np.array([round(product.price_cents * factor) for product in own], dtype=np.int32),
        }
    )
