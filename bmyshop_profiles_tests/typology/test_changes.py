"""Kin, people of two windows under one typology, and the events that are told of them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.build import Frames
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.months import month_plus, typology_windows
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.orchestration.steps import Inputs
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.typology import steps
from bmyshop_profiles.typology.lives.changes import kin_keys, profile_changes
from bmyshop_profiles.typology.lives.continuity import profile_events


def halves_of(table: list[list[int]]) -> pd.DataFrame:
    """Members by the profile of each half."""
    rows = [(f"p0{i + 1}", f"p0{j + 1}") for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return pd.DataFrame(rows, columns=["half_0", "half_1"])


def test_pieces_between_which_halves_go_by_chance_are_kin() -> None:
    table = [[40, 5, 38], [4, 90, 3], [42, 2, 41]]
    assert kin_keys(halves_of(table)) == {"p01": "p01", "p02": "p02", "p03": "p01"}
    # of any sizes: what counts is whether one half says something about the other
    assert kin_keys(halves_of([[160, 40], [40, 10]])) == {"p01": "p01", "p02": "p01"}
    assert kin_keys(halves_of([[160, 20], [20, 50]])) == {"p01": "p01", "p02": "p02"}


def test_three_pieces_and_nobody() -> None:
    rng = np.random.default_rng(0)
    pieces = np.array(["p01", "p02", "p03", "p04"])
    first = rng.choice(pieces, 900, p=[0.2, 0.3, 0.1, 0.4])
    second = np.where(first == "p04", "p04", rng.choice(pieces[:3], 900, p=[0.3, 0.5, 0.2]))
    assert kin_keys(pd.DataFrame({"half_0": first, "half_1": second})) == {"p01": "p01", "p02": "p01", "p03": "p01", "p04": "p04"}
    assert kin_keys(pd.DataFrame({"half_0": [], "half_1": []})) == {}


def labels(**counts: int) -> pd.Series:
    keys = ["" if key == "none" else key for key, count in counts.items() for _ in range(count)]
    return pd.Series(keys, index=[f"m{number:03d}" for number in range(len(keys))])


def test_members_are_counted_by_kin_and_those_of_one_window_left_out() -> None:
    before, now = labels(p01=30, p02=30, p03=40, none=10), labels(p01=30, p02=30, p03=40, none=10)
    now.iloc[:40] = "p02"  # from one piece of the kin to the other: nothing
    now.iloc[60:80] = "p01"
    now.iloc[100:104] = "p01"
    before["gone"], now["new"] = "p03", "p03"
    found = profile_changes(before, now, {"p01": "p01", "p02": "p01", "p03": "p03"}, of_now=True).set_index("profile_key")
    assert found.loc["p01"].drop("kin_key").tolist() == found.loc["p02"].drop("kin_key").tolist()
    kin_row = found.loc["p02"]
    assert (kin_row.kin_key, kin_row.before_count, kin_row.now_count, kin_row.came_count, kin_row.left_count) == ("p01", 60, 84, 24, 0)
    assert (kin_row.from_key, kin_row.from_share) == ("p03", pytest.approx(20 / 24))
    third = found.loc["p03"]
    assert (third.before_count, third.now_count, third.to_key, third.to_share) == (40, 20, "p01", 1.0)
    assert profile_changes(before, now, {}, of_now=True).empty
    nobody = profile_changes(before.head(0), now, {"p01": "p01"}, of_now=True)
    assert nobody[["before_count", "now_count", "from_share"]].to_numpy().tolist() == [[0, 0, 0.0]]


def test_what_happened_is_said_by_the_typology_that_can_know_it() -> None:
    def event(before: int, now: int, *, of_now: bool) -> str:
        """Of a profile of so many members before and now, of 400, the others being in one other profile or atypical by halves."""
        first = labels(p01=before, p02=(400 - before) // 2, none=(401 - before) // 2)
        later = first.copy()
        moved = np.arange(before, 400)[:: 400 // max(abs(now - before), 1)][: now - before] if now > before else np.arange(before - now)
        later.iloc[moved] = "p01" if now > before else ["p02", ""] * (len(moved) // 2)
        own = profile_changes(first, later, {"p01": "p01", "p02": "p02"}, of_now=of_now)
        return str(own.set_index("profile_key").event["p01"])

    assert event(10, 110, of_now=True) == "appears"
    assert event(10, 110, of_now=False) == "grows"
    assert event(110, 10, of_now=True) == "shrinks"
    assert event(110, 10, of_now=False) == "vanishes"
    assert event(100, 160, of_now=True) == "grows"
    assert event(100, 120, of_now=True) == "survives"
    assert event(2, 12, of_now=True) == "survives"  # six times as many, and too few to be sure


def test_windows_do_not_overlap_and_stay_within_a_year() -> None:
    for months, earlier in ((1, "2025-09"), (3, "2025-09"), (6, "2025-06"), (12, "2025-03")):
        found = typology_windows("2025-12", months)
        assert (found["earlier_until"], found["recent_since"]) == (earlier, "2025-10")
        assert found["earlier_since"] == month_plus(earlier, -2)
        assert found["typology_since"] == month_plus("2026-01", -months)


KEYS = ("p01", "p02", "p03")


def told(months: list[tuple[pd.Series, pd.Series]], *, first: str = "2025-01", third: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Events of months of (before, now) labels, the same typology of three profiles in each, with ids of the first month. third: months in
    which the third profile is found, if not in all."""
    own = {key: key for key in KEYS}
    changes, names = [], [month_plus("2025-06", number) for number in range(len(months))]
    for name, (before, now) in zip(names, months, strict=True):
        changes += [
            profile_changes(before, now, own, of_now=each == name).assign(month=name, typology_month=each)
            for each in (month_plus(name, -3), name)
        ]
    lives = [(month, key, f"{first}-{key}") for month in [first, *(month_plus("2025-03", n) for n in range(9))] for key in KEYS]
    lives = [row for row in lives if not third or row[1] != "p03" or row[0] in third]
    found = profile_events(pd.concat(changes), pd.DataFrame(lives, columns=["month", "profile_key", "profile_id"]))
    return [tuple(row) for row in found.itertuples(index=False)]


