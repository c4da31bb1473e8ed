"""Running SQL over raw lines: what an error may say of them, and how often an expression is computed.

Not here: the SQL (`relations.py`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.reading.relations import Context


def run(session: Session, context: Context, sql: str) -> duckdb.DuckDBPyConnection:
    """Run SQL over raw lines, none of which may be in an error."""
    try:
        return session.connection.execute(sql)
    except duckdb.Error as error:
        raise BmyshopError(f"source {context.source.name}, {context.kind}: {without_values(error)}") from None


def without_values(error: duckdb.Error) -> str:
    """The first line of DuckDB's message, without what it quotes unless that is SQL: values of raw lines may be names."""
    first = str(error).splitlines()[0]
    if isinstance(error, (duckdb.BinderException, duckdb.ParserException)):
        return first
    return re.sub(r"""(['"]).*\1""", "…", first)


@contextmanager
def computed_once(session: Session) -> Iterator[None]:
    """A filter over computed columns looks at what was computed.

    DuckDB would push it below them, and compute a column anew for each mention in the filter: two fifths more time.
    """
    session.execute("set disabled_optimizers = 'filter_pushdown'")
    try:
        yield
    finally:
        session.execute("reset disabled_optimizers")
