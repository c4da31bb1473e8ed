"""Canonical columns guessed from what was seen of a file: an expression, the reason, examples, and what was assumed where nothing tells.

Here: the kind of a file, and the columns of lists. Receipts have their own module (`guesses_receipts.py`), as their amounts and keys need
computing. Not here: how a draft is written (`draft.py`).
"""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bmyshop_profiles.engine.session import identifier, literal
from bmyshop_profiles.ingestion.drafts.looks import Look
from bmyshop_profiles.ingestion.drafts.numbers import as_of_file, has_decimals
from bmyshop_profiles.ingestion.drafts.roles import names_speak, playing, words
from bmyshop_profiles.ingestion.drafts.sensitive import PERSONAL, masked, one_line, shown
from bmyshop_profiles.ingestion.drafts.values import Column
from bmyshop_profiles.ingestion.mapping.expressions import ExpressionError, columns_used
from bmyshop_profiles.ingestion.mapping.mapping import CANONICAL

# columns of which a value says nothing about one person; of all others only the kind of text is told
_HARMLESS = "sold_at receipt_key store_key product_key label family quantity amount_cents store_type postcode city"
HARMLESS = frozenset(_HARMLESS.split())
# of these the most frequent values are shown: what many lines say is about nobody
FREQUENT = {"label", "family", "product_key", "store_key", "store_type", "city"}
CLASSES = {"age_band", "sex", "household_size"}
FILE_WORDS = {
    "receipts": r"tickets?|receipts?|ventes?|sales?|transactions?|lignes?|lines?|caisses?|encaissements?|invoices?|retail",
    "stores": r"magasins?|stores?|shops?|boutiques?|pdv",
    "products": r"articles?|products?|produits?|items?|catalogues?",
    "members": r"members?|membres?|adherents?|clients?|customers?|demographics?|fidelite",
}


@dataclass
class Guess:
    """One canonical column. `assumed`: what a person must confirm; `missing`: nothing in the file could be it."""

    expression: str
    reason: str
    examples: list[str] = field(default_factory=list)
    assumed: str | None = None
    missing: bool = False


@dataclass
class Guesses:
    """What a file is, and its canonical columns."""

    kind: str
    columns: dict[str, Guess]
    used: list[str]
    dates: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    voided: str | None = None
    timezone: str | None = None
    looks_like: str | None = None


def sql_name(name: str) -> str:
    """A raw column as an expression names it: bare where that reads back as the column, else in double quotes."""
    try:
        bare = re.fullmatch(r"[A-Za-z_]\w*", name) and columns_used(name) == {name}
    except ExpressionError:
        bare = False
    return name if bare else identifier(name)


def number(look: Look, column: Column, function: str = "number") -> str:
    """The number of a column, or its cents, as SQL."""
    if column.name in look.typed:
        decimal = f"{sql_name(column.name)}::decimal(18, 4)"
        return decimal if function == "number" else f"round({decimal} * 100)::bigint"
    return f"{function}({as_of_file(sql_name(column.name), column.marks, look.marks)})"


def examples_of(canonical: str, columns: Sequence[Column], look: Look) -> list[str]:
    """Three sample values, nothing sensitive: of harmless columns as they are, of all others their kind."""
    first = columns[0]
    values = first.frequent if canonical in FREQUENT else list(dict.fromkeys(first.values))
    if len(columns) > 1:
        rows = zip(*(look.values(column.name) for column in columns), strict=True)
        values = list(dict.fromkeys(" ".join(value or "" for value in row) for row in rows))
    personal = any(PERSONAL.search(words(column.name)) for column in columns)
    if canonical in CLASSES and first.distinct <= 12:
        return [shown(value) for value in first.frequent[:3]]
    if canonical not in HARMLESS or personal:
        return list(dict.fromkeys(masked(value) for value in values[:50]))[:3]
    return [shown(value, code=canonical == "product_key") for value in values[:3]]


