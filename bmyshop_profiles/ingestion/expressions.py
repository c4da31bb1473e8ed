"""Expressions of a mapping: what they may be, which raw columns they read, and the functions made for them.

An expression is one SQL expression over the columns of its own line. Beside DuckDB's own scalar functions it may call
`number`, `cents` and `moment`, which follow what the dialect says about numbers and dates.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import duckdb
import sqlglot
from sqlglot import exp

from bmyshop_profiles.engine.session import literal

if TYPE_CHECKING:
    from bmyshop_profiles.ingestion.mapping import Dialect

REFUSED_FUNCTIONS = {"getvariable", "getenv", "current_setting", "error", "nextval"}
SPACES = " \u00a0\u202f\u2009"  # ordinary, no-break, narrow no-break, thin
CURRENCIES = r"(?:[€$£]|EUR|USD|GBP)"


def columns_used(expression: str) -> set[str]:
    """Names of the raw columns an expression reads."""
    return {column.name for column in sqlglot.parse_one(f"select {expression}", dialect="duckdb").find_all(exp.Column)}


def check_expression(text: str, where: str) -> None:
    """Refuse what is not one expression over the columns of its own line.

    Raises:
        ValueError: it is not; the message starts with `where`.
    """
    try:
        duckdb.extract_statements(f"select {text}")
        statements = sqlglot.parse(f"select {text}", dialect="duckdb")
    except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f'{where}: {text!r} does not parse ({reason}); a column with an odd name is written "so"') from None
    tree = statements[0]
    if len(statements) != 1 or not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or set(_clauses(tree)) != {"expressions"}:
        raise ValueError(f"{where}: {text!r} is not a single expression")
    if next(tree.find_all(exp.Subquery, exp.Table, exp.AggFunc, exp.Window, exp.Star), None) or len(list(tree.find_all(exp.Select))) > 1:
        raise ValueError(f"{where}: {text!r} may only use the columns of its own line")
    for function in tree.find_all(exp.Anonymous):
        if str(function.this).lower() in REFUSED_FUNCTIONS:
            raise ValueError(f"{where}: the function {function.this} is not for mappings")
    for column in tree.find_all(exp.Column):
        if column.table:
            path = ".".join(part.name for part in column.parts)
            raise ValueError(f'{where}: the field of a nested record is written "{path}", in double quotes')


def _clauses(tree: exp.Select) -> Iterable[str]:
    return (name for name, value in tree.args.items() if value)


def install_functions(connection: duckdb.DuckDBPyConnection, dialect: "Dialect") -> None:
    """Give a connection `number`, `cents` and `moment` as a dialect means them; a source's are replaced by the next one's.

    number(text): decimal(18,4); currency signs and outer spaces are taken off, thousands separators must stand between groups
    of three, a minus may trail; NULL for anything else. cents(text): bigint, half a cent away from zero. moment(text): the
    first of the dialect's date formats that fits, else an ISO timestamp, else NULL.
    """
    mark = re.escape(dialect.decimal)
    groups = f"[{SPACES}]" if dialect.thousands == " " else re.escape(dialect.thousands or "")
    whole = rf"(?:\d{{1,3}}(?:{groups}\d{{3}})+|\d*)" if dialect.thousands else r"\d*"
    shape = rf"[-+]?{whole}(?:{mark}\d+)?-?"
    outer = rf"^[\s{SPACES}]*{CURRENCIES}?[\s{SPACES}]*|[\s{SPACES}]*{CURRENCIES}?[\s{SPACES}]*$"
    bare = f"regexp_replace(x, {literal(outer)}, '', 'g')"
    digits = f"replace({bare}, '-', '')"
    if dialect.thousands:
        digits = f"regexp_replace({digits}, {literal(groups)}, '', 'g')"
    magnitude = f"try_cast(replace({digits}, {literal(dialect.decimal)}, '.') as decimal(18, 4))"
    signed = f"case when contains({bare}, '-') then -{magnitude} else {magnitude} end"
    plain = f"try_cast(replace(x, {literal(dialect.decimal)}, '.') as decimal(18, 4))"
    # DuckDB's cast takes 03-01-25 for the year 3: only four digits are a year
    iso = "case when regexp_matches(x, '^[0-9]{4}-[0-9]{2}-[0-9]{2}') then try_cast(x as timestamp) end"
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
