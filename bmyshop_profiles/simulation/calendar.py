"""The days of a French year as shops feel them: weekdays, public holidays, season, pay day. Pure functions of dates."""

import numpy as np

# visits of a town in a month against the year's average
_SEASON = np.array([0.97, 0.98, 1.0, 1.01, 1.02, 1.01, 0.98, 0.88, 1.01, 1.02, 1.02, 1.1])
_FIXED_HOLIDAYS = ("01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25")
PAYDAYS = 5  # first days of a month


def easter(year: int) -> np.datetime64:
    """Easter Sunday (anonymous Gregorian computus, as in Meeus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    n = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * n) // 451
    month, day = divmod(h + n - 7 * m + 114, 31)
    return np.datetime64(f"{year}-{month:02d}-{day + 1:02d}", "D")


def days_of(first_month: str, last_month: str) -> np.ndarray:
    """Every day from the first to the last of these months."""
    return np.arange(np.datetime64(first_month, "D"), (np.datetime64(last_month, "M") + 1).astype("datetime64[D]"))


def weekdays(days: np.ndarray) -> np.ndarray:
    """0 Monday to 6 Sunday; a public holiday is a Sunday."""
    found = (days.astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday
    years = np.unique(days.astype("datetime64[Y]").astype(int) + 1970)
    moving = [easter(int(year)) + offset for year in years for offset in (1, 39, 50)]
    fixed = [np.datetime64(f"{year}-{day}", "D") for year in years for day in _FIXED_HOLIDAYS]
    return np.where(np.isin(days, np.array([*moving, *fixed])), 6, found)


def season(days: np.ndarray, strength: float) -> np.ndarray:
    """Factor of each day."""
    month = days.astype("datetime64[M]").astype(int) % 12
    return 1 + strength * (_SEASON[month] - 1)


def is_payday(days: np.ndarray) -> np.ndarray:
    """Whether wages have just come."""
    return (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(int) < PAYDAYS
