"""Evidence of cells in SQL, equal to Python's; audiences from it; small cells say nothing."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.audience.mixes import soft_labels, store_audience
from bmyshop_profiles.projection.calibration import CalibrationMap
from bmyshop_profiles_tests.conftest import at

GROUPS = ["p01", "p02"]
RATIOS = np.array([[1.0, -0.5], [-0.3, 0.8], [0.2, 0.1]])  # items × groups
MAP = CalibrationMap(np.array([[1.2, 0.1], [-0.2, 0.9]]), np.array([0.3, -0.1]), np.array([0.5, 0.5]), np.zeros((3, 2)), np.zeros((0, 2)))
BASKETS = {"r1": ["i0"], "r2": ["i0", "i1"], "r3": ["i2", "i1", "i0"], "r4": ["never seen"], "r5": ["i1", "i1"]}


def inputs() -> tuple[dict, dict]:
    weights = np.rint(MAP.weights(RATIOS) * 1e6).astype(int)
    evidence = [
        {
            "target": "profile",
            "variant": "topics",
            "group_name": group,
            "item_key": f"i{item}",
            "weight_micronats": int(weights[item, number]),
        }
        for item in range(3)
        for number, group in enumerate(GROUPS)
    ]
    evidence += [{**row, "variant": "everybody", "weight_micronats": 0} for row in evidence]
    calibration = [
        {"target": "profile", "variant": "topics", "group_name": group, "term": "intercept", "coefficient": MAP.intercepts[number]}
        for number, group in enumerate(GROUPS)
    ]
    lines = [
        {"receipt_key": key, "product_key": item, "quantity": 1, "store_key": "S", "amount_cents": 1, "sold_at": at("2025-01-02 10:00")}
        for key, items in BASKETS.items()
        for item in items
    ]
    products = [{"product_key": item, "item_key": item} for item in sorted({item for items in BASKETS.values() for item in items})]
    keys = {"r1": {"member_key": "m"}, "r2": {"member_key": "m"}, "r3": {"shopper_key": "c"}}
    receipts = [
        {
            "receipt_key": key,
            "store_key": "S1" if key != "r5" else "S2",
            "daypart": "morning" if key != "r3" else "noon",
            "weekday": 4,
            "sold_hour": 10 if key != "r3" else 12,
            **keys.get(key, {}),
        }
        for key in BASKETS
    ]
    kept = {
        "item_evidence": evidence,
        "evidence_calibration": calibration,
    }
    return kept, {"receipt_lines": lines, "products": products, "receipts": receipts}


def made(make, **others: list[dict]) -> dict[str, list[dict]]:
    """Inputs of `store_evidence`."""
    kept, given = inputs()
    codes = {
        row["receipt_key"]: row["basket_code"] for row in make("receipts", {name: given[name] for name in ("receipt_lines", "products")})
    }
    receipts = [{**row, "basket_code": codes[row["receipt_key"]]} for row in given["receipts"]]
    found = {
        "receipts": receipts,
        "baskets": make("baskets", {**given, "receipts": receipts}),
        "store_visits": make("store_visits", {"receipts": receipts}),
    }
    return {**kept, **found, **others}


def test_sql_scores_receipts_as_python_does(make) -> None:
    rows = make("store_evidence", made(make))
    cells = {(row["store_key"], row["daypart"], row["group_name"]): row for row in rows}
    matrix = np.zeros((5, 3))
    for number, items in enumerate(BASKETS.values()):
        for item in items:
            if item != "never seen":
                matrix[number, int(item[1])] = 1
    posterior = MAP.posterior(csr_matrix(matrix), RATIOS)
    for number, group in enumerate(GROUPS):
        assert cells["all", "all", group]["mean_posterior"] == pytest.approx(posterior[:, number].mean(), abs=1e-6)
        assert cells["S1", "noon", group]["mean_posterior"] == pytest.approx(posterior[2, number], abs=1e-6)
        assert cells["S1", "morning", group]["mean_posterior"] == pytest.approx(posterior[[0, 1, 3], number].mean(), abs=1e-6)
        assert cells["S2", "all", group]["mean_posterior"] == pytest.approx(posterior[4, number], abs=1e-6)
    whole = cells["all", "all", "p01"]
    assert [whole[name] for name in ("receipts_count", "keyed_receipts_count", "keyed_people_count", "keyed_receipt_squares")] == [
        5,
        3,
        2,
        5,
    ]
    assert (whole["identified_receipts_count"], whole["members_count"]) == (2, 1)
    shoppers = cells["S1", "all", "p02"]
    assert (shoppers["shopper_receipts_count"], shoppers["shopper_mean_posterior"]) == (1, pytest.approx(posterior[2, 1], abs=1e-6))
    assert (cells["S2", "all", "p02"]["shopper_receipts_count"], cells["S2", "all", "p02"]["shopper_mean_posterior"]) == (0, None)


def test_without_profiles_there_is_no_evidence(make) -> None:
    assert make("store_evidence", made(make, item_evidence=[], evidence_calibration=[])) == []


def posteriors(people: int = 200, *, sharp: float = 0.7) -> pd.DataFrame:
    """Members' receipts, three each, in four shops; posterior `sharp` on the own profile."""
    rows = []
    for person in range(people):
        own = GROUPS[person % 2]
        for number in range(3):
            for group in GROUPS:
                rows.append((f"{person}/{number}", f"m{person}", f"S{person % 4 + 1}", own, group, sharp if group == own else 1 - sharp))
    return pd.DataFrame(rows, columns=["receipt_key", "member_key", "store_key", "label", "group_name", "posterior"])


