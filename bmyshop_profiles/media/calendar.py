"""Days of a French year as a shop's département has them: public holidays, school holidays. Pure.

Belongs here: which day is what, from the packages `holidays` and `vacances-scolaires-france` (Ministère de l'Éducation nationale). Does not
belong here: what that does to visits (`forecast.py`).
"""

import datetime
import functools

import numpy as np

# Académies by zone of school holidays (arrêté of the Ministère de l'Éducation nationale), as the départements they consist of.
_ZONES = {
    "A": "01 03 07 15 16 17 19 21 23 24 25 26 33 38 39 40 42 43 47 58 63 64 69 70 71 73 74 79 86 87 89 90",
    "B": "02 04 05 06 08 10 13 14 18 22 27 28 29 35 36 37 41 44 45 49 50 51 52 53 54 55 56 57 59 60 61 62 67 68 72 76 80 83 84 85 88",
    "C": "09 11 12 30 31 32 34 46 48 65 66 75 77 78 81 82 91 92 93 94 95",
}
SCHOOL_ZONES = {departement: zone for zone, departements in _ZONES.items() for departement in departements.split()}
_OWN_HOLIDAYS = {"57": "57", "67": "6AE", "68": "6AE"}  # Moselle and Alsace have two more


def public_holidays(first: datetime.date, days: int, departement: str | None = None) -> np.ndarray:
    """Whether each of so many days from the first is a public holiday in a département (or in all of France): (days,) booleans."""
    return _public(first, days, _OWN_HOLIDAYS.get(departement or ""))


def school_holidays(first: datetime.date, days: int, departement: str | None = None) -> np.ndarray:
    """Whether each day falls in the school holidays of a département's zone; without a zone, in those of at least two: (days,) booleans.

    Days for which no calendar has been published are taken for school days.
    """
    return _school(first, days, SCHOOL_ZONES.get(departement or ""))


@functools.cache
def _public(first: datetime.date, days: int, subdivision: str | None) -> np.ndarray:
    import holidays

    dates = _dates(first, days)
    known = holidays.country_holidays("FR", subdiv=subdivision, years=range(first.year, dates[-1].year + 1) if dates else ())
    return np.array([date in known for date in dates], dtype=bool)


@functools.cache
def _school(first: datetime.date, days: int, zone: str | None) -> np.ndarray:
    from vacances_scolaires_france import SchoolHolidayDates

    calendar = SchoolHolidayDates()
    needed = 1 if zone else 2
    return np.array(
        [
            calendar.min_year <= date.year <= calendar.max_year
            and sum(calendar.is_holiday_for_zone(date, each) for each in zone or "ABC") >= needed
            for date in _dates(first, days)
        ],
        dtype=bool,
    )


def _dates(first: datetime.date, days: int) -> list[datetime.date]:
    return [first + datetime.timedelta(days=day) for day in range(days)]
