"""Which columns of which inputs each column of an SQL table comes from, read from its SQL."""

import functools

from sqlglot import exp
from sqlglot.lineage import lineage

from bmyshop_profiles.engine.catalogue import Catalogue, Table, parse

Origins = dict[str, list[tuple[str, str]]]


@functools.cache
def column_origins(table: Table, catalogue: Catalogue) -> Origins:
    """`{column: [(input table, its column), …]}`; empty for a table that Python makes."""
    if table.sql is None:
        return {}
    schema = {name: {column: spec.type for column, spec in catalogue[name].file.columns.items()} for name in table.inputs}
    for name in table.inputs:
        schema[name].setdefault("month", "varchar")  # views of tables kept by month have it (session.py)
    nodes = lineage(None, parse(table.sql, table.path), schema, dialect="duckdb", trim_selects=False)  # trimmed copies are for reading
    assert isinstance(nodes, dict)
    origins: Origins = {}
    for column in table.file.columns:
        leaves = [node for node in nodes[column].walk() if not node.downstream and isinstance(node.expression, exp.Table)]
        found = {(leaf.expression.name, leaf.name.rsplit(".", 1)[-1].strip('"')) for leaf in leaves}
        origins[column] = sorted(origin for origin in found if origin[0] in table.inputs)
    return origins
