"""Files with noise: what one person can change is bounded, the noise is as wide as it is said to be, and a month's budget adds up."""

import csv
import json
import math
import stat
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.catalogue import question
from bmyshop_profiles.engine.errors import BmyshopError
from bmyshop_profiles.media.noised import BOUNDS, MOST_GROUPS, MOST_RECEIPTS, export_noised, filled, half_width, noised
from bmyshop_profiles.privacy.budget import LEDGER
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.conftest import attach_rows
from bmyshop_profiles_tests.media.conftest import publish, written_in

MONTH = "2025-04"
CATEGORIES = ("press", "bread", "tobacco")


def receipts(*, without: str = "") -> list[dict[str, object]]:
    """A member with ten receipts in two shops, a card with three, and twelve receipts of nobody known; perhaps without one of them."""
    people = [("member", "M", 10), ("card", "C", 3), *((f"nobody{number}", "", 1) for number in range(12))]
    rows = [
        {
            "receipt_key": f"{who}/{number}", "store_key": "S1" if number % 3 else "S2", "daypart": "noon" if number % 2 else "morning",
            "member_key": who if kind == "M" else None, "shopper_key": who if kind == "C" else None,
        }
        for who, kind, count in people for number in range(count)
    ]  # fmt: skip
    return [row for row in rows if not str(row["receipt_key"]).startswith(f"{without}/")] if without else rows


def lines(of: list[dict[str, object]]) -> list[dict[str, object]]:
    """All categories on each receipt, one of them twice."""
    return [
        {"receipt_key": row["receipt_key"], "product_key": product, "quantity": 1.0}
        for row in of
        for product in (*CATEGORIES, CATEGORIES[0])
    ]


def tables(of: list[dict[str, object]]) -> dict[str, list[dict[str, object]]]:
    grades = [
        {"kind": "category", "group_name": name, "network_share": 0.2, "grade": grade, "cells_count": 4}
        for name, grade in (*((name, "seen") for name in CATEGORIES), ("other", "unsold"))
    ]
    return {
        "receipts": of, "receipt_lines": lines(of), "group_grades": grades,
        "product_categories": [{"product_key": name, "category": name} for name in CATEGORIES],
    }  # fmt: skip


def counted(session, of: list[dict[str, object]]) -> dict[str, pd.DataFrame]:
    for name, rows in tables(of).items():
        attach_rows(session, name, rows, MONTH)
    bounds = {"month": MONTH, "most_receipts": MOST_RECEIPTS}
    return {
        "visits_noised": session.frame(question("bounded_visits").sql, bounds),
        "groups_noised": session.frame(question("bounded_groups").sql, {**bounds, "most_groups": MOST_GROUPS}),
    }


def test_people_and_receipts_are_bounded(session) -> None:
    found = counted(session, receipts())
    assert found["visits_noised"].receipts_count.sum() == MOST_RECEIPTS + 3 + 12
    assert found["groups_noised"].receipts_count.sum() == (MOST_RECEIPTS + 3 + 12) * MOST_GROUPS
    assert set(found["groups_noised"].group_name) <= set(CATEGORIES)


@pytest.mark.parametrize(("who", "most"), [("member", MOST_RECEIPTS), ("card", 3), ("nobody1", 1)])
def test_one_person_changes_no_more_than_is_said(session, who, most) -> None:
    with_, without = counted(session, receipts()), counted(session, receipts(without=who))
    for name, bound in BOUNDS.items():
        keys = [column for column in with_[name].columns if column != "receipts_count"]
        both = with_[name].merge(without[name], how="outer", on=keys).fillna(0)
        changed = (both.receipts_count_x - both.receipts_count_y).abs().sum()
        assert changed == (most if name == "visits_noised" else most * MOST_GROUPS) <= bound


def test_every_cell_has_a_row() -> None:
    found = filled(pd.DataFrame({"a": ["x"], "b": ["2"], "receipts_count": [7]}), a=["x", "y"], b=["1", "2"])
    assert found.receipts_count.tolist() == [0, 7, 0, 0]


def test_noise_is_as_wide_as_it_is_said_to_be() -> None:
    counts, scale = noised(np.full(20_000, 100), bound=8, epsilon=2.0)
    away = counts - 100
    alpha = math.exp(-1 / scale)
    assert scale == 4.0 and abs(np.abs(away).mean() / (2 * alpha / (1 - alpha**2)) - 1) < 0.1 and abs(away.mean()) < 0.5
    assert 0.88 < (np.abs(away) <= half_width(scale)).mean() < 0.95