def test_nothing_happens_where_members_only_go_to_and_fro() -> None:
    before, now = labels(p01=100, p02=100, p03=20), labels(p01=100, p02=100, p03=20)
    now.iloc[:40], now.iloc[100:140] = "p02", "p01"
    now.iloc[40:50], now.iloc[200:206] = "p03", "p01"  # a fifth more in the smallest: no birth
    assert told([(before, now)]) == []


def test_a_birth_from_everywhere_and_a_split_are_told_once() -> None:
    before = labels(p01=200, p02=200, p03=4, none=50)
    born, split = before.copy(), before.copy()
    born.iloc[175:225] = born.iloc[404:434] = "p03"
    split.iloc[100:200] = "p03"
    assert told([(before, born), (before, born)]) == [("2025-06", "appears", "2025-01-p03", "")]
    assert told([(before, before), (before, split), (before, split)]) == [("2025-07", "splits", "2025-01-p01", "2025-01-p03")]


def test_what_is_born_and_does_not_last_is_no_birth() -> None:
    before = labels(p01=200, p02=200, p03=4, none=50)
    born = before.copy()
    born.iloc[175:225] = born.iloc[404:434] = "p03"
    assert told([(before, born)], third=("2025-06", "2025-07")) == []
    assert told([(before, born)], third=("2025-06", "2025-08")) == [("2025-06", "appears", "2025-01-p03", "")]
    assert told([(before, born)], third=("2025-06", "2025-11")) == [("2025-06", "appears", "2025-01-p03", "")]


def test_an_end_and_a_merger() -> None:
    before = labels(p01=200, p02=200, p03=100)
    ended, merged = before.copy(), before.copy()
    ended.iloc[400:440], ended.iloc[440:480], ended.iloc[480:496] = "p01", "p02", ""
    merged.iloc[400:496] = "p02"
    assert told([(before, ended), (before, ended)]) == [("2025-06", "vanishes", "2025-01-p03", "")]
    assert told([(before, merged)]) == [("2025-06", "merges", "2025-01-p02", "2025-01-p03")]
    assert told([(before, ended)], first="2025-03") == []  # it had lived for less than three months


