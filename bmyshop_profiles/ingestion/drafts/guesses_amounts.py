"""What a line cost, guessed: a total or quantity × unit price, units or cents, tried on the sampled rows.

Not here: the other columns of receipts (`guesses_receipts.py`).
"""

import re
from collections import defaultdict
from statistics import median

from bmyshop_profiles.ingestion.drafts.guesses import Guess, number, priced, simple
from bmyshop_profiles.ingestion.drafts.looks import Look
from bmyshop_profiles.ingestion.drafts.roles import words
from bmyshop_profiles.ingestion.drafts.values import Column

IN_CENTS = 50  # median of whole amounts above which they are cents: a line seldom costs 50 euros
WHOLE = 20  # amounts, all of them whole, that are no chance


def amounts(look: Look, roles: dict[str, Column]) -> dict[str, Guess]:
    """Quantity, and what a line cost."""
    found: dict[str, Guess] = {}
    quantity, amount, price = roles.get("quantity"), roles.get("amount"), roles.get("unit_price")
    if quantity is not None:
        found["quantity"] = simple(look, "quantity", quantity, number(look, quantity))
    if amount is not None and quantity is not None and _repeats_within_ticket(look, roles, amount) and price is not None:
        amount = None  # the receipt's total, written on each of its lines
    if amount is not None:
        cents, doubt = _in_cents(amount)
        guess = simple(look, "amount_cents", amount, f"{number(look, amount)}::bigint" if cents else number(look, amount, "cents"))
        guess.assumed = "; ".join(each for each in (amount.doubt, doubt, _checked(look, amount, quantity, price)) if each) or None
        found["amount_cents"] = guess
    elif price is not None:
        found["amount_cents"] = _from_price(look, roles, price, quantity)
    elif len(unnamed := priced(look.columns)) == 1 and look.dialect.get("names"):
        assumed = "nothing names it; it is the only number with decimals"
        found["amount_cents"] = simple(look, "amount_cents", unnamed[0], number(look, unnamed[0], "cents"), assumed)
    else:
        found["amount_cents"] = Guess("null", "no column looks like an amount; write cents(column) of what a line cost", missing=True)
    return found


def _in_cents(column: Column) -> tuple[bool, str | None]:
    """Whether amounts are cents, and the doubt: their name says so, or all of them are whole numbers too large for euros."""
    if not column.is_whole:
        return False, None
    if re.search(r"\b(cents?|centimes?|cts)\b", words(column.name)):
        return True, None
    values = [abs(column.numbers[value]) for value in column.values if value in column.numbers]
    cents = len(values) >= WHOLE and median(values) >= IN_CENTS
    taken = "cents; if they are whole units, multiply by 100" if cents else "whole units; if they are cents, do not multiply by 100"
    return cents, f"all values of {column.name!r} are whole numbers: taken for {taken}"


def _checked(look: Look, amount: Column, quantity: Column | None, price: Column | None) -> str | None:
    """Whether amount = quantity × unit price, where all three are there."""
    if quantity is None or price is None:
        return f"{amount.name!r} is what the whole line cost, all taxes and discounts included" if quantity is not None else None
    columns = (quantity, price, amount)
    trials = [
        abs(of_quantity * of_price - of_amount) <= 0.011 * max(1.0, abs(of_quantity))
        for texts in zip(*(look.values(column.name) for column in columns), strict=True)
        for of_quantity, of_price, of_amount in [tuple(column.number(text) for column, text in zip(columns, texts, strict=True))]
        if of_quantity is not None and of_price is not None and of_amount is not None
    ]
    share = sum(trials) / len(trials) if trials else 0.0
    if share >= 0.9:
        return None
    return f"it is quantity × unit price in only {100 * share:.0f} % of the sampled lines; discounts? Is it the line's total?"


def _from_price(look: Look, roles: dict[str, Column], price: Column, quantity: Column | None) -> Guess:
    """What a line cost, from a column that looks like a price."""
    cents, doubt = _in_cents(price)
    whole_line = f"{number(look, price)}::bigint" if cents else number(look, price, "cents")
    if quantity is None:
        why = "there is no quantity: the price is what the line cost"
        return simple(look, "amount_cents", price, whole_line, f"{doubt}; {why}" if doubt else why)
    product = roles.get("product") or roles.get("label")
    ratio = _ratio(look, product, price, quantity) if product is not None else None
    computed = f"round({number(look, quantity)} * {number(look, price)}{'' if cents else ' * 100'})::bigint"
    if ratio is not None and ratio > 0.75:
        guess = simple(look, "amount_cents", price, whole_line, doubt)
        guess.reason += "; it grows with the quantity of the same article, so it is the line's total"
        return guess
    guess = simple(look, "amount_cents", price, computed, doubt)
    if ratio is not None and ratio < 0.25:
        guess.reason += f"; it stays the same whatever the quantity of an article, so it is a unit price: × {quantity.name}"
    else:
        guess.assumed = (f"{guess.assumed}; " if guess.assumed else "") + (
            f"{price.name!r} is a unit price, so a line cost quantity × {price.name}; if it is the line's total, write cents({price.name})"
        )
    return guess


def _ratio(look: Look, product: Column, price: Column, quantity: Column) -> float | None:
    """Of articles sold once and several times in a line: 0 where the price is the same in both, 1 where it grows with the quantity."""
    one: defaultdict[str, list[float]] = defaultdict(list)
    several: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for key, of_price, of_quantity in zip(*(look.values(column.name) for column in (product, price, quantity)), strict=True):
        cost, count = price.number(of_price), quantity.number(of_quantity)
        if key and cost and count and cost > 0:
            if count == 1:
                one[key].append(cost)
            elif count >= 2:
                several[key].append((cost, count))
    growth = [(cost / median(one[key]) - 1) / (count - 1) for key in several if key in one for cost, count in several[key][:20]]
    return median(growth) if len(growth) >= 20 else None


def _repeats_within_ticket(look: Look, roles: dict[str, Column], amount: Column) -> bool:
    """The amount is the same on all lines of nearly all receipts of several articles."""
    if "ticket" not in roles:
        return False
    amounts: defaultdict[str | None, list[str | None]] = defaultdict(list)
    for ticket, value in zip(look.values(roles["ticket"].name), look.values(amount.name), strict=True):
        amounts[ticket].append(value)
    several = [values for values in amounts.values() if len(values) > 1]
    return len(several) >= 20 and sum(len(set(values)) == 1 for values in several) > 0.9 * len(several)
