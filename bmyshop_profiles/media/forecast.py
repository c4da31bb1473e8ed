"""Visits of shops in the weeks to come, from those of the weeks behind them: the model, its rolling backtest, its spreads. Pure.

    visits of a day = weighted mean of the last eight weeks' days of its kind × school holidays × the same season a year before

A seasonal naive forecast (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., 5.2), averaged over weeks, a week back
counting four fifths of the one after it. Public holidays are Sundays. What school holidays do is a regression of each shop's weeks on the
eight before them, shrunk towards nothing. The same season a year before is the ratio of the shop's three weeks around the day, 364 days
ago, to its eight weeks before that day's origin. Which parts are used is chosen by a rolling backtest (ibid., 5.10).
Belongs here: arrays in, arrays out. Does not belong here: where visits come from (`steps.py`), what a day is (`calendar.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

WEEKS = 8  # recent weeks that are read
DECAY = 0.8  # weight of a week, against the week after it
YEAR, AROUND = 364, 10  # days back to the same weekday a year before, days on either side of it
RIDGE = 1.0  # weeks fully in school holidays that a shop without any effect of them is taken to have had
FEW = 3.0  # visits a day added to both sides of a ratio, so that shops with hardly any have none of their own
LEAST_DAYS = 28  # of history before an origin
ORIGINS = 12  # of the backtest, a week apart
HORIZONS = {4: (0, 28), 8: (28, 56)}  # weeks → first day ahead, and the one after the last
Z90 = 1.645


@dataclass(frozen=True)
class Method:
    """What a forecast uses. weeks: recent weeks; trend: how much of the growth from the last but one four weeks to the last goes on."""

    name: str
    weeks: int = WEEKS
    trend: float = 0.0
    school: bool = False
    year: bool = False


METHODS = (
    Method("last week", weeks=1),
    Method("recent weeks"),
    Method("recent weeks, trend", trend=0.5),
    Method("recent weeks, school holidays", school=True),
    Method("recent weeks, year before", year=True),
    Method("recent weeks, school holidays, year before", school=True, year=True),
)


@dataclass(frozen=True)
class History:
    """visits: (shops, days, 24) receipts. weekday: (shops, more days) 0 Monday to 6 Sunday or public holiday; school: the same shape,
    booleans: the days of `visits`, and those to forecast after them."""

    visits: np.ndarray
    weekday: np.ndarray
    school: np.ndarray

    @property
    def days(self) -> int:
        """Days that are known."""
        return int(self.visits.shape[1])


@dataclass(frozen=True)
class Forecast:
    """days: (shops, horizon) visits. hours: (shops, 7, 24) share of each hour in a day of each kind; nothing where the shop has none."""

    days: np.ndarray
    hours: np.ndarray

    def by_hour(self, weekday: np.ndarray) -> np.ndarray:
        """Visits of each hour: (shops, horizon, 24). weekday: (shops, horizon)."""
        return self.days[:, :, None] * np.take_along_axis(self.hours, weekday[:, :, None], axis=1)


def forecast(history: History, method: Method, *, origin: int | None = None, horizon: int = 56) -> Forecast:
    """Visits of the days from `origin` (default: the first that is not known) on. Nothing at or after it is read.

    Raises:
        ValueError: there is no day before the origin, or no calendar for a day to forecast.
    """
    origin = history.days if origin is None else origin
    if origin < 1 or origin + horizon > history.weekday.shape[1]:
        raise ValueError(f"an origin of {origin} with {horizon} days ahead does not fit {history.weekday.shape[1]} days of calendar")
    since = max(0, origin - 7 * method.weeks)
    weights = DECAY ** ((origin - 1 - np.arange(since, origin)) // 7)
    recent = history.visits[:, since:origin]
    opened = np.cumsum(history.visits[:, :origin].sum(axis=2) > 0, axis=1)[:, since:] > 0  # before its first receipt a shop was not there
    kinds = (history.weekday[:, since:origin, None] == np.arange(7)) & opened[:, :, None]
    weighted = kinds * weights[:, None]  # shops, days, kinds
    known = weighted.sum(axis=1)
    base = np.einsum("sdk,sdh->skh", weighted, recent) / np.maximum(known, 1e-9)[:, :, None]
    daily = base.sum(axis=2)
    ahead = slice(origin, origin + horizon)
    days = np.take_along_axis(daily, history.weekday[:, ahead], axis=1)
    if method.trend:
        days = days * _growth(history, origin)[:, None] ** method.trend
    if method.school:
        effect = _school_effect(history, origin)
        usual = np.einsum("sdk,sd->sk", weighted, history.school[:, since:origin].astype(float)) / np.maximum(known, 1e-9)
        days = days * np.exp(effect[:, None] * (history.school[:, ahead] - np.take_along_axis(usual, history.weekday[:, ahead], axis=1)))
        if method.year:
            days = days * _season(history, origin, horizon, effect)
    elif method.year:
        days = days * _season(history, origin, horizon, np.zeros(len(days)))
    return Forecast(days, base / np.maximum(daily, 1e-9)[:, :, None])


def _growth(history: History, origin: int) -> np.ndarray:
    last, before = (history.visits[:, max(0, origin - back) : max(0, origin - back + 28)].sum(axis=(1, 2)) for back in (28, 56))
    return (last + 28 * FEW) / (before + 28 * FEW) if origin >= 56 else np.ones(len(last))


def _school_effect(history: History, origin: int) -> np.ndarray:
    """Log-ratio of visits in the school holidays to those of school days: (shops,)."""
    totals = history.visits[:, :origin].sum(axis=2)
    school = history.school[:, :origin].astype(float)
    along, across = np.zeros(len(totals)), np.full(len(totals), RIDGE)
    for start in range(origin - 7, LEAST_DAYS - 1, -7):
        since = max(0, start - 7 * WEEKS)
        weights = DECAY ** ((start - 1 - np.arange(since, start)) // 7)
        weights = weights / weights.sum()
        more = school[:, start : start + 7].mean(axis=1) - school[:, since:start] @ weights
        ratio = (totals[:, start : start + 7].mean(axis=1) + FEW) / (totals[:, since:start] @ weights + FEW)
        there = (totals[:, since:start].sum(axis=1) > 0) & (totals[:, start : start + 7].sum(axis=1) > 0)
        along += there * more * np.log(ratio)
        across += there * more * more
    return along / across


def _season(history: History, origin: int, horizon: int, effect: np.ndarray) -> np.ndarray:
    """A year before, the days around each day ÷ the weeks before the origin, what school holidays do taken out: (shops, horizon)."""
    before = origin - YEAR - 7 * WEEKS
    if before < 0:
        return np.ones((len(effect), horizon))
    totals = history.visits[:, :origin].sum(axis=2) * np.exp(-effect[:, None] * history.school[:, :origin])
    weights = DECAY ** ((7 * WEEKS - 1 - np.arange(7 * WEEKS)) // 7)
    usual = totals[:, before : before + 7 * WEEKS] @ (weights / weights.sum())
    sums = np.concatenate([np.zeros((len(totals), 1)), np.cumsum(totals, axis=1)], axis=1)
    middle = origin - YEAR + np.arange(horizon)
    low, high = middle - AROUND, np.minimum(middle + AROUND + 1, origin)
    around = (sums[:, high] - sums[:, low]) / (high - low)
    there = totals[:, : before + 7 * WEEKS].sum(axis=1) > 0
    return np.where(there[:, None], np.clip((around + FEW) / (usual[:, None] + FEW), 1 / 3, 3), 1.0)


@dataclass(frozen=True)
class Spread:
    """How far counts lie from what was expected: variance = chance × expected + spread × expected², and from how many such standard
    deviations below to how many above nine in ten lie."""

    chance: float = 1.0
    spread: float = 0.0
    low: float = -Z90
    high: float = Z90

    def interval(self, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the 90 % interval of each count."""
        deviation = np.sqrt(self.chance * expected + self.spread * expected**2)
        return np.clip(expected + self.low * deviation, 0, expected), expected + self.high * deviation