def simple(look: Look, canonical: str, column: Column, expression: str | None = None, assumed: str | None = None) -> Guess:
    """A column as it is, or under an expression."""
    reason = f"{_named(column)}, {described(column)}"
    if column.doubt and column.doubt not in (assumed or ""):
        assumed = f"{column.doubt}; {assumed}" if assumed else column.doubt
    return Guess(expression or sql_name(column.name), reason, examples_of(canonical, [column], look), assumed)


def key_of_person(look: Look, canonical: str, column: Column, assumed: str | None = None) -> Guess:
    """An id of a member or shopper; one that a spreadsheet wrote as 1234.0 is 1234."""
    if column.kind == "number" and all(re.fullmatch(r"\d+\.0", value) for value in column.values[:2000]):
        guess = simple(look, canonical, column, f"{number(look, column)}::bigint", assumed)
        guess.reason += "; written with .0, which is taken off"
        return guess
    return simple(look, canonical, column, assumed=assumed)


def described(column: Column) -> str:
    """What a column holds, in words."""
    empty = f", {100 * column.empty_share:.0f} % empty" if column.empty_share >= 0.005 else ""
    kind = {"moment": "dates with times", "date": "dates", "time": "times", "number": "numbers", "text": "text", "empty": "nothing"}
    kinds = {"seconds": "seconds since 1970", "milliseconds": "milliseconds since 1970"} | kind
    formats = f" ({', '.join(column.formats)})" if column.formats else ""
    return f"{kinds[column.kind]}{formats}, {column.distinct} different{empty}"


def _named(column: Column) -> str:
    return f"column {one_line(column.name)!r}"


def moment_of(column: Column) -> tuple[str, list[str]]:
    """The timestamp of a column as SQL, and the formats the dialect must list; ISO 8601 needs none."""
    name = sql_name(column.name)
    if column.kind == "seconds":
        return f"make_timestamp({name}::bigint * 1000000)", []
    if column.kind == "milliseconds":
        return f"make_timestamp_ms({name}::bigint)", []
    return f"moment({name})", [each for each in column.formats if each not in column.iso]


def kind_of(look: Look) -> str | None:
    """receipts, stores, products or members, by columns and file name; None when nothing fits."""
    columns = look.columns

    def has(*roles: str) -> int:
        return sum(playing(role, columns) is not None for role in roles)

    dated = has("moment") or has("date")
    points = {
        "receipts": 3 * bool(dated and has("amount", "unit_price")) + has("ticket", "quantity", "till", "label", "product"),
        "stores": has("store") + 1.5 * has("postcode") + has("city", "store_type", "store_name"),
        "products": 2 * has("product") + has("label", "family"),
        "members": 2 * has("first_name")
        + 1.5 * has("birth")
        + has("last_name", "member", "sex", "age", "age_band", "household_size", "joined"),
    }
    name = words(look.path.name)
    for kind, pattern in FILE_WORDS.items():
        points[kind] += 2 * bool(re.search(rf"\b(?:{pattern})\b", name))
    if not (dated and has("amount", "unit_price")):
        points["receipts"] = 0
    if dated and not names_speak([column.name for column in columns]) and priced(columns):
        return "receipts"  # nothing is named: dates beside prices
    best = max(points, key=lambda kind: points[kind])
    return best if points[best] >= 2 else None


def lacking(look: Look) -> str | None:
    """What a file that speaks of receipts lacks to be one of receipts; None where it speaks of none."""
    columns = look.columns
    has = {role for role in ("ticket", "moment", "date", "amount", "unit_price", "quantity") if playing(role, columns)}
    said = names_speak([column.name for column in columns]) >= 3 and len(has) >= 2
    needs = (({"moment", "date"}, "date"), ({"amount", "unit_price"}, "amount or price"))
    lacks = [name for roles, name in needs if not has & roles]
    return (
        f"{look.path.name} looks like receipts, but no column holds a readable {' nor a readable '.join(lacks)}" if said and lacks else None
    )


