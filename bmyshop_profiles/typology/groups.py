"""Groups of behaviour beside the items: their columns, how they are counted, what each counts for.

Belongs here: one declaration per group, and reading them from the monthly facts. Does not belong here: the items and shops behind them
(members.py), the borders of bins (`sql/features/member_months.sql`).

A group is a histogram: a member's counts over a few columns, of which each profile has a distribution. All are counted within a half of the
receipts; the whole is the sum of the halves. A person's receipts are alike in these things, so that one more of them says less than an item
does: a count is multiplied by the group's weight, 1/4. Basket and spend say nearly the same and share it; variety, which counts articles
not receipts, has 1/16. With five groups at 1/4 items lose 4 % of their held-out gain, with dayparts at 1, 6 % (The Complete Journey).
What each group is worth, and why some are not served: `python -m benchmarks.typology_groups`.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.settings import Settings

ALWAYS, FOREVER = "0000-00", "9999-99"
DAYPARTS = ("early", "morning", "noon", "afternoon", "evening", "night")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# $since, $until: first and last month that is read. Each gives member_key, half and the group's columns
COUNTED = """
select member_key, case part when 'half_0' then 0 else 1 end as half, {sums}
from member_months where part <> 'whole' and month between $since and $until group by all
"""
# the days between the last visit of a month and the first of the next month with one belong to no month
GAPS = """
with boundaries as (
    select
        *, date_diff('day', lag(last_visit_date) over (partition by member_key, part order by month), first_visit_date) as gap_days
    from member_months where part <> 'whole' and month between $since and $until
)
select
    member_key, case part when 'half_0' then 0 else 1 end as half,
    sum(gap_1_count + case when gap_days between 1 and 2 then 1 else 0 end)::bigint as gap_1,
    sum(gap_3_count + case when gap_days between 3 and 7 then 1 else 0 end)::bigint as gap_3,
    sum(gap_8_count + case when gap_days between 8 and 14 then 1 else 0 end)::bigint as gap_8,
    sum(gap_15_count + case when gap_days between 15 and 30 then 1 else 0 end)::bigint as gap_15,
    sum(case when gap_days between 31 and 60 then 1 else 0 end)::bigint as gap_31,
    sum(case when gap_days > 60 then 1 else 0 end)::bigint as gap_61
from boundaries group by all
"""
VARIETY = """
select member_key, half, count(*)::bigint as new, (sum(bought_count) - count(*))::bigint as again from (
    select member_key, half, product_key, sum(bought_count)::bigint as bought_count
    from member_item_months where bought_count > 0 and month between $since and $until group by all
) group by all
"""
SHOPS = """
with used as (
    select member_key, half, store_key, sum(receipts_count)::bigint as receipts_count
    from member_store_months where month between $since and $until group by all
),
ranked as (
    select *, row_number() over (partition by member_key, half order by receipts_count desc, store_key asc) as store_rank from used
)
select
    member_key, half,
    sum(case when store_rank = 1 then receipts_count else 0 end)::bigint as main,
    sum(case when store_rank = 2 then receipts_count else 0 end)::bigint as second,
    sum(case when store_rank > 2 then receipts_count else 0 end)::bigint as others
from ranked group by all
"""


def _of_months(columns: tuple[str, ...]) -> str:
    return COUNTED.format(sums=", ".join(f"sum({name}_count)::bigint as {name}" for name in columns))


@dataclass(frozen=True)
class Group:
    """says: what its counts are. columns: of the histogram. weight: of one count, in items. sql: the counts by member and half."""

    says: str
    columns: tuple[str, ...]
    weight: float
    sql: str


def _group(says: str, columns: tuple[str, ...], weight: float, sql: str = "") -> Group:
    return Group(says, columns, weight, sql or _of_months(columns))


LINES = ("lines_1", "lines_2", "lines_3", "lines_5", "lines_9", "lines_17")
SPEND = ("spend_0", "spend_2", "spend_5", "spend_10", "spend_20", "spend_50", "spend_100", "spend_200", "spend_500")
BETWEEN = ("gap_1", "gap_3", "gap_8", "gap_15", "gap_31", "gap_61")

GROUPS = {
    "dayparts": _group("receipts by time of day", DAYPARTS, 1 / 4),
    "weekdays": _group("receipts by day of the week", WEEKDAYS, 1 / 4),
    "basket": _group("receipts by number of articles", LINES, 1 / 8),
    "spend": _group("receipts by amount", SPEND, 1 / 8),
    "rhythm": _group("days from one visit to the next", BETWEEN, 1 / 4, GAPS),
    "variety": _group("articles that are new in the window, or bought again", ("new", "again"), 1 / 16, VARIETY),
    "shops": _group("receipts in the shop used most, the second, the others", ("main", "second", "others"), 1 / 4, SHOPS),
}
SERVED: tuple[str, ...] = Settings.model_fields["behaviour_groups"].default


def read_groups(
    session: Session, keys: np.ndarray, names: tuple[str, ...], *, since: str = ALWAYS, until: str = FOREVER
) -> dict[str, tuple[csr_matrix, csr_matrix]]:
    """Weighted counts (members × columns) of the named groups, in half 0 and in half 1; keys: members.

    A group in which no member has a count (a source that tells no amounts, say) is left out.
    """
    found = {}
    for name in names:
        group = GROUPS[name]
        counted = session.frame(group.sql, {"since": since, "until": until})
        first, second = (
            csr_matrix(group.weight * own.set_index("member_key")[list(group.columns)].reindex(keys).fillna(0).to_numpy(float))
            for own in (counted[counted.half == half] for half in (0, 1))
        )
        if first.nnz or second.nnz:
            found[name] = (first, second)
    return found
