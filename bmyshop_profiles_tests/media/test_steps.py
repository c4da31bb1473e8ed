"""The tables of forecasts, from the hours of a few shops."""

import datetime

import pandas as pd
import pytest

from bmyshop_profiles.engine.build import Frames
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.media import steps
from bmyshop_profiles.orchestration.steps import Inputs
from bmyshop_profiles_tests.conftest import attach_rows, day

END = day("2025-05-01")


@pytest.fixture
def made(session, settings, tmp_path):
    """The tables, of given rows of `store_hours` (shop, date, hour → receipts)."""

    def run(counts: dict[tuple[str, datetime.date, int], int], departements: dict[str, str]) -> dict[str, pd.DataFrame]:
        shops = sorted({shop for shop, _, _ in counts} | set(departements))
        rows = [{"store_key": shop, "visit_date": date, "sold_hour": hour, "receipts_count": n} for (shop, date, hour), n in counts.items()]
        zones = [{"zone_key": f"z{each}", "departement": each} for each in sorted(set(departements.values()))]
        attach_rows(session, "store_hours", rows, "2025-04")
        attach_rows(session, "stores", [{"store_key": shop} for shop in shops], "2025-04")
        attach_rows(session, "store_zones", [{"store_key": shop, "zone_key": f"z{each}"} for shop, each in departements.items()], "2025-04")
        attach_rows(session, "zones", zones, None)
        parameters = {"month_end": END}
        frames = Frames(session, load_catalogue()["visits_forecast"], load_catalogue(), parameters)
        return dict(steps.forecast(Inputs(session, Lake(tmp_path), "2025-04", parameters, settings, frames)))

    return run


def counts(shop: str, days: int = 112) -> dict[tuple[str, datetime.date, int], int]:
    """So many days before May 2025: 10 visits at 8 and 30 at 12, 5 and 0 on a Sunday and on Easter Monday."""
    found = {}
    for back in range(1, days + 1):
        date = END - datetime.timedelta(days=back)
        is_sunday = date.weekday() == 6 or date == day("2025-04-21")
        found |= {(shop, date, 8): 5} if is_sunday else {(shop, date, 8): 10, (shop, date, 12): 30}
    return found


def test_days_and_hours_to_come(made) -> None:
    found = made({**counts("S1"), **counts("S2")}, {"S1": "69", "S2": "59"})
    days, hours, quality = found["visits_forecast"], found["visits_hours"], found["forecast_quality"]
    assert len(days) == 2 * 56
    labour_day = days[days.visit_date == day("2025-05-01")]
    assert labour_day.hours_weekday.tolist() == [7, 7] and labour_day.is_public_holiday.all()
    assert labour_day.visits.tolist() == pytest.approx([5, 5])
    assert days[days.visit_date == day("2025-05-02")].visits.tolist() == pytest.approx([40, 40])
    assert days[days.visit_date == day("2025-05-02")].is_school_holiday.tolist() == [True, False]  # zone A until the 4th, zone B back
    assert (days.low_visits <= days.visits).all() and (days.visits <= days.high_visits).all()
    assert days[days.store_key == "S1"].horizon_weeks.tolist() == [4] * 28 + [8] * 28
    monday = hours[(hours.store_key == "S1") & (hours.weekday == 1)].set_index("sold_hour").visits_share
    assert monday.to_dict() == pytest.approx({8: 0.25, 12: 0.75})
    assert set(days.method) == {"last week"}  # when every week is the same, nothing is gained by reading more
    told = quality[quality.horizon_weeks == 4].set_index("measure").value
    assert (told["error"], told["origins"]) == (pytest.approx(0, abs=1e-5), 9)


def test_chunks_change_nothing(made, monkeypatch) -> None:
    told = {**counts("S1"), **counts("S2"), **counts("S3", days=80)}, {"S1": "69"}
    whole = made(*told)
    monkeypatch.setattr(steps, "CHUNK", 1)
    parted = made(*told)
    for name, frame in whole.items():
        pd.testing.assert_frame_equal(frame, parted[name])


def test_a_shop_without_receipts_has_no_forecast(made) -> None:
    gone = {(shop, date - datetime.timedelta(days=60), hour): n for (shop, date, hour), n in counts("S2", days=40).items()}
    found = made({**counts("S1"), **gone}, {"S3": "75"})
    assert set(found["visits_forecast"].store_key) == {"S1"} == set(found["visits_hours"].store_key)


def test_without_receipts_or_with_too_few_weeks_nothing_is_said(made) -> None:
    assert all(frame.empty for frame in made({}, {"S1": "75"}).values())
    assert all(frame.empty for frame in made(counts("S1", days=40), {}).values())