def fit_spread(expected: np.ndarray, counts: np.ndarray) -> Spread:
    """The spread of counts of which something was expected. Arrays of one shape; cells without an expectation are left out."""
    told = expected > 0
    expected, counts = expected[told], counts[told]
    if len(expected) < 20:
        return Spread()
    squares = (counts - expected) ** 2 / expected
    slope, level = np.polyfit(expected, squares, 1) if np.ptp(expected) > 0 else (0.0, squares.mean())
    spread = max(float(slope), 0.0)
    chance = max(float(level) if slope > 0 else float(squares.mean()), 0.1)
    low, high = np.quantile((counts - expected) / np.sqrt(chance * expected + spread * expected**2), [0.05, 0.95])
    return Spread(chance, spread, min(float(low), 0.0), max(float(high), 0.0))


@dataclass(frozen=True)
class Backtest:
    """What rolling origins say of a method over one horizon. error_ratio: mean absolute error of an hour ÷ that of the same hour a week
    before it. held: share of hours within their intervals. shop, network: relative variances of sums over the horizon, of one shop beside
    the network, and of the network. errors: of each method."""

    method: Method
    origins: int
    errors: dict[str, float]
    error_ratio: float
    held: float
    hour: Spread
    day: Spread
    shop: float
    network: float


def backtest(history: History, methods: Sequence[Method] = METHODS, *, weeks: int = 4, origins: int = ORIGINS) -> Backtest | None:
    """Forecasts from up to so many past origins, a week apart, against what came: the best method, and how far it was off.

    Hours are those of the day in which a shop had visits in the eight weeks before an origin. None where the history is too short.
    """
    first, last = HORIZONS[weeks]
    starts = list(range(history.days - last, LEAST_DAYS - 1, -7))[:origins]
    if not starts:
        return None
    errors = {method: _error(_compared(history, method, origin, first, last) for origin in starts) for method in methods}
    best = min(methods, key=lambda method: errors[method])
    found = [_compared(history, best, origin, first, last) for origin in starts]
    expected, counts = (np.concatenate([getattr(each, name)[each.open] for each in found]) for name in ("expected", "counts"))
    hour = fit_spread(expected, counts)
    low, high = hour.interval(expected)
    told = expected > 0
    naive = float(np.concatenate([abs(each.counts - each.week_before)[each.open] for each in found]).mean())
    days = fit_spread(*(np.concatenate([getattr(each, name).sum(axis=2).ravel() for each in found]) for name in ("expected", "counts")))
    shop, network = _sums(found, hour.chance)
    return Backtest(
        best, len(starts), {method.name: error for method, error in errors.items()}, errors[best] / naive if naive > 0 else np.nan,
        float(((low <= counts) & (counts <= high))[told].mean()) if told.any() else np.nan, hour, days, shop, network,
    )  # fmt: skip


