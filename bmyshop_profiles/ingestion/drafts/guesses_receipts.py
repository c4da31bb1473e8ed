"""Canonical columns of receipts, guessed: the key of a receipt, when and where it was, whose it was.

Not here: what a line cost (`guesses_amounts.py`), lists, and what guesses have in common (`guesses.py`).
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from bmyshop_profiles.ingestion.drafts.guesses import (
    Guess,
    Guesses,
    constant,
    described,
    examples_of,
    key_of_person,
    moment_of,
    simple,
    sql_name,
    true_values,
)
from bmyshop_profiles.ingestion.drafts.guesses_amounts import amounts
from bmyshop_profiles.ingestion.drafts.looks import Look
from bmyshop_profiles.ingestion.drafts.presets import Preset, preset_of
from bmyshop_profiles.ingestion.drafts.roles import playing
from bmyshop_profiles.ingestion.drafts.values import Column

HALF_EMPTY = 0.3  # share of empty values above which a column is no receipt's key, time or amount if another one can be
NIGHT_SHARE = 0.08  # of lines between 0 and 5 h: shops are closed then


def guess_receipts(look: Look, *, told: tuple[str, ...] = (), source: str = "shop") -> Guesses:
    """Canonical columns of a file of receipts. told: placeholders of its name (store, …); source: its name, for a constant shop."""
    found = Guesses("receipts", {}, [])
    roles: dict[str, Column] = {}
    preset = preset_of([column.name for column in look.columns])
    if preset:
        found.looks_like = preset.name
    for role in ("moment", "date", "time", "ticket", "store", "till", "product", "amount", "unit_price", "quantity", "label", "family"):
        column = _playing(look, role, preset, found.used)
        if column is not None and not (role in ("date", "time") and "moment" in roles):
            roles[role] = column
            found.used.append(column.name)
    for role in ("member", "card"):
        column = _playing(look, role, preset, found.used)
        if column is not None:
            roles[role] = column
            found.used.append(column.name)
    sold_at = _sold_at(look, roles, found)
    store = _store(look, roles, told, source)
    found.columns = {"receipt_key": _receipt_key(look, roles, store, sold_at), "sold_at": sold_at, "store_key": store}
    found.columns |= _products(look, roles)
    found.columns |= amounts(look, roles)
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


def _playing(look: Look, role: str, preset: Preset | None, used: Sequence[str]) -> Column | None:
    """The column of a role: as a known export has it, else by its name; one that is filled goes before one that is half empty."""
    columns = _candidates(look, role)
    if preset and role in preset.roles:
        named = [column for column in columns if column.name == preset.roles[role] and column.kind != "empty"]
        return named[0] if named else None
    if role in ("member", "card", "family", "label"):
        return playing(role, columns, used)
    filled = [column for column in columns if column.empty_share <= HALF_EMPTY]
    if role == "amount" and playing(role, filled, used) is None and playing("unit_price", filled, used):
        return None  # a total that stands on the first line of a receipt only
    return playing(role, filled, used) or playing(role, columns, used)


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
