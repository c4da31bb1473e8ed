"""Arithmetic of months written as 2025-01. Nothing else."""

import datetime

RECENT = 3  # months of receipts in each of the two windows that show what changed
FURTHEST = 9  # months between them at most: both, and what lies between, are in a window of twelve


def month_index(month: str) -> int:
    """Months since year 0, so that months can be subtracted."""
    return int(month[:4]) * 12 + int(month[5:]) - 1


def month_plus(month: str, months: int) -> str:
    """The month so many months later (or earlier)."""
    year, rest = divmod(month_index(month) + months, 12)
    return f"{year:04d}-{rest + 1:02d}"


def months_between(first: str, last: str) -> list[str]:
    """All months from `first` to `last`, both included; none when `last` is earlier."""
    return [month_plus(first, step) for step in range(month_index(last) - month_index(first) + 1)]


def month_start(month: str) -> datetime.date:
    """First day of a month."""
    return datetime.date(int(month[:4]), int(month[5:]), 1)


def missions_since(month: str) -> str:
    """The January of a month's year: missions are found in the first month since then that has receipts, and kept for the year."""
    return f"{month[:4]}-01"


def last_complete_month(today: datetime.date | None = None) -> str:
    """The month before today's."""
    return month_plus(f"{today or datetime.date.today():%Y-%m}", -1)


def typology_windows(month: str, typology_months: int) -> dict[str, str]:
    """First and last months of the windows that end with a month: the typology's own, since `typology_since`; and the two that show what
    changed, the last months since `recent_since` and those from `earlier_since` to `earlier_until`, as far back as a typology looks, so
    that they share no receipts."""
    earlier = month_plus(month, -min(max(typology_months, RECENT), FURTHEST))
    return {
        "typology_since": month_plus(month, 1 - typology_months),
        "recent_since": month_plus(month, 1 - RECENT),
        "earlier_since": month_plus(earlier, 1 - RECENT),
        "earlier_until": earlier,
    }