@dataclass(frozen=True)
class _Compared:
    expected: np.ndarray  # shops, days, 24
    counts: np.ndarray
    week_before: np.ndarray
    open: np.ndarray  # booleans


def _compared(history: History, method: Method, origin: int, first: int, last: int) -> _Compared:
    known = History(history.visits[:, :origin], history.weekday, history.school)
    expected = forecast(known, method, horizon=last).by_hour(history.weekday[:, origin : origin + last])[:, first:]
    ahead = slice(origin + first, origin + last)
    counts, before = history.visits[:, ahead], history.visits[:, origin + first - 7 : origin + last - 7]
    hours = history.visits[:, max(0, origin - 7 * WEEKS) : origin].sum(axis=1) > 0
    return _Compared(expected, counts, before, np.broadcast_to(hours[:, None], counts.shape))


def _error(found: Iterable[_Compared]) -> float:
    """Mean absolute error of an hour."""
    sums = [(abs(each.expected - each.counts)[each.open].sum(), each.open.sum()) for each in found]
    error, cells = np.sum(sums, axis=0)
    return float(error) / max(float(cells), 1.0)


def _sums(found: Sequence[_Compared], chance: float) -> tuple[float, float]:
    """Relative variance of a shop's sum over the horizon, the network's error taken out, and that of the network's sum."""
    expected, counts = (np.stack([getattr(each, name).sum(axis=(1, 2)) for each in found]) for name in ("expected", "counts"))
    network = counts.sum(axis=1) / np.maximum(expected.sum(axis=1), 1e-9)
    own = (counts - network[:, None] * expected) ** 2 - chance * expected
    shops = expected.shape[1]
    shop = float(own.sum() / max((expected**2).sum(), 1e-9)) * shops / (shops - 1) if shops > 1 else 0.0
    return max(shop, 0.0), float(((network - 1) ** 2).mean())
