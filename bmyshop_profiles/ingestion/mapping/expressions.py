"""Expressions of a mapping: one value computed from the columns of its own line, by functions of a list.

Expressions are read by DuckDB's own parser, the one that will run them, so that there is no second opinion to slip between. Beside the
listed functions of DuckDB they may call `number`, `cents` and `moment` (`functions.py`).
Here: reading, refusing, the columns an expression uses. Not here: what runs it (`relations.py`).
"""

import atexit
import difflib
import functools
import json
from collections.abc import Iterator
from typing import Any

import duckdb

# Values from values, the same every time. Nothing that reads files, settings, the clock, other rows or other tables,
# that draws, waits, writes or makes texts of a given length; and not `pseudonym`, with which ids could be guessed at.
_FUNCTIONS = """
abs array_extract array_slice ascii ceil ceiling char_length character_length chr coalesce concat concat_ws contains date_add date_diff
date_part date_trunc datediff datepart datetrunc day dayofmonth dayofweek dayofyear divide ends_with epoch epoch_ms floor fmod greatest
hour if ifnull instr isodow isoyear last_day lcase least left len length list_value lower ltrim make_date make_time make_timestamp
make_timestamp_ms md5 minute mod month nfc_normalize nullif position prefix quarter regexp_extract regexp_full_match regexp_matches
regexp_replace replace reverse right round rtrim second sha256 sign split_part starts_with strftime strip_accents strlen strpos strptime
substr substring suffix switch timezone to_days to_hours to_minutes to_months to_seconds to_timestamp to_years translate trim trunc
try_strptime ucase upper week weekofyear year
"""
_OPERATORS = "+ - * / // % || ~~ !~~ ~~* !~~* ~ !~ ^ ^@ ** like_escape"
_TYPES = """
bigint bool boolean char date datetime decimal double float float4 float8 hugeint int int1 int2 int4 int8 integer interval long numeric
real short smallint string text time timestamp timestamptz timestamp_ms timestamp_s tinyint ubigint uinteger usmallint utinyint varchar
"""
OWN_FUNCTIONS = ("number", "cents", "moment")
FUNCTIONS = frozenset([*_FUNCTIONS.split(), *OWN_FUNCTIONS])
OPERATORS = frozenset(_OPERATORS.split())
TYPES = frozenset([*_TYPES.split(), "timestamp with time zone"])
CLASSES = frozenset(
    ["BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR", "TYPE"]
)
REFUSED_OPERATORS = ("GROUPING_FUNCTION", "OPERATOR_UNPACK")
WHAT = {
    "SUBQUERY": "a query inside it",
    "WINDOW": "a window over other lines",
    "STAR": "a star",
    "LAMBDA": 'a lambda; a field inside JSON is a column: write "a.b"',
    "PARAMETER": "a parameter",
}


class ExpressionError(ValueError):
    """An expression that a mapping may not hold. The message says what to write instead."""


def check_expression(text: str, where: str) -> None:
    """Refuse what is not one expression over the columns of its own line.

    Raises:
        ExpressionError: it is not; the message starts with `where`.
    """
    try:
        columns_used(text)
    except ExpressionError as error:
        raise ExpressionError(f"{where}: {error}") from None


@functools.lru_cache(maxsize=4096)
def columns_used(text: str) -> frozenset[str]:
    """Names of the raw columns an expression reads.

    Raises:
        ExpressionError: it is no single expression over the columns of one line, or uses what is not for mappings.
    """
    # as it will stand in the SQL: between parentheses. The first reading refuses what only parentheses would make whole
    _tree(text, f"select {text}")
    tree = _tree(text, f"select ({text})")
    return frozenset(_checked(tree, text))


def _tree(text: str, sql: str) -> dict[str, Any]:
    if any(kind == duckdb.token_type.comment for _, kind in duckdb.tokenize(sql)):
        raise ExpressionError(f"{text!r} holds a comment; put it into the YAML, after #")
    answer = json.loads(_ask("select json_serialize_sql($sql)", {"sql": sql})[0][0])
    if answer["error"]:
        if answer.get("error_type") == "not implemented" or "SELECT" in str(answer.get("error_message")):
            raise ExpressionError(f"{text!r} is not a single expression")
        reason = str(answer.get("error_message")).splitlines()[0]
        raise ExpressionError(f'{text!r} does not parse ({reason}); a column with an odd name is written "so"')
    statements = answer["statements"]
    node = statements[0]["node"] if len(statements) == 1 else {}
    plain = (
        node.get("type") == "SELECT_NODE"
        and len(node["select_list"]) == 1
        and node["from_table"]["type"] == "EMPTY"
        and not node["select_list"][0]["alias"]
        and not any(node.get(name) for name in ("modifiers", "where_clause", "group_expressions", "having", "qualify", "sample"))
        and not node["cte_map"]["map"]
    )
    if not plain:
        raise ExpressionError(f"{text!r} is not a single expression")
    found: dict[str, Any] = node["select_list"][0]
    return found


def _checked(tree: dict[str, Any], text: str) -> Iterator[str]:
    """Names of columns, after each node was found harmless."""
    for node in _nodes(tree):
        kind, name = node["class"], str(node.get("function_name") or node.get("type_name") or "").lower()
        if kind not in CLASSES or node["type"] in REFUSED_OPERATORS:
            raise ExpressionError(f"{text!r} may only use the columns of its own line, not {WHAT.get(kind, kind.lower())}")
        if kind == "FUNCTION" and (name not in FUNCTIONS | OPERATORS or node.get("schema") or node.get("catalog")):
            if name in _aggregates():
                raise ExpressionError(f"{text!r} may only use the columns of its own line, not {name} over lines")
            near = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.75)
            raise ExpressionError(
                f"{text!r}: the function {name} is not for mappings{f'; did you mean {near[0]}?' if near else ''} "
                "(the list is in docs/sources.md)"
            )
        if kind == "FUNCTION" and (node.get("filter") or node.get("distinct") or node.get("order_bys", {}).get("orders")):
            raise ExpressionError(f"{text!r} may only use the columns of its own line, not a sum over lines")
        if kind == "TYPE" and (name not in TYPES or node.get("schema") or node.get("catalog")):
            raise ExpressionError(f"{text!r}: the type {name} is not for mappings; use varchar, decimal(12, 3), bigint, date or timestamp")
        if kind == "COLUMN_REF":
            names = node["column_names"]
            if len(names) != 1:
                raise ExpressionError(f'the field of a nested record is written "{".".join(names)}", in double quotes')
            yield names[0]


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "class" in value:
            yield value
        for each in value.values():
            yield from _nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from _nodes(each)


@functools.cache
def _aggregates() -> frozenset[str]:
    return frozenset(row[0] for row in _ask("select function_name from duckdb_functions() where function_type = 'aggregate'")) | {
        "count_star"
    }


def _ask(query: str, parameters: dict[str, str] | None = None) -> list[tuple[Any, ...]]:
    return _parser().execute(query, parameters).fetchall()


@functools.cache
def _parser() -> duckdb.DuckDBPyConnection:
    """A database of its own, which holds nothing; let go before Python ends, else its binding warns."""
    atexit.register(_parser.cache_clear)
    return duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False})


def fold(name: str) -> str:
    """A column's name as DuckDB compares it: ASCII letters in lower case, all others as they are."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)
