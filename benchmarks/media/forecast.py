"""How far are forecasts of visits off, four weeks ahead? `python -m benchmarks.media.forecast [--shops 20] [--lines 2000000] [--months 18]`

Twelve rolling origins, two weeks apart on the simulator and four on the bakery (its year has seasons that two months do not show). At each,
the method is chosen and its intervals are fitted by the package's own backtest of what lies before the origin; then every hour of the
four weeks after it, in which the shop had visits in the eight weeks before, is compared with what came. Beside it: the same hour a week
before, which for the later weeks is not known at the origin: harder to beat than what can be served. And the last week known at the origin.
Data: a French bakery (Kaggle, matthieugimbert), whose département is unknown; a simulated network.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.helpers import report
from benchmarks.simulation.realism import bakery
from benchmarks.simulation.worlds import simulated_lines
from bmyshop_profiles.media.calendar import public_holidays, school_holidays
from bmyshop_profiles.media.forecast import History, backtest, forecast
from bmyshop_profiles.simulation import Parameters, simulate

AHEAD = 28
HELD = (0.85, 0.95)


def history_of(receipts: pd.DataFrame) -> History:
    """receipts: store, at; one row each."""
    stores, days = pd.factorize(receipts.store, sort=True), receipts["at"].dt.normalize()
    first, last = days.min(), days.max()
    visits = np.zeros((len(stores[1]), (last - first).days + 1, 24), dtype=np.float32)
    np.add.at(visits, (stores[0], (days - first).dt.days, receipts["at"].dt.hour), 1)
    span = visits.shape[1] + 56
    weekday = np.where(public_holidays(first.date(), span), 6, (first.weekday() + np.arange(span)) % 7)
    shape = (len(visits), span)
    return History(visits, np.broadcast_to(weekday, shape), np.broadcast_to(school_holidays(first.date(), span), shape))


@dataclass(frozen=True)
class Seen:
    """What one origin gave: errors of hours, and how many lay within their intervals."""

    method: str
    error: float
    week_before: float
    last_week: float
    hours: int
    inside: int
    told: int


def origin_seen(history: History, origin: int) -> Seen:
    """The four weeks after an origin, from what lies before it."""
    known = History(history.visits[:, :origin], history.weekday, history.school)
    test = backtest(known)
    assert test is not None, "too few days before the first origin"
    expected = forecast(known, test.method, horizon=AHEAD).by_hour(history.weekday[:, origin : origin + AHEAD])
    counts = history.visits[:, origin : origin + AHEAD]
    low, high = test.hour.interval(expected)
    there = np.broadcast_to((history.visits[:, origin - 56 : origin].sum(axis=1) > 0)[:, None], counts.shape)
    before = history.visits[:, origin - 7 : origin + AHEAD - 7]
    last = np.tile(history.visits[:, origin - 7 : origin], (1, AHEAD // 7, 1))
    told = there & (expected > 0)
    return Seen(
        test.method.name, *(float(abs(each - counts)[there].sum()) for each in (expected, before, last)), int(there.sum()),
        int(((low <= counts) & (counts <= high))[told].sum()), int(told.sum()),
    )  # fmt: skip


def judged(history: History, origins: int, apart: int) -> dict[str, object]:
    """Figures over all origins, the last of which has four weeks after it."""
    starts = [history.days - AHEAD - apart * number for number in range(origins)]
    seen = [origin_seen(history, origin) for origin in starts if origin >= 70]
    error, before, last = (sum(getattr(each, name) for each in seen) for name in ("error", "week_before", "last_week"))
    names = [each.method for each in seen]
    return {
        "origins": len(seen),
        "shops": len(history.visits),
        "hours": sum(each.hours for each in seen),
        "error": error / sum(each.hours for each in seen),
        "÷ a week before": error / before,
        "÷ last week known": error / last,
        "held": sum(each.inside for each in seen) / sum(each.told for each in seen),
        "methods": {name: names.count(name) for name in sorted(set(names))},
    }


def worlds(options: argparse.Namespace) -> dict[str, tuple[History, int]]:
    """Visits, and days between origins."""
    found = {}
    try:
        lines = bakery()
        found["bakery"] = history_of(lines.groupby("receipt", as_index=False).agg(at=("sold", "min")).assign(store="bakery")), 28
    except report.DataAbsent as absent:
        print(f"no bakery: {absent}")
    with tempfile.TemporaryDirectory() as name:
        simulate(
            Path(name),
            stores=options.shops,
            members=options.lines // 1300,
            anonymous_shoppers=options.lines // 130,
            months=options.months,
            first_month="2024-01",
            lines=options.lines,
            parameters=Parameters(flavours=("caisse_a",), defects=0.0),
        )
        told = simulated_lines(Path(name)).groupby("receipt", as_index=False).agg(at=("sold", "min"), store=("shop", "first"))
        found["simulated"] = history_of(told), 14
    return found


def measure(options: argparse.Namespace) -> report.Measured:
    """All worlds."""
    found = {name: judged(history, options.origins, apart) for name, (history, apart) in worlds(options).items()}
    report.show([{"world": name, **figures} for name, figures in found.items()])
    bars = {}
    for name, figures in found.items():
        ratio, held = figures["÷ a week before"], figures["held"]
        bars[f"{name}: error ÷ a week before"] = report.bar(ratio, "< 1", ratio < 1)  # type: ignore[operator]
        bars[f"{name}: intervals hold, least"] = report.at_least(held, HELD[0])
        bars[f"{name}: intervals hold, most"] = report.at_most(held, HELD[1])
    return found, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--origins", type=int, default=12)
    parser.add_argument("--shops", type=int, default=20)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--months", type=int, default=18)
    return report.run(measure, parser, argv, smoke={"origins": 2, "shops": 3, "lines": 20_000, "months": 5})


if __name__ == "__main__":
    sys.exit(main())
