"""The portable core: SQL whose translation gives the same rows on Spark. What is not in the lists here is refused, function or syntax."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from bmyshop_profiles.engine.catalogue import load_catalogue, parse, sql_directory, tables_read
from bmyshop_profiles.engine.translation import shimmed, spark_select

CATALOGUE = load_catalogue()
SELECTS = sorted(path for path in sql_directory().glob("*/*.sql"))
SCHEMA = {
    table.name: {**{name: column.type for name, column in table.file.columns.items()}, "month": "varchar"} for table in CATALOGUE.values()
}

# Kinds of nodes. Left out, as their translation gives other rows, or none: extract of a weekday, dayofweek, hash, lists (their order is
# lost), quantiles, frames of windows (RANGE), IGNORE NULLS, //, strip_accents, try_strptime, asof and positional joins, filter, qualify.
FUNCTIONS = """
Abs And Avg Between Case Cast Coalesce Concat ConcatWs Corr Count DateDiff Exp Greatest Hour If In Lag Ln Lower MD5 Max Min Not Nullif Or
Round RowNumber Sqrt Substring Sum Translate Year
"""
SYNTAX = """
Add Alias Boolean CTE Column DPipe DataType Distinct Div EQ From GT GTE Group GroupingSets Having Identifier Is Join LT LTE Limit Literal
Mod Mul NEQ Neg Null Order Ordered Paren Placeholder Select Star Sub Table TableAlias Tuple Union Var Where Window With
"""
INTEGERS, NUMBERS = ("BIGINT", "INT"), ("DECIMAL", "DOUBLE")
TYPES = {*INTEGERS, "BOOLEAN", "DATE", "DOUBLE", "TEXT"}


def unportable(sql: str, path: Path = Path("a.sql")) -> set[str]:
    """What a select has that is refused."""
    tree = parse(sql, path)
    found = {type(node).__name__ for node in tree.walk()} - {*FUNCTIONS.split(), *SYNTAX.split()}
    return found | set(_clauses(tree)) | (set() if found else set(_conversions(tree)))


def _clauses(tree: exp.Query) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.DataType) and node.this.name not in TYPES:
            yield f"type {node.this.name}"
        if isinstance(node, exp.Join) and node.method:
            yield f"{node.method} join"
        if isinstance(node, exp.Distinct) and node.args.get("on"):
            yield "distinct on"
        if isinstance(node, exp.Order) and not isinstance(node.parent, exp.Window | exp.Query):
            yield "order within an aggregate"


def _conversions(tree: exp.Query) -> Iterator[str]:
    """Casts and divisions by the types they are of, once shims are in."""
    schema = {name: SCHEMA[name] for name in tables_read(tree) if name in SCHEMA}
    typed = annotate_types(qualify(shimmed(tree), schema=schema, dialect="duckdb"), schema=schema, dialect="duckdb")
    for cast in typed.find_all(exp.Cast):
        kind, to = _kind(cast.this), cast.to.this.name
        if to in INTEGERS and kind in NUMBERS and not isinstance(cast.this.unnest(), exp.Round):
            yield "cast that rounds"
        if to == "TEXT" and kind in NUMBERS:
            yield "number as text"
    for division in typed.find_all(exp.Div):
        if "DECIMAL" in (_kind(division.left), _kind(division.right)):
            yield "division of decimals"


def _kind(node: exp.Expr) -> str:
    return str(node.type.this.name) if node.type else "UNKNOWN"


@pytest.mark.parametrize("path", SELECTS, ids=lambda path: path.name)
def test_sql_stays_within_the_portable_core(path: Path) -> None:
    assert unportable(path.read_text(encoding="utf-8"), path) == set()


@pytest.mark.parametrize("name", [table.name for table in CATALOGUE.values() if table.sql is not None])
def test_tables_have_a_translation(name: str) -> None:
    table = CATALOGUE[name]
    assert spark_select(table).count(" AS `") >= len(table.file.columns)


@pytest.mark.parametrize(
    ("select", "why"),
    [
        ("extract(isodow from sold_at)", "Extract"),
        ("dayofweek(sold_at)", "DayOfWeek"),
        ("hash(receipt_key)", "Anonymous"),
        ("list(amount_cents order by sold_at)", "ArrayAgg"),
        ("string_agg(label, ',' order by sold_at)", "GroupConcat"),
        ("quantile_cont(amount_cents, 0.5)", "PercentileCont"),
        ("lag(amount_cents ignore nulls) over (order by sold_at)", "IgnoreNulls"),
        ("sum(amount_cents) over (order by sold_at range between 3 preceding and current row)", "WindowSpec"),
        ("amount_cents // 7", "IntDiv"),
        ("strip_accents(label)", "Anonymous"),
        ("try_strptime(label, '%Y')", "Anonymous"),
        ("sum(amount_cents) filter (where quantity > 0)", "Filter"),
        ("amount_cents::hugeint", "type INT128"),
        ("sold_at::timestamptz", "type TIMESTAMPTZ"),
        ("(amount_cents * 1.5)::bigint", "cast that rounds"),
        ("quantity::integer", "cast that rounds"),
        ("sum(amount_cents / 100)::bigint", "cast that rounds"),
        ("(amount_cents / 100)::varchar", "number as text"),
        ("amount_cents / quantity", "division of decimals"),
        ("sum(quantity) / 3", "division of decimals"),
    ],
)
def test_what_spark_would_read_otherwise_is_refused(select: str, why: str) -> None:
    assert why in unportable(f"select {select} as a from receipt_lines")


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select distinct on (store_key) store_key, sold_at from receipts order by sold_at", "distinct on"),
        ("select receipts.half from receipts asof join stores on receipts.store_key >= stores.store_key", "ASOF join"),
        ("select max(half order by sold_at) as a from receipts", "order within an aggregate"),
        ("select store_key from receipts qualify row_number() over (order by sold_at) = 1", "Qualify"),
    ],
)
def test_clauses_that_spark_lacks_are_refused(sql: str, why: str) -> None:
    assert why in unportable(sql)


def test_what_is_said_exactly_is_let_through() -> None:
    kept = "select round(amount_cents * 1.5)::bigint as a, amount_cents / 1.5 as b, sum(half)::bigint as c from receipts group by all"
    assert unportable(kept) == set()
