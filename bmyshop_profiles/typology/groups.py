"""Groups of behaviour beside the items: their columns, what each counts for.

Belongs here: one declaration per group. Does not belong here: counting (`sql/features/member_counts.sql`, `member_window.sql`), matrices
(members.py).

A group is a histogram: a member's counts over a few columns, of which each profile has a distribution. All are counted within a half of the
receipts; the whole is the sum of the halves. A person's receipts are alike in these things, so that one more of them says less than an item
does: a count is multiplied by the group's weight, 1/4. Basket and spend say nearly the same and share it; variety, which counts articles
not receipts, has 1/16. With five groups at 1/4 items lose 4 % of their held-out gain, with dayparts at 1, 6 % (The Complete Journey).
What each group is worth, and why weekdays are not served: `python -m benchmarks.typology.groups`.
"""

from dataclasses import dataclass

from bmyshop_profiles.settings import Settings

DAYPARTS = ("early", "morning", "noon", "afternoon", "evening", "night")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LINES = ("lines_1", "lines_2", "lines_3", "lines_5", "lines_9", "lines_17")
SPEND = ("spend_0", "spend_2", "spend_5", "spend_10", "spend_20", "spend_50", "spend_100", "spend_200", "spend_500")


@dataclass(frozen=True)
class Group:
    """says: what its counts are. columns: of the histogram. weight: of one count, in items."""

    says: str
    columns: tuple[str, ...]
    weight: float


GROUPS = {
    "dayparts": Group("receipts by time of day", DAYPARTS, 1 / 4),
    "weekdays": Group("receipts by day of the week", WEEKDAYS, 1 / 4),
    "basket": Group("receipts by number of articles", LINES, 1 / 8),
    "spend": Group("receipts by amount", SPEND, 1 / 8),
    "variety": Group("articles that are new in the window, or bought again", ("new", "again"), 1 / 16),
}
SERVED: tuple[str, ...] = Settings.model_fields["behaviour_groups"].default
