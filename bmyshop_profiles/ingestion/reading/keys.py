"""SQL of what is kept of a person on a line: a key instead of an id, nothing of who objects.

Not here: the other columns (`relations.py`), whole receipts (`receipts.py`).
"""

from typing import TYPE_CHECKING

from bmyshop_profiles.engine.session import identifier, literal
from bmyshop_profiles.ingestion.mapping.expressions import columns_used

if TYPE_CHECKING:
    from bmyshop_profiles.ingestion.reading.relations import Context

KEPT_OUT = "kept out"  # in member_key while a source is read: a line of somebody whose receipts keep no key


def marked(rows: str) -> str:
    """Lines of keys in `kept_out` (members who object, or were erased, these with their cards) lose both keys and are marked, for
    `receipts.without_keys`: what else is on the receipt has no key either."""
    is_in = " or ".join(f"coalesce({key} in (select member_key from kept_out), false)" for key in ("member_key", "shopper_key"))
    keys = (
        f"case when is_kept_out then {literal(KEPT_OUT)} else member_key end as member_key, "
        "case when is_kept_out then null else shopper_key end as shopper_key"
    )
    return f"select * exclude (is_kept_out) replace ({keys}) from (select *, {is_in} as is_kept_out from ({rows}))"


def careful_objection(value: str, expression: str) -> str:
    """What is written but cannot be read as true or false counts as an objection."""
    empty = " and ".join(f"{identifier(name)} is null" for name in sorted(columns_used(expression))) or "true"
    return f"coalesce({value}, not ({empty}))"


def key_of(context: "Context", name: str, value: str) -> str:
    """A key instead of a raw id. Where the source says so, a member id that no list holds becomes a shopper's token."""
    key = f"pseudonym('{name[:-3]}', {value})"
    if context.source.unlisted_members == "member":
        return key
    member = f"nullif(try(cast(({context.table.columns.get('member_id', 'null')}) as varchar)), '')"
    listed = f"pseudonym('member', {member}) in (select member_key from staged_members)"
    if name == "member_id":
        return f"case when {listed} then {key} end"
    return f"coalesce({key}, case when not {listed} then pseudonym('shopper', {member}) end)"