def priced(columns: Sequence[Column]) -> list[Column]:
    """Columns of numbers with decimals."""
    return [column for column in columns if column.kind == "number" and any(has_decimals(value, column.marks) for value in column.values)]


LISTS = {
    "stores": {"store_key": "store", "name": "store_name", "store_type": "store_type", "postcode": "postcode", "city": "city"},
    "products": {"product_key": "product", "label": "label", "family": "family"},
    "members": {
        "member_id": "member",
        "first_name": "first_name",
        "last_name": "last_name",
        "birth_year": "birth",
        "age": "age",
        "declared_on": "declared",
        "age_band": "age_band",
        "sex": "sex",
        "household_size": "household_size",
        "joined_on": "joined",
        "objects_to_profiling": "objects",
    },
}


def guess_list(look: Look, kind: str) -> Guesses:
    """Canonical columns of a list of stores, products or members."""
    found = Guesses(kind, {}, [])
    key = next(iter(LISTS[kind]))
    for canonical, role in LISTS[kind].items():
        column = playing(role, look.columns, found.used)
        if canonical == key and column is None:
            column = playing("card", look.columns) if kind == "members" else None
            unique = [each for each in look.columns if each.distinct == len(look.rows) and each.name not in found.used]
            column = column or (unique[0] if unique else None)
        if column is None or canonical not in CANONICAL[kind]:
            if canonical == key:
                found.columns[canonical] = Guess("null", "no column looks like the key of this list; put its name here", missing=True)
            continue
        guess = simple(look, canonical, column)
        if canonical == "birth_year":
            guess = _birth_year(look, column, found)
        elif canonical == "age":
            guess = simple(look, canonical, column, f"try_cast({sql_name(column.name)} as integer)")
        elif canonical in ("joined_on", "declared_on"):
            expression, formats = moment_of(column)
            found.dates += formats
            guess = simple(look, canonical, column, f"{expression}::date")
        elif canonical == "objects_to_profiling":
            marks = ", ".join(literal(value) for value in true_values(column)) or "'1'"
            guess = simple(look, canonical, column, f"{sql_name(column.name)} in ({marks})", "these values mean that the member objects")
        elif canonical == "member_id":
            guess = key_of_person(look, canonical, column)
        if canonical == key and column.distinct < len(column.values):
            guess.assumed = "some keys come twice in the sample: the first line of a key counts"
        found.columns[canonical] = guess
        found.used.append(column.name)
    return found


def _pivot(latest: int) -> str:
    return f"two digits of a year are taken for one of {latest - 99} to {latest}, so that nobody is born in the future"


def _birth_year(look: Look, column: Column, found: Guesses) -> Guess:
    latest = datetime.date.today().year
    if column.kind in ("date", "moment"):
        expression, formats = moment_of(column)
        found.dates += formats
        year = f"year({expression})"
        if not any("%y" in form for form in column.formats):
            return simple(look, "birth_year", column, year)
        return simple(look, "birth_year", column, f"case when {year} > {latest} then {year} - 100 else {year} end", _pivot(latest))
    if all(len(value) == 2 and value.isdecimal() for value in column.values[:2000]):
        year = f"try_cast({sql_name(column.name)} as integer)"
        return simple(
            look, "birth_year", column, f"case when {year} > {latest % 100} then 1900 + {year} else 2000 + {year} end", _pivot(latest)
        )
    return simple(look, "birth_year", column, f"try_cast({sql_name(column.name)} as integer)")


def true_values(column: Column) -> list[str]:
    """Values of a column that say yes."""
    return [value for value in dict.fromkeys(column.values) if value.lower() in ("1", "o", "oui", "y", "yes", "true", "t", "vrai", "x")]


def constant(text: str) -> str:
    """A constant, as SQL."""
    return literal(text)
