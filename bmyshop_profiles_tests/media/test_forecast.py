"""Forecasts of visits: what each part of the model does, and what the backtest says of it."""

import datetime

import numpy as np
import pytest

from bmyshop_profiles.media.calendar import public_holidays, school_holidays
from bmyshop_profiles.media.forecast import History, Method, Spread, backtest, fit_spread, forecast

RECENT, SCHOOL, YEAR = Method("recent weeks"), Method("school", school=True), Method("year", year=True)


def history(days: np.ndarray, *, school: np.ndarray | None = None, weekday: np.ndarray | None = None) -> History:
    """days: (shops, days) visits, a quarter of which come at 8 and the rest at 12."""
    visits = np.zeros((*days.shape, 24))
    visits[:, :, 8], visits[:, :, 12] = days / 4, days * 3 / 4
    span = (len(days), days.shape[1] + 56)
    weekday = np.arange(span[1]) % 7 if weekday is None else weekday
    return History(
        visits, np.broadcast_to(weekday, span), np.broadcast_to(np.zeros(span[1], dtype=bool) if school is None else school, span)
    )


def test_a_week_that_repeats_itself_goes_on() -> None:
    week = np.array([10, 20, 30, 40, 50, 60, 0])
    found = forecast(history(np.tile(week, (2, 8))), RECENT)
    assert found.days == pytest.approx(np.tile(week, (2, 8)))
    assert found.hours[0, 0, [8, 12]] == pytest.approx([0.25, 0.75])
    assert found.by_hour(np.arange(56)[None] % 7 + np.zeros((2, 1), dtype=int))[1, 2, 12] == pytest.approx(22.5)


def test_recent_weeks_count_more() -> None:
    days = np.repeat([10.0] * 7 + [20.0], 7)[None]
    assert 12 < forecast(history(days), RECENT).days[0, 0] < 16


def test_a_public_holiday_is_a_sunday() -> None:
    weekday = np.arange(112) % 7
    weekday[60] = 6
    week = np.array([10, 10, 10, 10, 10, 10, 2])
    found = forecast(history(np.tile(week, (1, 8)), weekday=weekday), RECENT)
    assert found.days[0, 4] == pytest.approx(2) and found.days[0, 3] == pytest.approx(10)


def test_a_shop_that_opened_lately_is_not_drawn_down_by_the_days_before() -> None:
    days = np.concatenate([np.zeros(35), np.full(21, 10.0)])[None]
    assert forecast(history(days), RECENT).days[0] == pytest.approx(10)


def test_school_holidays_are_learnt_and_known_in_advance() -> None:
    school = (np.arange(371) // 14) % 4 == 3
    days = np.where(school[:315], 20.0, 10.0)[None]
    found = forecast(history(days, school=school), SCHOOL).days[0]
    plain = forecast(history(days, school=school), RECENT).days[0]
    wanted = np.where(school[315:], 20.0, 10.0)
    assert abs(found - wanted).mean() < 0.5 * abs(plain - wanted).mean()


def test_the_season_of_the_year_before_comes_again() -> None:
    wave = 100 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(564) / 364))
    found = forecast(history(wave[None, :508]), YEAR).days[0]
    plain = forecast(history(wave[None, :508]), RECENT).days[0]
    assert abs(found - wave[508:]).mean() < 0.3 * abs(plain - wave[508:]).mean()
    short = history(wave[None, :300])
    assert forecast(short, YEAR).days == pytest.approx(forecast(short, RECENT).days)


def test_nothing_after_the_origin_is_read() -> None:
    days = np.random.default_rng(0).poisson(50, (3, 500)).astype(float)
    later = days.copy()
    later[:, 450:] = 1e6
    for method in (RECENT, SCHOOL, YEAR, Method("trend", trend=0.5)):
        known, spoilt = (forecast(history(each), method, origin=450, horizon=56).days for each in (days, later))
        assert (known == spoilt).all()


def test_an_origin_without_a_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        forecast(history(np.ones((1, 20))), RECENT, horizon=57)


def test_the_backtest_chooses_what_errs_least_and_says_how_far_it_was_off() -> None:
    rng = np.random.default_rng(1)
    days = rng.poisson(np.tile([20, 30, 40, 50, 60, 70, 5], (30, 30))).astype(float)
    test = backtest(history(days))
    assert test is not None
    assert (test.origins, test.method.name) == (12, "recent weeks")
    assert test.error_ratio < 0.85
    assert test.held == pytest.approx(0.9, abs=0.01)
    assert test.day.chance == pytest.approx(1.2, abs=0.2)
    assert test.network < 1e-3 and test.shop < 3e-3
    assert backtest(history(days[:, :50])) is None


def test_a_network_that_moves_as_one_is_told_from_shops_that_differ() -> None:
    rng = np.random.default_rng(2)
    together = 100 * np.exp(np.repeat(rng.normal(0, 0.1, 30), 7))[None].repeat(40, axis=0)
    test = backtest(history(together), [RECENT])
    assert test is not None and test.network > 10 * test.shop
    apart = 100 * np.exp(np.repeat(rng.normal(0, 0.1, (40, 8)), 28, axis=1))
    test = backtest(history(apart), [RECENT])
    assert test is not None and test.shop > 3 * test.network


def test_a_spread_is_that_of_the_counts() -> None:
    rng = np.random.default_rng(3)
    expected = rng.uniform(1, 100, 40_000)
    counts = rng.poisson(expected * rng.gamma(25, 1 / 25, len(expected)))
    found = fit_spread(expected, counts)
    assert (found.chance, found.spread) == (pytest.approx(1, abs=0.35), pytest.approx(0.04, rel=0.2))
    low, high = found.interval(expected)
    assert np.mean((low <= counts) & (counts <= high)) == pytest.approx(0.9, abs=0.005)
    assert (low <= expected).all() and (expected <= high).all() and (low >= 0).all()
    assert fit_spread(expected[:5], counts[:5]) == Spread()


def test_holidays_of_france() -> None:
    days = public_holidays(datetime.date(2025, 4, 18), 4)
    assert days.tolist() == [False, False, False, True]  # Easter Monday
    assert public_holidays(datetime.date(2025, 4, 18), 4, "67").tolist() == [True, False, False, True]  # Good Friday in Alsace
    lyon, lille, anywhere = (school_holidays(datetime.date(2025, 2, 17), 1, each)[0] for each in ("69", "59", None))
    assert (lyon, lille, anywhere) == (False, True, True)  # zones B and C have theirs that week
    assert not school_holidays(datetime.date(2040, 8, 1), 3).any()  # of which no calendar is known
