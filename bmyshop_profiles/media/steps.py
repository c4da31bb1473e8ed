"""How the tables of forecasts are made: shops in chunks, so that no more than a chunk's hours are in memory."""

import datetime
import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from bmyshop_profiles.engine.build import Frames
from bmyshop_profiles.media.calendar import public_holidays, school_holidays
from bmyshop_profiles.media.forecast import HORIZONS, Backtest, History, backtest
from bmyshop_profiles.media.forecast import forecast as forecast_visits
from bmyshop_profiles.orchestration.steps import Inputs

CHUNK = 500  # shops at a time
JUDGED = 300  # shops that the backtest reads
AHEAD = 56
MEANINGS = {
    "origins": "rolling origins, a week apart",
    "error": "mean absolute error of an hour, receipts",
    "error_ratio": "that ÷ the error of the same hour a week before",
    "held": "share of hours within their 90 % interval",
    "shop_spread": "relative variance of a shop's sum over the horizon, beside the network's",
    "network_spread": "relative variance of the network's sum over the horizon",
}
SPREADS = {
    "chance": "variance of {} for each visit expected",
    "spread": "variance of {} for each square of what is expected",
    "low": "standard deviations below what is expected at which the 90 % interval of {} begins",
    "high": "standard deviations above it at which it ends",
}


def forecast(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    """Visits of the 56 days after the month."""
    shops, span = inputs.frames["shops"], inputs.frames["span"]
    empty = {name: pd.DataFrame() for name in ("visits_forecast", "visits_hours", "forecast_quality")}
    if shops.empty or pd.isna(span.first_date[0]):
        inputs.figures["visits_forecast"] = {"note": "no receipts: nothing to forecast from"}
        return empty
    first, end = pd.Timestamp(span.first_date[0]).date(), inputs.parameters["month_end"]
    assert isinstance(inputs.frames, Frames)
    read = _Reader(inputs.frames, first, end)
    judged = sorted(shops.index, key=lambda row: hashlib.md5(str(shops.store_key[row]).encode()).hexdigest())[:JUDGED]
    sample = read.history(shops.loc[sorted(judged)])
    near = backtest(sample, weeks=4)
    if near is None:
        inputs.figures["visits_forecast"] = {"note": "fewer than eight weeks of receipts: nothing to judge a forecast by"}
        return empty
    tests = {4: near, 8: backtest(sample, [near.method], weeks=8) or near}
    made = [_rows(chunk, read.history(chunk), tests, end) for chunk in _chunks(shops)]
    days, hours = (pd.concat(parts, ignore_index=True) for parts in zip(*made, strict=True))
    return {"visits_forecast": days, "visits_hours": hours, "forecast_quality": _quality(tests)}


class _Reader:
    """Histories of shops, up to `end`."""

    def __init__(self, frames: Frames, first: datetime.date, end: datetime.date):
        self._frames, self._first = frames, first
        self.days = (end - first).days

    def history(self, shops: pd.DataFrame) -> History:
        """shops: store_key, departement; sorted by key."""
        keys = shops.store_key.tolist()
        rows = self._frames.given("hours", first_key=keys[0], last_key=keys[-1])
        place = pd.Index(keys).get_indexer(pd.Index(rows.store_key))
        rows, place = rows[place >= 0], place[place >= 0]
        visits = np.zeros((len(keys), self.days, 24), dtype=np.float32)
        day = (pd.to_datetime(rows.visit_date) - pd.Timestamp(self._first)).dt.days.to_numpy()
        visits[place, day, rows.sold_hour.to_numpy()] = rows.receipts_count.to_numpy()
        span = self.days + AHEAD
        own = [None if pd.isna(each) else str(each) for each in shops.departement]
        weekday = (self._first.weekday() + np.arange(span)) % 7
        public = np.stack([public_holidays(self._first, span, each) for each in own])
        school = np.stack([school_holidays(self._first, span, each) for each in own])
        return History(visits, np.where(public, 6, weekday), school)


def _chunks(shops: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(shops), CHUNK):
        yield shops.iloc[start : start + CHUNK]


def _rows(shops: pd.DataFrame, history: History, tests: Mapping[int, Backtest], end: datetime.date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`visits_forecast` and `visits_hours` of some shops."""
    found = forecast_visits(history, tests[4].method, horizon=AHEAD)
    open_ = history.visits[:, -AHEAD:].sum(axis=(1, 2)) > 0
    keys, ahead = shops.store_key.to_numpy()[open_], slice(history.days, history.days + AHEAD)
    visits, weekday, school = found.days[open_], history.weekday[open_, ahead], history.school[open_, ahead]
    ends = np.stack([np.empty_like(visits), np.empty_like(visits)])
    horizon = np.zeros(AHEAD, dtype=int)
    for weeks, (start, stop) in HORIZONS.items():
        ends[:, :, start:stop] = tests[weeks].day.interval(visits[:, start:stop])
        horizon[start:stop] = weeks
    dates = [end + datetime.timedelta(days=day) for day in range(AHEAD)]
    plain = np.array([date.weekday() for date in dates])
    public = np.stack([public_holidays(end, AHEAD, None if pd.isna(each) else str(each)) for each in shops.departement])[open_]
    days = pd.DataFrame(
        {
            "store_key": np.repeat(keys, AHEAD),
            "visit_date": np.tile(np.array(dates, dtype=object), len(keys)),
            "hours_weekday": weekday.ravel() + 1,
            "horizon_weeks": np.tile(horizon, len(keys)),
            "is_public_holiday": public.ravel(),
            "is_school_holiday": school.ravel(),
            "visits": visits.ravel().round(4),
            "low_visits": ends[0].ravel().round(4),
            "high_visits": ends[1].ravel().round(4),
            "method": tests[4].method.name,
        }
    )
    assert (np.where(public, 6, plain) == weekday).all()
    shop, day, hour = np.nonzero(found.hours[open_])
    hours = pd.DataFrame(
        {"store_key": keys[shop], "weekday": day + 1, "sold_hour": hour, "visits_share": found.hours[open_][shop, day, hour].round(9)}
    )
    return days, hours


def _quality(tests: Mapping[int, Backtest]) -> pd.DataFrame:
    rows: list[tuple[int, str, float, str]] = []
    for weeks, test in tests.items():
        figures = {
            "origins": test.origins, "error": test.errors[test.method.name], "error_ratio": test.error_ratio, "held": test.held,
            "shop_spread": test.shop, "network_spread": test.network,
        }  # fmt: skip
        rows += [(weeks, name, value, MEANINGS[name]) for name, value in figures.items()]
        rows += [(weeks, f"error_{name.replace(', ', '_').replace(' ', '_')}", value, f"error of the method: {name}")
                 for name, value in test.errors.items()]  # fmt: skip
        for grain, spread in (("hour", test.hour), ("day", test.day)):
            rows += [
                (weeks, f"{grain}_{name}", getattr(spread, name), text.format("an hour" if grain == "hour" else "a day"))
                for name, text in SPREADS.items()
            ]
    return pd.DataFrame(rows, columns=["horizon_weeks", "measure", "value", "meaning"])
