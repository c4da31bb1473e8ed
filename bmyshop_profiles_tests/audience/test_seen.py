"""Shares of what is seen: counted, drawn towards what is expected, compared with the network; grades of what may be sold."""

import numpy as np
import pytest

DAYPARTS = ("early", "morning", "noon", "afternoon", "evening", "night")


def cell(store: str, weekday: int, daypart: str, hour: int, receipts: int, **people: int) -> dict:
    nothing = dict.fromkeys(("keyed_receipts_count", "keyed_people_count", "keyed_receipt_squares", "identified_receipts_count",
                             "members_count"), 0)  # fmt: skip
    moment = {"store_key": store, "weekday": weekday, "daypart": daypart, "sold_hour": hour, "receipts_count": receipts}
    return {**moment, **nothing, **people}


def world(counts: dict[tuple[str, int, str, int], tuple[int, int]], month: str = "2025-01", **people: int) -> dict[str, list[dict]]:
    """(shop, weekday, daypart, hour) → (receipts, of which with bread); all sums of cells beside."""
    sums: dict[tuple[str, int, str, int], int] = {}
    for (store, weekday, daypart, hour), (receipts, _) in counts.items():
        for name in (store, "all"):
            for key in ((0, "all", -1), (weekday, "all", -1), (0, daypart, -1), (weekday, daypart, -1), (0, daypart, hour)):
                sums[name, *key] = sums.get((name, *key), 0) + receipts
    return {
        "store_visits": [{**cell(*key, receipts, **people), "month": month} for key, receipts in sums.items()],
        "store_category_visits": [
            {"store_key": store, "weekday": weekday, "daypart": daypart, "sold_hour": hour, "category": "bread", "month": month,
             "receipts_count": bread, "half_receipts_count": bread // 2}
            for (store, weekday, daypart, hour), (_, bread) in counts.items() if bread
        ],
    }  # fmt: skip


def shares(rows: list[dict], period: str = "month") -> dict[tuple[str, int, str, int], dict]:
    return {(row["store_key"], row["weekday"], row["daypart"], row["sold_hour"]): row for row in rows if row["period"] == period}


def test_shops_that_differ_keep_their_own_shares(make) -> None:
    rows = make("seen_audience", world({("S1", 1, "early", 8): (10_000, 6000), ("S2", 1, "early", 8): (10_000, 2000)}))
    found = shares(rows)
    assert found["S1", 0, "all", -1]["visits_share"] == pytest.approx(0.6, abs=0.002)
    assert found["S2", 0, "all", -1]["visits_share"] == pytest.approx(0.2, abs=0.002)
    assert found["all", 0, "all", -1]["visits_share"] == 0.4
    assert found["S1", 0, "all", -1]["affinity_index"] == pytest.approx(150, abs=1)
    assert found["S1", 0, "all", -1]["own_share"] > 0.99
    width = found["S1", 0, "all", -1]["high_share"] - found["S1", 0, "all", -1]["low_share"]
    assert width == pytest.approx(2 * 1.645 * np.sqrt(0.24 / 10_000), rel=0.02)


def test_cells_that_differ_by_chance_are_what_the_shop_and_the_moment_make_expect(make, settings) -> None:
    settings.fine_receipts = 20
    rng = np.random.default_rng(0)
    chance = {"S1": 0.5, "S2": 0.2, "S3": 0.35, "S4": 0.1}
    odds = dict(zip(DAYPARTS, (3.0, 1.5, 1, 0.7, 0.5, 1), strict=True))
    counts = {}
    true = {}
    for store, share in chance.items():
        for daypart, factor in odds.items():
            for weekday in range(1, 8):
                p = factor * share / (1 - share) / (1 + factor * share / (1 - share))
                true[store, weekday, daypart, -1] = p
                counts[store, weekday, daypart, 8] = (40, int(rng.binomial(40, p)))
    found = shares(make("seen_audience", world(counts)))
    drawn = np.array([found[key]["visits_share"] for key in true])
    raw = np.array([counts[store, weekday, daypart, 8][1] / 40 for store, weekday, daypart, _ in true])
    wanted = np.array(list(true.values()))
    assert ((drawn - wanted) ** 2).mean() < 0.35 * ((raw - wanted) ** 2).mean()
    inside = [found[key]["low_share"] <= p <= found[key]["high_share"] for key, p in true.items()]
    assert np.mean(inside) > 0.9


def test_a_cell_that_surely_differs_keeps_what_it_counted(make) -> None:
    counts = {(f"S{shop}", day, "early", 8): (2000, 400) for shop in range(1, 5) for day in range(1, 6)}
    counts |= {(f"S{shop}", day, "noon", 12): (2000, 400) for shop in range(1, 5) for day in range(1, 6)}
    counts["S1", 1, "early", 8] = (2000, 1200)
    found = shares(make("seen_audience", world(counts)))
    assert found["S1", 1, "early", -1]["visits_share"] == pytest.approx(0.6, abs=0.03)
    assert found["S2", 1, "early", -1]["visits_share"] == pytest.approx(0.2, abs=0.05)


def test_cells_of_few_receipts_or_people_are_not_told(make) -> None:
    counts = {("S1", 1, "early", 8): (500, 100), ("S1", 1, "noon", 12): (19, 9), ("S2", 1, "early", 8): (500, 200)}
    told = world(counts)
    for row in told["store_visits"]:
        if row["store_key"] == "S2":  # one card holder made them all
            row |= {
                "keyed_receipts_count": row["receipts_count"],
                "keyed_people_count": 1,
                "keyed_receipt_squares": row["receipts_count"] ** 2,
            }
    found = shares(make("seen_audience", told))
    assert ("S1", 0, "early", -1) in found and ("S1", 0, "noon", -1) not in found
    assert not [key for key in found if key[0] == "S2"]


def test_hours_and_weekdays_dayparts_need_more_receipts(make) -> None:
    counts = {("S1", 1, "early", 8): (250, 100), ("S1", 2, "early", 8): (150, 100), ("S2", 1, "early", 8): (250, 20)}
    found = shares(make("seen_audience", world(counts)))
    assert ("S1", 1, "early", -1) in found and ("S1", 0, "early", 8) in found
    assert ("S1", 2, "early", -1) not in found and ("S1", 2, "all", -1) in found


def test_a_shop_that_never_saw_a_group_has_no_row_and_a_moment_without_has_one(make) -> None:
    counts = {("S1", 1, "early", 8): (500, 100), ("S1", 1, "noon", 12): (400, 0), ("S2", 1, "early", 8): (500, 0)}
    found = shares(make("seen_audience", world(counts)))
    assert not [key for key in found if key[0] == "S2"]
    assert found["S1", 0, "noon", -1]["visits_share"] < 0.02


def test_three_months_are_counted_together_and_members_say_how_often_people_return(make) -> None:
    counts = {("S1", 1, "early", 8): (600, 300), ("S2", 1, "early", 8): (600, 100)}
    months = [world(counts, month) for month in ("2025-01", "2025-02", "2025-03")]
    together = {name: [row for own in months for row in own[name]] for name in months[0]}
    visits = [
        {"member_key": key, "half": 0, "store_key": "S1", "daypart": "early", "receipts_count": 1, "month": month}
        for key, seen in {"a": 3, "b": 1}.items()
        for month in ("2025-01", "2025-02", "2025-03")[:seen]
    ]
    rows = make("seen_audience", {**together, "member_visit_months": visits}, month="2025-03")
    month, quarter = shares(rows), shares(rows, "quarter")
    assert month["S1", 0, "all", -1]["receipts_count"] == 600 and quarter["S1", 0, "all", -1]["receipts_count"] == 1800
    assert quarter["S1", 0, "all", -1]["people"] == pytest.approx(1800 / 2)  # a in three months, b in one: two months each
    assert quarter["S1", 0, "all", -1]["visits_share"] == pytest.approx(0.5, abs=0.01)


def test_another_year_has_other_missions(make) -> None:
    counts = {("S1", 1, "early", 8): (600, 300), ("S2", 1, "early", 8): (600, 100)}
    months = [world(counts, month) for month in ("2024-12", "2025-01", "2025-02")]
    rows = make("seen_audience", {name: [row for own in months for row in own[name]] for name in months[0]}, month="2025-02")
    assert shares(rows, "quarter")["S1", 0, "all", -1]["receipts_count"] == 1200


def test_one_shop_is_the_network(make) -> None:
    found = shares(make("seen_audience", world({("S", 1, "early", 8): (500, 400), ("S", 2, "noon", 12): (500, 100)})))
    assert found["S", 0, "all", -1]["affinity_index"] == pytest.approx(100, abs=0.01)
    assert found["S", 0, "early", -1]["visits_share"] == pytest.approx(0.8, abs=0.001)


def test_people_are_receipts_by_members_pace(make) -> None:
    told = world({("S1", 1, "early", 8): (900, 300), ("S2", 1, "early", 8): (900, 100)},
                 keyed_receipts_count=30, keyed_people_count=10, keyed_receipt_squares=90, identified_receipts_count=30,
                 members_count=10)  # fmt: skip
    found = shares(make("seen_audience", told))
    assert found["S1", 0, "all", -1]["people"] == pytest.approx(30**2 / 90 + 870 / 3)


def told_of(share: float, low: float, high: float) -> dict[str, float]:
    """Share and index with their intervals, where the network's share is .3 and surely known."""
    shares = {"mix_share": share, "low_share": low, "high_share": high}
    return shares | {"affinity_" + name: 100 * value / 0.3 for name, value in zip(("index", "low", "high"), shares.values(), strict=True)}


def graded(**changes) -> dict[str, list[dict]]:
    rows = []
    for daypart, share in {"all": 0.3, "early": 0.5, "noon": 0.1}.items():
        for store in ("all", "S1"):
            rows.append({"store_key": store, "daypart": daypart, "group_name": "p01", **told_of(share, share - 0.05, share + 0.05),
                         "own_share": None if "all" in (store, daypart) else 0.4, "receipts_count": 100,
                         "is_published": True})  # fmt: skip
    profile = {"profile_key": "p01", "verdict": "published", **changes}
    posteriors = [
        {"receipt_key": f"r{number}", "member_key": "m", "label": label, "group_name": "p01", "posterior": posterior}
        for number, (label, posterior) in enumerate([("p01", 0.8), ("p02", 0.2)] * 10)
    ]
    judged = [{"measure": "left_out_low", "group_name": "p01", "value": 0.1}, {"measure": "reliability", "group_name": "p01", "value": 0.7}]
    return {"store_audience": rows, "profile_quality": [profile], "member_posteriors": posteriors, "audience_quality": judged}


def test_what_is_known_of_a_profile_is_graded(make) -> None:
    row = make("group_grades", graded())[0]
    assert row["information_nats"] == pytest.approx(np.log(2) + np.log(0.8), abs=1e-4)
    assert row["information_share"] == pytest.approx(1 + np.log(0.8) / np.log(2), abs=1e-4)
    unknown = (0.1 / 3.29) ** 2
    assert row["expected_skill"] == pytest.approx(0.04 / (0.04 + unknown), abs=1e-3)
    assert (row["degrees_of_freedom"], row["cells_count"], row["grade"]) == (0.4, 2, "sure")
    assert row["reliability"] == 0.7


@pytest.mark.parametrize("low", [-0.1, float("nan"), None])
def test_what_people_left_out_do_not_confirm_is_not_sold(make, low: float | None) -> None:
    told = graded()
    told["audience_quality"][0]["value"] = low
    assert make("group_grades", told)[0]["grade"] == "unsold"


@pytest.mark.parametrize(("verdict", "grade"), [("flagged", "indicative"), ("withheld", "unsold"), (None, "unsold")])
def test_the_gate_bounds_the_grade(make, verdict: str | None, grade: str) -> None:
    assert make("group_grades", graded(verdict=verdict))[0]["grade"] == grade


def test_little_skill_is_not_sold(make, settings) -> None:
    told = graded()
    for row in told["store_audience"]:
        row |= told_of(row["mix_share"], row["mix_share"] - 0.5, row["mix_share"] + 0.5)
    row = make("group_grades", told)[0]
    assert row["expected_skill"] == pytest.approx(0.04 / (0.04 + 0.304**2), abs=1e-3) and row["grade"] == "indicative"
    for each in told["store_audience"]:
        each |= told_of(each["mix_share"], each["mix_share"] - 2, each["mix_share"] + 2)
    assert make("group_grades", told)[0]["grade"] == "unsold"


def test_what_is_seen_is_known_and_some_of_it_is_never_sold(make) -> None:
    rng = np.random.default_rng(1)
    seen, visits, receipts = [], [], []
    for shop in range(12):
        share = 0.1 + 0.05 * shop
        for store in ("all", f"S{shop}"):
            for daypart in ("all", "early"):
                for kind, group in (("category", "bread"), ("category", "other"), ("mission", "other"), ("mission", "m01")):
                    if store != "all" or shop == 0:
                        seen.append({"period": "month", "kind": kind, "group_name": group, "store_key": store, "weekday": 0,
                                     "daypart": daypart, "sold_hour": -1, "visits_share": 0.375 if store == "all" else share,
                                     "low_share": share - 0.01,
                                     "high_share": share + 0.01, "own_share": 0.9, "receipts_count": 400})  # fmt: skip
        first, second = (int(rng.binomial(200, share)) for _ in range(2))
        visits.append({"store_key": f"S{shop}", "weekday": 1, "sold_hour": 8, "daypart": "early", "category": "bread",
                       "receipts_count": first + second, "half_receipts_count": first})  # fmt: skip
        receipts += [{"receipt_key": f"{shop}/{n}", "store_key": f"S{shop}", "daypart": "early", "half": n % 2} for n in range(400)]
    rows = make("group_grades", {"seen_audience": seen, "store_category_visits": visits, "receipts": receipts})
    found = {(row["kind"], row["group_name"]): row for row in rows}
    assert {key: row["grade"] for key, row in found.items()} == {
        ("category", "bread"): "seen", ("category", "other"): "unsold", ("mission", "other"): "unsold", ("mission", "m01"): "seen",
    }  # fmt: skip
    assert found["category", "bread"]["reliability"] > 0.9 and found["mission", "m01"]["reliability"] is None
    assert found["category", "bread"]["information_share"] == 1
