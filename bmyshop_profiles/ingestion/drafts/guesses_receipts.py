"""Canonical columns of receipts, guessed: the key of a receipt, when and where it was, and what a line cost, tried on the sampled rows.

Not here: lists, and what guesses have in common (`guesses.py`).
"""

import re
from collections import defaultdict
from statistics import median

from bmyshop_profiles.ingestion.drafts.guesses import (
    Guess,
    Guesses,
    constant,
    described,
    examples_of,
    key_of_person,
    moment_of,
    number,
    priced,
    simple,
    sql_name,
    true_values,
)
from bmyshop_profiles.ingestion.drafts.looks import Look
from bmyshop_profiles.ingestion.drafts.roles import playing, words
from bmyshop_profiles.ingestion.drafts.values import Column

NIGHT_SHARE = 0.08  # of lines between 0 and 5 h: shops are closed then


def guess_receipts(look: Look, *, told: tuple[str, ...] = (), source: str = "shop") -> Guesses:
    """Canonical columns of a file of receipts. told: placeholders of its name (store, …); source: its name, for a constant shop."""
    found = Guesses("receipts", {}, [])
    roles: dict[str, Column] = {}
    for role in ("moment", "date", "time", "ticket", "store", "till", "product", "amount", "unit_price", "quantity", "label", "family"):
        column = playing(role, _candidates(look, role), found.used)
        if column is not None and not (role in ("date", "time") and "moment" in roles):
            roles[role] = column
            found.used.append(column.name)
    for role in ("member", "card"):
        column = playing(role, look.columns, found.used)
        if column is not None:
            roles[role] = column
            found.used.append(column.name)
    sold_at = _sold_at(look, roles, found)
    store = _store(look, roles, told, source)
    found.columns = {"receipt_key": _receipt_key(look, roles, store, sold_at), "sold_at": sold_at, "store_key": store}
    found.columns |= _products(look, roles)
    found.columns |= _amounts(look, roles)
    if "member" in roles:
        found.columns["member_id"] = key_of_person(look, "member_id", roles["member"])
    if "card" in roles:
        name = "shopper_id" if "member" in roles else "member_id"
        assumed = "a card is the member's if the list of members holds its number; else write shopper_id, the token of an anonymous shopper"
        found.columns[name] = key_of_person(look, name, roles["card"], None if "member" in roles else assumed)
    voided = playing("voided", look.columns, found.used)
    if voided is not None and voided.distinct <= 3:
        marks = (
            " or ".join(f"{sql_name(voided.name)} = {constant(value)}" for value in true_values(voided)) or f"{sql_name(voided.name)} = '1'"
        )
        found.voided = marks
    if look.no_sales:
        no_sales = [f"{sql_name(column)} = {constant(value)}" for column, value in look.no_sales]
        found.voided = " or ".join([*([found.voided] if found.voided else []), *no_sales])
        found.notes.append("lines that repeat the header, or hold totals, are no sales: refused as voided")
    return found


def _candidates(look: Look, role: str) -> list[Column]:
    """Of JSON with articles inside receipts, what an article says about itself stands with the article."""
    if look.lines and role in ("product", "label", "family", "quantity", "amount", "unit_price"):
        prefix = f"{look.lines}."
        return [column for column in look.columns if column.name.startswith(prefix)]
    if look.lines:
        return [column for column in look.columns if not column.name.startswith(f"{look.lines}.")]
    return list(look.columns)


def _sold_at(look: Look, roles: dict[str, Column], found: Guesses) -> Guess:
    if "moment" in roles:
        column = roles["moment"]
        expression, formats = moment_of(column)
        found.dates += formats
        found.timezone = "UTC" if column.kind in ("seconds", "milliseconds") or column.zoned else None
        return simple(look, "sold_at", column, expression, _night(column))
    if "date" in roles and "time" in roles:
        date, time = roles["date"], roles["time"]
        found.dates += [f"{day} {at}" for day in date.formats for at in time.formats if day not in date.iso or at not in time.iso]
        expression = f"moment({sql_name(date.name)} || ' ' || {sql_name(time.name)})"
        reason = f"columns {date.name!r} and {time.name!r}: {described(date)}; {described(time)}"
        examples = examples_of("sold_at", [date, time], look)
        return Guess(expression, reason, examples, "; ".join(each for each in (date.doubt, _night(time)) if each) or None)
    if "date" in roles:
        column = roles["date"]
        expression, formats = moment_of(column)
        found.dates += formats
        return simple(look, "sold_at", column, expression, "no time was found: all receipts are at midnight, dayparts mean nothing")
    return Guess("null", "no column holds dates: write moment(column), and formats under dialect: dates", missing=True)


def _night(column: Column) -> str | None:
    night = sum(count for hour, count in column.hours.items() if hour < 5) / max(1, column.hours.total())
    if night < NIGHT_SHARE or column.zoned:
        return None
    return (
        f"{100 * night:.0f} % of the sampled lines are between 0 and 5 h. Is the time another zone's? Then say, above, timezone: the zone "
        "as written (UTC?), and store_timezone: that of the shops"
    )


def _store(look: Look, roles: dict[str, Column], told: tuple[str, ...], source: str) -> Guess:
    if "store" in roles:
        return simple(look, "store_key", roles["store"])
    if "store" in told:
        return Guess("file_store", "the part of the file's name that changes from shop to shop")
    few = [column.name for column in look.columns if 2 <= column.distinct <= 500 and column.kind == "text" and column not in roles.values()]
    hint = f" Columns with few values that might tell the shop: {', '.join(few[:4])}." if few else ""
    return Guess(constant(source), f"no column looks like a shop.{hint}", assumed="all receipts are of one shop")