def test_no_month_and_a_profile_without_members_tell_nothing() -> None:
    assert told([(labels(p01=30), labels(p01=30))]) == []
    nothing = profile_changes(labels(), labels(), {}, of_now=True).assign(month="2025-06", typology_month="2025-06")
    assert profile_events(nothing, pd.DataFrame(columns=["month", "profile_key", "profile_id"])).empty


MONTHS = [month_plus("2025-01", number) for number in range(6)]


@pytest.fixture
def half_a_year(session: Session) -> Session:
    """30 members buy bread, 30 the press; 20 more bread in the first three months, the press in the last three, when they have become
    others."""
    rows = [
        (month, f"m{number:02d}", half, "press" if number >= 50 or (number >= 30 and month >= "2025-04") else "bread")
        for month in MONTHS
        for number in range(80)
        for half in (0, 1)
    ]
    items = pd.DataFrame(rows, columns=["month", "member_key", "half", "item_key"]).assign(bought_count=4)
    bought = items.rename(columns={"item_key": "value_key", "bought_count": "things_count"}).assign(kind="item")
    counts = pd.concat([bought, bought.assign(kind="store", value_key="S", things_count=2)])
    press = {month: month >= "2025-04" for month in MONTHS}
    clusters = pd.DataFrame(
        [
            (month, f"m{number:02d}", part, "in_profile", "p02" if number >= (30 if press[month] else 50) else "p01")
            for month in MONTHS
            for number in range(80)
            for part in ("half_0", "half_1", "whole")
        ],
        columns=["month", "member_key", "part", "state", "profile_key"],
    )
    values = {"bread": (1.0, -2.0), "press": (-2.0, 1.0)}
    weights = [(key, "item", item, pair[place]) for place, key in enumerate(("p01", "p02")) for item, pair in values.items()]
    weights += [(key, "prior", name, value) for key in ("p01", "p02") for name, value in (("size", -0.7), ("damping", 0.3))]
    known = pd.DataFrame(weights, columns=["profile_key", "kind", "value_key", "weight"])
    views = {
        "member_item_months": items.assign(product_key=items.item_key),
        "member_counts": counts,
        "member_months": items,
        "member_clusters": clusters,
        "profile_weights": pd.concat([known.assign(month=month) for month in MONTHS]),
    }
    for name, frame in views.items():
        session.connection.register(name, frame)
    return session


def changes_of(session: Session, month: str, tmp_path: Path) -> tuple[pd.DataFrame, str]:
    """The table, and what is noted beside it."""
    settings = Settings(typology_months=3, label_receipts=2, behaviour_groups=("dayparts",))
    given, catalogue = parameters(settings, month), load_catalogue()
    frames = Frames(session, catalogue["profile_changes"], catalogue, given)
    inputs = Inputs(session, Lake(tmp_path), month, given, settings, frames)
    return steps.changes(inputs)["profile_changes"], inputs.figures.get("profile_changes", {}).get("note", "")


def test_the_table_holds_both_typologies(half_a_year: Session, tmp_path: Path) -> None:
    table, note = changes_of(half_a_year, "2025-06", tmp_path)
    found = table.set_index(["typology_month", "profile_key"])
    assert note == ""
    assert found.index.tolist() == [(month, key) for month in ("2025-03", "2025-06") for key in ("p01", "p02")]
    assert found.kin_key.tolist() == ["p01", "p02"] * 2
    for month in ("2025-03", "2025-06"):
        assert found.loc[(month, "p01"), ["before_count", "now_count", "left_count", "to_key"]].tolist() == [50, 30, 20, "p02"]
        assert found.loc[(month, "p02"), ["before_count", "now_count", "came_count", "from_share"]].tolist() == [30, 50, 20, 1.0]


def test_without_two_whole_windows_it_says_so(half_a_year: Session, tmp_path: Path) -> None:
    table, note = changes_of(half_a_year, "2025-05", tmp_path)
    assert table.empty
    assert note == "nothing to compare: fewer than 3 months of receipts up to 2025-02"
