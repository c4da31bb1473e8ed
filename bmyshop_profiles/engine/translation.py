"""A table's select in Spark's SQL: translated by sqlglot, with one named shim for each thing that sqlglot translates into other rows.

Here: what is written differently. Not here: what may not be written at all (the test of the portable core), running it (`spark.py`).
"""

from pathlib import Path

import sqlglot
from sqlglot import exp

from bmyshop_profiles.engine.catalogue import Table, parse
from bmyshop_profiles.engine.errors import BmyshopError


def spark_select(table: Table) -> str:
    """The select of a table that SQL makes, each column cast to its documented type. Parameters are named as in the file.

    Raises:
        BmyshopError: something in it has no translation.
    """
    assert table.sql is not None
    return _generated(_typed(shimmed(parse(table.sql, table.path)), table), table.path)


def spark_type(kind: str) -> str:
    """DuckDB's name of a type, in Spark's SQL."""
    return exp.DataType.build(kind, dialect="duckdb").sql(dialect="spark")


def shimmed(tree: exp.Query) -> exp.Query:
    """A copy in which what Spark would compute otherwise is said so that it computes the same."""
    changed = tree.transform(_fractions_are_doubles).transform(_rounded_as_duckdb_does)
    assert isinstance(changed, exp.Query)
    return changed


def _fractions_are_doubles(node: exp.Expr) -> exp.Expr:
    """DuckDB divides decimals as doubles; Spark divides them as decimals, of few digits. A fraction in the text is a decimal to both."""
    return exp.cast(node, "double") if isinstance(node, exp.Literal) and not node.is_string and not node.is_int else node


def _rounded_as_duckdb_does(node: exp.Expr) -> exp.Expr:
    """To digits, DuckDB rounds the number times a power of ten; Spark rounds the number as it is printed: .285 is another half to each."""
    if not isinstance(node, exp.Round) or node.args.get("decimals") is None:
        return node
    power = exp.cast(exp.Literal.number(10 ** int(node.args["decimals"].name)), "double")
    return exp.Div(this=exp.Round(this=exp.Mul(this=exp.paren(node.this), expression=power)), expression=power.copy())


def _typed(tree: exp.Query, table: Table) -> exp.Select:
    columns = [
        exp.alias_(exp.cast(exp.column(name, quoted=True), column.type, dialect="duckdb"), name, quoted=True)
        for name, column in table.file.columns.items()
    ]
    return exp.select(*columns).from_(tree.subquery("made"))


def _generated(tree: exp.Query, path: Path) -> str:
    try:
        return tree.sql(dialect="spark", comments=False, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise BmyshopError(f'{path}: has no translation for Spark ({error}); write it otherwise, or set engine = "duckdb"') from None
