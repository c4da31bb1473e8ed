"""SQL about whole receipts, over rows that were read: a receipt that crosses midnight, and one whose person is kept out.

Not here: rows of one file, one line at a time (`relations.py`).
"""

from pathlib import Path

from bmyshop_profiles.engine.session import literal
from bmyshop_profiles.ingestion.reading.keys import KEPT_OUT
from bmyshop_profiles.ingestion.reading.relations import rows_of

CROSSING_HOURS = 12  # a receipt that crosses midnight is over by then; a longer one is two receipts under one key


def kept_across_midnight(outside: Path, accepted: Path) -> str:
    """Rows outside of the month of their file that are of a receipt which goes on after the month's last midnight, or began before its
    first: they take the time of its first line inside."""
    receipt = "(file_number, receipt_key)"
    inside = (
        f"select file_number, receipt_key, min(sold_at) as first_at from {rows_of(accepted)} "
        f"where {receipt} in (select {receipt} from {rows_of(outside)}) group by all"
    )
    return (
        f"select * exclude (first_at) replace (first_at as sold_at) from {rows_of(outside)} as outside "
        f"join ({inside}) using {receipt} where abs(date_diff('minute', outside.sold_at, first_at)) < 60 * {CROSSING_HOURS}"
    )


def whole_receipts(part: Path) -> str:
    """Rows of files that span months, in which a receipt that crosses the midnight between two months is in the first of them."""
    reach = f"interval {CROSSING_HOURS} hour"
    at_night = f"date_trunc('month', sold_at - {reach}) <> date_trunc('month', sold_at + {reach})"
    crossing = (
        f"select receipt_key, min(sold_at) as first_at from {rows_of(part)} where {at_night} group by 1 "
        f"having date_trunc('month', min(sold_at)) <> date_trunc('month', max(sold_at)) and max(sold_at) - min(sold_at) < {reach}"
    )
    return (
        f"select * exclude (first_at) replace (case when first_at is not null and {at_night} then first_at else sold_at end as sold_at) "
        f"from {rows_of(part)} left join ({crossing}) using (receipt_key)"
    )


def marked_receipts(part: Path) -> str:
    """Receipts of which some line is marked."""
    return f"select distinct receipt_key from {rows_of(part)} where member_key = {literal(KEPT_OUT)}"


def without_keys(part: Path) -> str:
    """Rows in which no line of a receipt with a marked line has a key: the id, or the card, may stand on other lines of it."""
    is_marked = "receipt_key in (from marked)"
    keys = ", ".join(f"case when {is_marked} then null else {name} end as {name}" for name in ("member_key", "shopper_key"))
    return f"with marked as ({marked_receipts(part)}) select * replace ({keys}) from {rows_of(part)}"