@pytest.fixture
def lake(settings: Settings) -> Settings:
    found = tables(receipts())
    stores = [{"store_key": key, "name": key, "store_type": "press", "is_listed": True, "has_receipts": True} for key in ("S1", "S2", "=3")]
    publish(settings, {**found, "stores": stores}, MONTH)
    return settings


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_an_export_with_hardly_any_noise_is_the_bounded_counts(lake, session, tmp_path) -> None:
    settings = lake.model_copy(update={"dp_budget": 10_000.0})
    written = export_noised(settings, MONTH, tmp_path / "files", 5000.0)
    assert written == {"visits_noised.csv": 3 * 6, "groups_noised.csv": 3 * 6 * len(CATEGORIES), "methodology.json": None}
    expected = counted(session, receipts())
    visits = {(row["screen"], row["daypart"]): int(row["visits"]) for row in rows_of(tmp_path / "files" / "visits_noised.csv")}
    known = {(row.store_key, row.daypart): row.receipts_count for row in expected["visits_noised"].itertuples()}
    assert {key: value for key, value in visits.items() if value} == known and ("'=3", "noon") in visits
    groups = rows_of(tmp_path / "files" / "groups_noised.csv")
    assert sum(int(row["visits"]) for row in groups) == expected["groups_noised"].receipts_count.sum()
    told = json.loads((tmp_path / "files" / "methodology.json").read_text())["privacy"]
    assert "else the receipt" in told["unit"] and told["epsilon"] == 5000 and "OpenDP" in told["mechanism"]
    assert told["bounds"] == {"receipts of a person": 4, "categories of a receipt": 2}
    assert told["tables"]["groups_noised"]["scale"] == pytest.approx(8 / 2500)
    for name in written:
        assert "member" not in (tmp_path / "files" / name).read_text().replace("a member or card", "")


def test_the_budget_of_a_month_adds_up(lake, tmp_path) -> None:
    for number in (1, 2):
        export_noised(lake, MONTH, tmp_path / f"files{number}", 1.25)
    told = json.loads((tmp_path / "files2" / "methodology.json").read_text())["privacy"]
    assert told["epsilon spent of the month, with these files"] == 2.5 and told["limit of a month"] == 3.0
    ledger = lake.data_dir / LEDGER
    assert [each["epsilon"] for each in json.loads(ledger.read_text())[MONTH]] == [1.25, 1.25]
    assert stat.S_IMODE(ledger.stat().st_mode) == 0o600
    before = ledger.read_bytes()
    with pytest.raises(BmyshopError, match=r"leaves epsilon 0.5 of 3 \(setting dp_budget\), not 0.6"):
        export_noised(lake, MONTH, tmp_path / "files3", 0.6)
    assert ledger.read_bytes() == before and written_in(tmp_path / "files3") == []
    export_noised(lake, MONTH, tmp_path / "files3", 0.5)


def test_what_is_not_written_is_not_spent(lake, tmp_path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "here").touch()
    with pytest.raises(BmyshopError, match="not empty"):
        export_noised(lake, MONTH, tmp_path / "files", 1.0)
    with mock.patch("bmyshop_profiles.media.noised.noised", side_effect=OSError("no space")), pytest.raises(OSError, match="no space"):
        export_noised(lake, MONTH, tmp_path / "other", 1.0)
    assert not (lake.data_dir / LEDGER).exists() and not (tmp_path / "other").exists()


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.nan, math.inf, 0.0001])
def test_what_is_no_epsilon_is_refused(lake, tmp_path, epsilon) -> None:
    with pytest.raises(BmyshopError, match="epsilon is a number of at least 0.001"):
        export_noised(lake, MONTH, tmp_path / "files", epsilon)
    assert not (tmp_path / "files").exists() and not (lake.data_dir / LEDGER).exists()


def test_what_else_is_wrong_is_said(lake, tmp_path) -> None:
    with pytest.raises(BmyshopError, match="2025-03 has not been made"):
        export_noised(lake, "2025-03", tmp_path / "files", 1.0)
    with mock.patch.dict(sys.modules, {"opendp.prelude": None}), pytest.raises(BmyshopError, match="needs the package opendp"):
        export_noised(lake, MONTH, tmp_path / "files", 1.0)
    for broken in ("no json", "[]", '{"2025-04": [{"epsilon": -1}]}', '{"2025-04": 1}'):
        (lake.data_dir / LEDGER).write_text(broken)
        with pytest.raises(BmyshopError, match="is no ledger of privacy budgets"):
            export_noised(lake, MONTH, tmp_path / "files", 1.0)
    assert not (tmp_path / "files").exists()
