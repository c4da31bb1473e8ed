"""`number`, `cents` and `moment`: what expressions of a mapping may call beside DuckDB's own functions, as a dialect means them."""

import re
from collections.abc import Sequence

import duckdb

from bmyshop_profiles.engine.session import literal
from bmyshop_profiles.ingestion.mapping.mapping import Dialect

SPACES = " \u00a0\u202f\u2009"  # ordinary, no-break, narrow no-break, thin
CURRENCIES = r"(?:[€$£]|EUR|USD|GBP)"
MINUS = "\u2212\u2011\u2013"  # as spreadsheets and documents write a minus: its own sign, a no-break hyphen, a dash


def install_functions(connection: duckdb.DuckDBPyConnection, dialect: Dialect) -> None:
    """Give a connection `number`, `cents` and `moment` as a dialect means them; a source's are replaced by the next one's.

    number(text): decimal(18,4); currency signs and outer spaces are taken off, thousands separators must stand between groups of three,
    the first of which does not begin with 0; a minus may lead or trail, and parentheses mean minus; NULL for anything else. cents(text):
    bigint, half a cent away from zero. moment(text): the first of the dialect's date formats that fits, else an ISO timestamp without
    offset, else NULL.
    """
    functions = {"number(x)": number(dialect), "cents(x)": "round(number(x) * 100)::bigint", "moment(x)": moment(dialect.dates)}
    for signature, body in functions.items():
        connection.execute(f"create or replace temp macro {signature} as {body}")


def number(dialect: Dialect) -> str:
    """What `number(x)` stands for, an expression of the column x."""
    mark = re.escape(dialect.decimal)
    groups = f"[{SPACES}]" if dialect.thousands == " " else re.escape(dialect.thousands or "")
    # 0.721 holds no thousands: whoever wrote 721 wrote no zero before it
    whole = rf"(?:[1-9]\d{{0,2}}(?:{groups}\d{{3}})+|\d*)" if dialect.thousands else r"\d*"
    space = rf"[\s{SPACES}]*"
    amount = rf"{space}{CURRENCIES}?{space}{whole}(?:{mark}\d+)?{space}{CURRENCIES}?{space}"
    sign, minus = f"{space}[-+{MINUS}]?", f"[-{MINUS}]"
    inside = rf"{CURRENCIES}?{space}[-+{MINUS}]{space}{whole}(?:{mark}\d+)?{space}{CURRENCIES}?{space}"
    shape = rf"{sign}{amount}|{space}{inside}|{amount}{minus}{space}{CURRENCIES}?{space}|{space}\({amount}\){space}{CURRENCIES}?{space}"
    digits = f"regexp_replace(x, {literal(rf'[^0-9{mark}]')}, '', 'g')"
    magnitude = f"try_cast(replace({digits}, {literal(dialect.decimal)}, '.') as decimal(18, 4))"
    signed = f"case when regexp_matches(x, {literal(f'[-({MINUS}]')}) then -{magnitude} else {magnitude} end"
    plain = f"try_cast(replace(x, {literal(dialect.decimal)}, '.') as decimal(18, 4))"
    return (
        f"case when regexp_full_match(x, {literal(rf'-?[0-9]{{1,12}}(?:{mark}[0-9]{{1,4}})?')}) then {plain} "
        f"when regexp_full_match(x, {literal(shape)}) then {signed} end"
    )


def moment(dates: Sequence[str]) -> str:
    """What `moment(x)` stands for, an expression of the column x."""
    # DuckDB's cast takes 03-01-25 for the year 3, and lets words follow; it drops an offset: which zone was meant is not to be guessed
    iso = (
        "case when regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?') "
        "then try_cast(x as timestamp) end"
    )
    tried = []
    zoned = [form for form in dates if "%z" in form]
    short = [form for form in dates if "%y" in form and form not in zoned]  # they read nothing that %Y, of four digits, reads
    for formats in (short, [form for form in dates if form not in (*short, *zoned)], zoned):
        text = "x"
        if any("%f" in form for form in formats):  # of a fraction of a second, six digits count
            text = f"regexp_replace({text}, '([0-9][.,][0-9]{{6}})[0-9]+', '\\1')"
        if formats is zoned:
            text = f"regexp_replace({text}, '[Zz]$', '+0000')"
        if formats:
            read = f"try_strptime({text}, [{', '.join(literal(form) for form in formats)}])"
            read = f"timezone('UTC', {read})" if formats is zoned else read
            tried.append(read if formats is short else f"case when year({read}) >= 1000 then {read} end")
    return f"coalesce({', '.join([*tried, iso])})" if tried else iso
