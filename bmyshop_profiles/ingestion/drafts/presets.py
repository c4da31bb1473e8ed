"""Exports that many shops have, known by their columns: which of them plays which part, where names alone would mislead.

Here: the columns that their vendors document. Not here: how values are written, which is seen in the file as for any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """An export: columns by which it is known, and the column of each role; a role without a column (None) has none."""

    name: str
    known_by: frozenset[str]
    roles: Mapping[str, str | None]


PRESETS = (
    Preset(
        "Square items",
        frozenset({"Date", "Time", "Item", "Qty", "Gross Sales", "Net Sales", "Transaction ID"}),
        {"ticket": "Transaction ID", "amount": "Net Sales", "label": "Item", "family": "Category", "store": "Location", "till": None},
    ),
    # what an order says of itself stands on its first line only: its shop and its total are no use for the others
    Preset(
        "Shopify orders",
        frozenset({"Name", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price"}),
        {
            "ticket": "Name",
            "moment": "Created at",
            "quantity": "Lineitem quantity",
            "label": "Lineitem name",
            "unit_price": "Lineitem price",
            "amount": None,
            "store": None,
            "till": None,
            "product": "Lineitem sku",
        },
    ),
    # the account is the seller's own; what was sold is known by its description alone
    Preset(
        "SumUp sales",
        frozenset({"Transaction ID", "Payment Method", "Quantity", "Description", "Price (Gross)", "Price (Net)"}),
        {
            "ticket": "Transaction ID",
            "amount": "Price (Gross)",
            "unit_price": None,
            "label": "Description",
            "product": None,
            "member": None,
        },
    ),
    # prices are before the discount of the line, the subtotal after it; the other subtotal is without taxes
    Preset(
        "Odoo point of sale order lines",
        frozenset({"Order Ref", "Product", "Quantity", "Unit Price", "Subtotal w/o Tax", "Subtotal"}),
        {"ticket": "Order Ref", "label": "Product", "product": None, "quantity": "Quantity", "amount": "Subtotal", "unit_price": None},
    ),
)


def preset_of(names: Sequence[str]) -> Preset | None:
    """The export that has these columns."""
    return next((preset for preset in PRESETS if preset.known_by <= set(names)), None)