def visits(shares: dict[tuple[str, str], float], people: int = 50) -> pd.DataFrame:
    """(store, daypart) → share of p01 in the visits of so many members, one each."""
    rows = []
    for (store, daypart), share in shares.items():
        for group, count in zip(GROUPS, (round(share * people), people - round(share * people)), strict=True):
            rows += [(store, daypart, group, half, number, number) for half, number in enumerate((count // 2, count - count // 2))]
    return pd.DataFrame(rows, columns=["store_key", "daypart", "group_name", "person_half", "visits_count", "visit_squares"])


def evidence(cells: dict[tuple[str, str], tuple[float, int]], keyed: float = 0.0) -> pd.DataFrame:
    """(store, daypart) → (mean posterior of p01, receipts), and the sums over dayparts, shops and all."""
    sums: dict[tuple[str, str], list[tuple[float, int]]] = {}
    for (store, daypart), cell in cells.items():
        for key in {(store, daypart), (store, "all"), ("all", daypart), ("all", "all")}:
            sums.setdefault(key, []).append(cell)
    rows = []
    for (store, daypart), parts in sums.items():
        receipts = sum(count for _, count in parts)
        mean = sum(value * count for value, count in parts) / receipts
        for group, value in zip(GROUPS, (mean, 1 - mean), strict=True):
            known = int(keyed * receipts)
            rows.append((store, daypart, group, value, receipts, None, 0, known, known, known, known, known))
    names = ["store_key", "daypart", "group_name", "mean_posterior", "receipts_count", "shopper_mean_posterior", "shopper_receipts_count"]
    names += ["keyed_receipts_count", "keyed_people_count"]
    return pd.DataFrame(rows, columns=[*names, "keyed_receipt_squares", "identified_receipts_count", "members_count"])


HALVES = pd.DataFrame([(group, group, 100) for group in GROUPS], columns=["half_label", "whole_label", "members_count"])
NO_SHOPPERS = pd.DataFrame(columns=["part", "group_name", "visits_count", "visit_squares"])
PLACES = [(f"S{shop}", daypart) for shop in range(1, 6) for daypart in ("noon", "night")]
TRUE = {(store, daypart): 0.2 + 0.1 * int(store[1]) + (0.1 if daypart == "noon" else 0.0) for store, daypart in PLACES}
SHOPS = {key: (0.3 + 0.4 * share, 400) for key, share in TRUE.items()}  # posteriors of .7 and .3


def test_mixes_are_near_what_is_true_with_intervals_and_small_cells_say_nothing() -> None:
    small = {**SHOPS, ("S5", "early"): (0.9, 19)}
    audience, quality = store_audience(evidence(small), posteriors(), visits(TRUE), HALVES, NO_SHOPPERS, least=20)
    table = audience.set_index(["store_key", "daypart", "group_name"]).sort_index()
    for (store, daypart), share in TRUE.items():
        row = table.loc[(store, daypart, "p01")]
        assert row.mix_share == pytest.approx(share, abs=0.12)
        assert row.low_share < row.mix_share < row.high_share
        assert row.low_share - 0.05 <= share <= row.high_share + 0.05
    assert np.corrcoef([table.loc[(*key, "p01")].mix_share for key in TRUE], list(TRUE.values()))[0, 1] > 0.95
    hidden = table.loc[("S5", "early", "p01")]
    assert not hidden.is_published
    assert np.isnan([hidden.mix_share, hidden.low_share, hidden.affinity_index]).all()
    assert hidden.receipts_count == 19
    figures = quality[quality.group_name == ""].set_index("measure").value
    judged = quality.set_index(["measure", "group_name"]).value
    assert judged["reliability", "p01"] > 0.8
    assert 0 < judged["left_out_low", "p01"] < judged["left_out_gain", "p01"] < 1
    assert (figures["cells"], figures["published_cells"]) == (11, 10)
    assert figures["served_slope"] > 0
    assert 0 < figures["expected_skill"] <= 1


def test_sums_come_from_the_same_cells() -> None:
    audience, _ = store_audience(evidence(SHOPS), posteriors(), visits(TRUE), HALVES, NO_SHOPPERS, least=20)
    table = audience.set_index(["store_key", "daypart", "group_name"]).sort_index()
    shares, receipts = table.mix_share, table.receipts_count
    assert table.loc[("all", "all")].affinity_index.to_numpy() == pytest.approx(100, abs=1e-4)
    for group in GROUPS:
        for store in ("S1", "S5"):
            cells = [(store, daypart, group) for daypart in ("noon", "night")]
            weighted = sum(shares[cell] * receipts[cell] for cell in cells) / sum(receipts[cell] for cell in cells)
            assert shares[store, "all", group] == pytest.approx(weighted, abs=1e-6)
        stores = [(f"S{shop}", "noon", group) for shop in range(1, 6)]
        assert shares["all", "noon", group] == pytest.approx(np.mean([shares[cell] for cell in stores]), abs=1e-6)
        index = table.affinity_index["S1", "noon", group]
        assert index == pytest.approx(100 * shares["S1", "noon", group] / shares["all", "all", group], abs=1e-3)
    assert table.affinity_index["all", "night", "p01"] < 100 < table.affinity_index["all", "noon", "p01"]


def test_members_who_are_others_than_everybody_are_brought_to_the_level() -> None:
    """Half of the members are of p01; baskets say that two thirds of everybody are."""
    more = {key: (0.3 + 0.4 * (share + 0.17), 400) for key, share in TRUE.items()}
    level = []
    for cells in (SHOPS, more):
        audience, _ = store_audience(evidence(cells), posteriors(), visits(TRUE), HALVES, NO_SHOPPERS, least=20)
        level.append(audience.set_index(["store_key", "daypart", "group_name"]).loc[("all", "all", "p01")].mix_share)
    assert level[1] > level[0] + 0.03


def test_people_without_a_key_are_estimated_from_members() -> None:
    frame = evidence(SHOPS, keyed=0.1)
    frame["members_count"] = frame.members_count // 2  # two receipts per member
    audience, _ = store_audience(frame, posteriors(), visits(TRUE), HALVES, NO_SHOPPERS, least=20)
    cell = audience[(audience.store_key == "S1") & (audience.daypart == "noon")].iloc[0]
    assert cell.is_people_estimated
    assert cell.people == pytest.approx(40 + 360 / 2)


def test_a_group_that_no_member_is_in_stays_in_the_table() -> None:
    odd = evidence(SHOPS).assign(group_name=lambda frame: frame.group_name.replace({"p02": "p03"}))
    both = pd.concat([evidence(SHOPS), odd[odd.group_name == "p03"].assign(mean_posterior=0.0)])
    audience, _ = store_audience(both, posteriors(), visits(TRUE), HALVES, NO_SHOPPERS, least=20)
    assert set(audience.group_name) == {"p01", "p02", "p03"}
    published = audience[audience.is_published]
    assert np.allclose(published.groupby(["store_key", "daypart"]).mix_share.sum(), 1)
    assert (published[published.group_name == "p03"].mix_share < 0.05).all()


def test_a_shop_that_no_member_visits_has_an_audience_and_a_share_is_never_nil() -> None:
    audience, _ = store_audience(
        evidence({**SHOPS, ("S9", "noon"): (0.31, 4000)}), posteriors(), visits(TRUE), HALVES, NO_SHOPPERS, least=20
    )
    row = audience[(audience.store_key == "S9") & (audience.daypart == "noon") & (audience.group_name == "p01")].iloc[0]
    assert 0 < row.low_share < row.mix_share < row.high_share < 1


def test_without_members_or_evidence_there_is_no_audience() -> None:
    told = (evidence(SHOPS), posteriors(), visits(TRUE))
    for empty in range(3):
        frames = (frame.iloc[:0] if place == empty else frame for place, frame in enumerate(told))
        audience, quality = store_audience(*frames, HALVES, NO_SHOPPERS, least=20)
        assert audience.empty
        assert quality.empty


def test_the_network_of_few_receipts_says_nothing() -> None:
    audience, _ = store_audience(
        evidence({("S1", "noon"): (0.5, 19)}), posteriors(), visits({("S1", "noon"): 0.5}), HALVES, NO_SHOPPERS, least=20
    )
    assert not audience.is_published.any()
    assert audience.mix_share.isna().all()


def test_the_same_frames_give_the_same_audience() -> None:
    once, again = (store_audience(evidence(SHOPS), posteriors(), visits(TRUE), HALVES, NO_SHOPPERS, least=20, seed=3)[0] for _ in range(2))
    pd.testing.assert_frame_equal(once, again)


def test_labels_of_few_receipts_count_as_what_they_are() -> None:
    rows = [("p01", "p01", 70), ("p01", "p02", 30), ("p02", "p02", 80), ("p02", "p01", 20)]
    mixed = pd.DataFrame(rows, columns=HALVES.columns)
    assert soft_labels(mixed, GROUPS) == pytest.approx(np.array([[0.7, 0.2], [0.3, 0.8]]), abs=1e-3)
    assert soft_labels(mixed.iloc[:0], GROUPS).tolist() == [[1, 0], [0, 1]]
    spread = []
    for halves in (HALVES, mixed):
        found = store_audience(evidence(SHOPS), posteriors(), visits(TRUE), halves, NO_SHOPPERS, least=20)[0]
        cells = found[(found.store_key != "all") & (found.daypart != "all") & (found.group_name == "p01")]
        spread.append(cells.mix_share.std())
        assert ((cells.low_share < cells.mix_share) & (cells.mix_share < cells.high_share)).all()
    assert spread[1] == pytest.approx(spread[0], rel=0.1)  # the level reads through the blur; differences between cells stay
