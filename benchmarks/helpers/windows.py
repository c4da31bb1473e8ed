"""Tables that the package's own SQL makes of rows in a session, without a lake: what members bought and where, over a window of months.

Belongs here: running the files of the catalogue. Does not belong here: any SQL of its own about members, where the rows come from.
"""

from collections.abc import Mapping
from typing import Any

from bmyshop_profiles.engine.build import typed_parameters
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.typology.members import Members, Shopping, members_of, shopping_of

FACTS = ("member_counts", "member_item_months", "member_months", "store_item_months")
WINDOW = ("member_window", "store_item_window")


def make(session: Session, name: str, month: str, values: Mapping[str, Any]) -> None:
    """Add a month to a table, made by its SQL of what the session holds under the names of its inputs. values: of its parameters."""
    table = load_catalogue()[name]
    bound = typed_parameters(table, values) if table.file.parameters else None
    rows = session.execute(str(table.sql), bound, path=table.path).to_arrow_table()
    session.connection.register("rows_of_month", rows)
    made = f"select *, {literal(month)} as month from rows_of_month"
    known = session.frame(f"select 1 from duckdb_tables() where table_name = {literal(name)}")
    session.execute(f"create temp table {name} as {made}" if known.empty else f"insert into {name} {made}")
    session.connection.unregister("rows_of_month")


def make_window(session: Session, months: list[str], settings: Settings | None = None) -> None:
    """The tables of `WINDOW`, over all months given, of the tables of `FACTS` that the session holds."""
    values = {**parameters(settings or Settings(), months[-1]), "typology_since": months[0]}
    for name in WINDOW:
        make(session, name, months[-1], values)


def read_window(session: Session, month: str) -> tuple[Members, Shopping]:
    """Members of the window that ends with a month, and their behaviour as it is served."""
    window, store_items = (session.frame(f"from {name} where month = $month order by all", {"month": month}) for name in WINDOW)
    members = members_of(window)
    return members, shopping_of(window, members, store_items)
