"""`number`, `cents` and `moment`: what expressions of a mapping may call beside DuckDB's own functions, as a dialect means them."""

import re

import duckdb

from bmyshop_profiles.engine.session import literal
from bmyshop_profiles.ingestion.mapping.mapping import Dialect

SPACES = " \u00a0\u202f\u2009"  # ordinary, no-break, narrow no-break, thin
CURRENCIES = r"(?:[€$£]|EUR|USD|GBP)"


def install_functions(connection: duckdb.DuckDBPyConnection, dialect: Dialect) -> None:
    """Give a connection `number`, `cents` and `moment` as a dialect means them; a source's are replaced by the next one's.

    number(text): decimal(18,4); currency signs and outer spaces are taken off, thousands separators must stand between groups
    of three, a minus may trail; NULL for anything else. cents(text): bigint, half a cent away from zero. moment(text): the
    first of the dialect's date formats that fits, else an ISO timestamp without offset, else NULL.
    """
    mark = re.escape(dialect.decimal)
    groups = f"[{SPACES}]" if dialect.thousands == " " else re.escape(dialect.thousands or "")
    whole = rf"(?:\d{{1,3}}(?:{groups}\d{{3}})+|\d*)" if dialect.thousands else r"\d*"
    amount = rf"{whole}(?:{mark}\d+)?"
    shape = rf"[-+]?{amount}|{amount}-"
    outer = rf"^[\s{SPACES}]*{CURRENCIES}?[\s{SPACES}]*|[\s{SPACES}]*{CURRENCIES}?[\s{SPACES}]*$"
    bare = f"regexp_replace(x, {literal(outer)}, '', 'g')"
    digits = f"replace({bare}, '-', '')"
    if dialect.thousands:
        digits = f"regexp_replace({digits}, {literal(groups)}, '', 'g')"
    magnitude = f"try_cast(replace({digits}, {literal(dialect.decimal)}, '.') as decimal(18, 4))"
    signed = f"case when contains({bare}, '-') then -{magnitude} else {magnitude} end"
    plain = f"try_cast(replace(x, {literal(dialect.decimal)}, '.') as decimal(18, 4))"
    # DuckDB's cast takes 03-01-25 for the year 3, and lets words follow; it drops an offset: which zone was meant is not to be guessed
    iso = (
        "case when regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?') "
        "then try_cast(x as timestamp) end"
    )
    functions = {
        "number(x)": f"case when regexp_full_match(x, {literal(rf'-?[0-9]{{1,12}}(?:{mark}[0-9]{{1,4}})?')}) then {plain} "
        f"when regexp_full_match({bare}, {literal(shape)}) then {signed} end",
        "cents(x)": "round(number(x) * 100)::bigint",
        "moment(x)": iso,
    }
    if dialect.dates:
        formats = ", ".join(literal(form) for form in dialect.dates)
        functions["moment(x)"] = f"coalesce(try_strptime(x, [{formats}]), {iso})"
    for signature, body in functions.items():
        connection.execute(f"create or replace temp macro {signature} as {body}")