def _receipt_key(look: Look, roles: dict[str, Column], store: Guess, sold_at: Guess) -> Guess:
    place = [store.expression] if not store.expression.startswith("'") else []
    till = [sql_name(roles["till"].name)] if "till" in roles else []
    date = sql_name(roles["date"].name) if "date" in roles else f"strftime({sold_at.expression}, '%Y-%m-%d')"
    if "ticket" not in roles:
        parts = [*place, *till, f"strftime({sold_at.expression}, '%Y-%m-%d %H:%M:%S')"]
        who = [sql_name(roles[role].name) for role in ("card", "member") if role in roles][:1]
        return Guess(
            f"concat_ws('/', {', '.join([*parts, *who])})",
            "no column looks like a ticket's number. If there is one, write concat_ws('/', shop, date, till, ticket)",
            assumed="lines of one shop, till and second are one receipt",
            missing=True,
        )
    column = roles["ticket"]
    ticket, examples = sql_name(column.name), examples_of("receipt_key", [column], look)
    dates, repeats = _dates_per_ticket(look, roles, column)
    if dates >= 3 and not repeats and not place and not till:
        return Guess(ticket, f"column {column.name!r}; over {dates} sampled dates no number comes on two of them", examples)
    if dates >= 3 and not repeats:
        per = " and ".join([*(["shop"] if place else []), *(["till"] if till else [])])
        why = f"over {dates} sampled dates no number comes on two of them, so the date is left out"
        return Guess(f"concat_ws('/', {', '.join([*place, *till, ticket])})", f"column {column.name!r}, per {per}; {why}", examples)
    why = "numbers come again on other dates" if repeats else "the sample cannot tell whether numbers start again each day"
    expression = f"concat_ws('/', {', '.join([*place, date, *till, ticket])})"
    return Guess(expression, f"column {column.name!r} with what else tells it apart; {why}", examples, _crossing(repeats))


def _crossing(repeats: bool) -> str | None:
    return (
        None if repeats else "with the date in its key, a receipt that crosses midnight becomes two; leave it out if numbers never repeat"
    )


def _dates_per_ticket(look: Look, roles: dict[str, Column], ticket: Column) -> tuple[int, bool]:
    """Number of sampled dates, and whether a ticket's number (in its shop and till) comes on several of them."""
    when = roles.get("date") or roles.get("moment")
    if when is None or when.kind in ("seconds", "milliseconds"):
        return 0, False
    keys = [look.values(roles[role].name) for role in ("store", "till") if role in roles] + [look.values(ticket.name)]
    days: defaultdict[tuple[str | None, ...], set[str]] = defaultdict(set)
    for key, moment in zip(zip(*keys, strict=True), look.values(when.name), strict=True):
        if moment and key[-1]:
            days[key].add(re.split(r"[ T]", moment.strip())[0])
    distinct = set().union(*days.values()) if days else set()
    return len(distinct), sum(len(found) > 1 for found in days.values()) > 0.001 * len(days)


def _products(look: Look, roles: dict[str, Column]) -> dict[str, Guess]:
    found: dict[str, Guess] = {}
    label = roles.get("label")
    if "product" in roles:
        found["product_key"] = simple(look, "product_key", roles["product"])
    elif label is not None:
        found["product_key"] = simple(look, "product_key", label, assumed="no code was found: a label is a product")
    else:
        found["product_key"] = Guess("'unknown'", "no column looks like an article; write its code or label here", missing=True)
    if label is not None:
        found["label"] = simple(look, "label", label)
    if "family" in roles:
        found["family"] = simple(look, "family", roles["family"])
    return found


def _amounts(look: Look, roles: dict[str, Column]) -> dict[str, Guess]:
    found: dict[str, Guess] = {}
    quantity, amount, price = roles.get("quantity"), roles.get("amount"), roles.get("unit_price")
    if quantity is not None:
        found["quantity"] = simple(look, "quantity", quantity, number(look, quantity))
    if amount is not None and quantity is not None and _repeats_within_ticket(look, roles, amount) and price is not None:
        amount = None  # the receipt's total, written on each of its lines
    if amount is not None:
        cents = re.search(r"\b(cents?|centimes?|cts)\b", words(amount.name)) and amount.is_whole
        guess = simple(look, "amount_cents", amount, f"{number(look, amount)}::bigint" if cents else number(look, amount, "cents"))
        guess.assumed = _checked(look, amount, quantity, price)
        found["amount_cents"] = guess
    elif price is not None:
        found["amount_cents"] = _from_price(look, roles, price, quantity)
    elif len(unnamed := priced(look.columns)) == 1 and look.dialect.get("names"):
        assumed = "nothing names it; it is the only number with decimals"
        found["amount_cents"] = simple(look, "amount_cents", unnamed[0], number(look, unnamed[0], "cents"), assumed)
    else:
        found["amount_cents"] = Guess("null", "no column looks like an amount; write cents(column) of what a line cost", missing=True)
    return found


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
    if quantity is None:
        return simple(look, "amount_cents", price, number(look, price, "cents"), "there is no quantity: the price is what the line cost")
    product = roles.get("product") or roles.get("label")
    ratio = _ratio(look, product, price, quantity) if product is not None else None
    computed = f"round({number(look, quantity)} * {number(look, price)} * 100)::bigint"
    if ratio is not None and ratio > 0.75:
        guess = simple(look, "amount_cents", price, number(look, price, "cents"))
        guess.reason += "; it grows with the quantity of the same article, so it is the line's total"
        return guess
    guess = simple(look, "amount_cents", price, computed)
    if ratio is not None and ratio < 0.25:
        guess.reason += f"; it stays the same whatever the quantity of an article, so it is a unit price: × {quantity.name}"
    else:
        guess.assumed = (
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
