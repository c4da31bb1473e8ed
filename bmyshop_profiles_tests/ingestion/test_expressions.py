"""number, cents and moment, as each dialect means them."""

from datetime import datetime
from decimal import Decimal

import duckdb
import pytest

from bmyshop_profiles.ingestion.mapping.functions import install_functions
from bmyshop_profiles.ingestion.mapping.mapping import Dialect

POINT, COMMA = Dialect(), Dialect(decimal=",")
FRENCH, GERMAN = Dialect(decimal=",", thousands=" "), Dialect(decimal=",", thousands=".")
SWISS, ENGLISH = Dialect(thousands="'"), Dialect(thousands=",")


def value_of(dialect: Dialect, call: str, text: str | None):
    with duckdb.connect() as connection:
        install_functions(connection, dialect)
        return connection.execute(f"select {call}(?::varchar)", [text]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        (POINT, "1.20", "1.2"),
        (POINT, " -1.20 ", "-1.2"),
        (POINT, "1.20-", "-1.2"),
        (POINT, "€ 3", "3"),
        (POINT, "1,20", None),
        (POINT, "1 234.50", None),
        (COMMA, "1,20", "1.2"),
        (COMMA, "1.20", None),
        (COMMA, ",50", "0.5"),
        (COMMA, "12,50 EUR", "12.5"),
        (FRENCH, "1 234,50 €", "1234.5"),
        (FRENCH, "1\u202f234\u00a0567,5", "1234567.5"),
        (FRENCH, "12 34,5", None),
        (GERMAN, "1.234", "1234"),
        (GERMAN, "1.23", None),
        (SWISS, "1'234.50", "1234.5"),
        (ENGLISH, "£1,234.50", "1234.5"),
        (POINT, "-$12", "-12"),
        (POINT, "($12)", "-12"),
        (POINT, "(12) €", "-12"),
        (POINT, "\u221212.00", "-12"),
        (POINT, "12.00 €-", "-12"),
        (ENGLISH, "-$1,234.50", "-1234.5"),
        (FRENCH, "- 1 234,50 €", "-1234.5"),
        (POINT, "(-12)", None),
        (POINT, "-12-", None),
        (POINT, "(12", None),
        (POINT, "12.00 CR", None),
        (POINT, "'-12.00", None),
        (GERMAN, "0.721", None),  # no thousands: nobody writes a zero before 721
        (GERMAN, "012.500", None),
        (POINT, "12.5O", None),
        (POINT, "", None),
        (POINT, "-", None),
        (POINT, ".", None),
        (POINT, "--1", None),
        (POINT, "1-2", None),
        (POINT, "1e3", None),
        (POINT, "nan", None),
        (POINT, "9" * 30, None),
        (POINT, None, None),
    ],
)
def test_a_number_is_read_as_the_dialect_says(dialect: Dialect, text: str | None, expected: str | None) -> None:
    assert value_of(dialect, "number", text) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(("text", "cents"), [("1,20", 120), ("0,005", 1), ("-0,005", -1), ("0,0049", 0), ("1 000", 100_000), ("x", None)])
def test_cents_are_whole(text: str, cents: int | None) -> None:
    assert value_of(FRENCH, "cents", text) == cents


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("03/01/2025 08:41", datetime(2025, 1, 3, 8, 41)),
        ("03-01-25", datetime(2025, 1, 3)),
        ("2025-01-03 08:41:09", datetime(2025, 1, 3, 8, 41, 9)),
        ("2025-01-03T08:41", datetime(2025, 1, 3, 8, 41)),
        ("31/02/2025 08:41", None),
        ("03.01.2025", None),
        ("25-01-03x", None),
    ],
)
def test_a_moment_is_the_first_format_that_fits(text: str, expected: datetime | None) -> None:
    assert value_of(Dialect(dates=("%d/%m/%Y %H:%M", "%d-%m-%y")), "moment", text) == expected


def test_two_digits_are_no_year_without_a_format() -> None:
    assert value_of(POINT, "moment", "03-01-25") is None
    assert value_of(Dialect(dates=("%d/%m/%Y",)), "moment", "20/07/25") is None
    both = Dialect(dates=("%d/%m/%Y", "%d/%m/%y"))
    assert [value_of(both, "moment", text) for text in ("20/07/25", "20/07/2025")] == [datetime(2025, 7, 20)] * 2


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%Y-%m-%dT%H:%M:%S%z", "2026-08-01T07:01:09Z", datetime(2026, 8, 1, 7, 1, 9)),
        ("%Y-%m-%d %H:%M:%S %z", "2026-08-01 10:00:00 +0200", datetime(2026, 8, 1, 8)),
        ("%d/%m/%Y %H:%M:%S.%f", "01/08/2026 10:00:00.1234567", datetime(2026, 8, 1, 10, 0, 0, 123456)),
        ("%d/%m/%Y %H:%M", "1/8/2026 9:05", datetime(2026, 8, 1, 9, 5)),
    ],
)
def test_moments_as_databases_and_services_write_them(form: str, text: str, expected: datetime) -> None:
    found = value_of(Dialect(dates=(form,)), "moment", text)
    assert found.replace(tzinfo=None) == expected
