"""Evidence of cells in SQL, equal to Python's; audiences from it; small cells say nothing."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.audience.mixes import store_audience
from bmyshop_profiles.projection.calibration import CalibrationMap
from bmyshop_profiles.projection.evidence import receipt_evidence
from bmyshop_profiles_tests.conftest import at

GROUPS = ["p01", "p02"]
RATIOS = np.array([[1.0, -0.5], [-0.3, 0.8], [0.2, 0.1]])  # items × groups
MAP = CalibrationMap(np.array([[1.2, 0.1], [-0.2, 0.9]]), np.array([0.3, -0.1]), np.array([0.5, 0.5]))
BASKETS = {"r1": ["i0"], "r2": ["i0", "i1"], "r3": ["i2", "i1", "i0"], "r4": ["never seen"], "r5": ["i1", "i1"]}


def inputs() -> dict:
    weights = np.rint(RATIOS @ MAP.coefficients * 1e6).astype(int)
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
            **keys.get(key, {}),
        }
        for key in BASKETS
    ]
    return {
        "item_evidence": evidence,
        "evidence_calibration": calibration,
        "products": products,
        "receipt_lines": lines,
        "receipts": receipts,
    }


def test_sql_scores_receipts_as_python_does(make) -> None:
    rows = make("store_evidence", inputs())
    cells = {(row["store_key"], row["daypart"], row["group_name"]): row for row in rows}
    matrix = np.zeros((5, 3))
    for number, items in enumerate(BASKETS.values()):
        for item in items:
            if item != "never seen":
                matrix[number, int(item[1])] = 1
    posterior = MAP.posterior(receipt_evidence(csr_matrix(matrix), RATIOS))
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


def test_without_profiles_there_is_no_evidence(make) -> None:
    assert make("store_evidence", {**inputs(), "item_evidence": [], "evidence_calibration": []}) == []


def posteriors(people: int = 200, *, sharp: float = 0.7) -> pd.DataFrame:
    """Members' receipts: three each, posterior `sharp` on the own profile."""
    rows = []
    for person in range(people):
        own = GROUPS[person % 2]
        for number in range(3):
            for group in GROUPS:
                rows.append((f"{person}/{number}", f"m{person}", own, group, sharp if group == own else 1 - sharp))
    return pd.DataFrame(rows, columns=["receipt_key", "member_key", "label", "group_name", "posterior"]).assign(store_type="unknown")


def evidence(cells: dict[tuple[str, str], tuple[float, int]], keyed: float = 0.0) -> pd.DataFrame:
    """(store, daypart) → (mean posterior of p01, receipts)."""
    rows = []
    for (store, daypart), (mean, receipts) in cells.items():
        for group, value in zip(GROUPS, (mean, 1 - mean), strict=True):
            known = int(keyed * receipts)
            rows.append((store, daypart, group, value, receipts, known, known, known, known, known))
    names = ["store_key", "daypart", "group_name", "mean_posterior", "receipts_count", "keyed_receipts_count", "keyed_people_count"]
    frame = pd.DataFrame(rows, columns=[*names, "keyed_receipt_squares", "identified_receipts_count", "members_count"])
    return frame.assign(store_type="unknown")


CELLS = {
    ("all", "all"): (0.5, 1000),
    ("S1", "all"): (0.6, 500),
    ("S1", "noon"): (0.62, 400),
    ("S1", "night"): (0.9, 19),
    ("S2", "noon"): (0.4, 400),
}


def test_mixes_are_deconvolved_with_intervals_and_small_cells_say_nothing() -> None:
    audience, quality = store_audience(evidence(CELLS), posteriors(), least=20)
    table = audience.set_index(["store_key", "daypart", "group_name"])
    noon = table.loc["S1", "noon", "p01"]
    assert noon.mix_share == pytest.approx(0.8, abs=0.05)  # .62 = .7 q + .3 (1 - q)
    assert noon.low_share < noon.mix_share < noon.high_share
    assert noon.affinity_index == pytest.approx(100 * noon.mix_share / table.loc["all", "all", "p01"].mix_share)
    small = table.loc["S1", "night", "p01"]
    assert not small.is_published
    assert np.isnan([small.mix_share, small.low_share, small.affinity_index]).all()
    assert small.receipts_count == 19
    assert table.sort_index().loc["all", "all"].mix_share.sum() == pytest.approx(1)
    assert quality.set_index("measure").value["published_cells"] == 2


def test_people_without_a_key_are_estimated_from_members() -> None:
    frame = evidence(CELLS, keyed=0.1)
    frame["members_count"] = frame.members_count // 2  # two receipts per member
    audience, _ = store_audience(frame, posteriors(), least=20)
    cell = audience[(audience.store_key == "S1") & (audience.daypart == "noon")].iloc[0]
    assert cell.is_people_estimated
    assert cell.people == pytest.approx(40 + 360 / 2)


def test_a_share_is_never_said_to_be_exactly_nil() -> None:
    far = {**CELLS, ("S1", "noon"): (0.05, 4000), ("S1", "all"): (0.05, 4000)}
    audience, _ = store_audience(evidence(far), posteriors(), least=20)
    cell = audience[(audience.store_key == "S1") & (audience.daypart == "noon") & (audience.group_name == "p01")].iloc[0]
    assert cell.mix_share == 0
    assert 0 < cell.high_share < 0.2


def test_a_label_never_seen_in_training_stays_in_the_table() -> None:
    odd = evidence(CELLS).assign(group_name=lambda frame: frame.group_name.replace({"p02": "p03"}))
    audience, _ = store_audience(
        pd.concat([evidence(CELLS), odd[odd.group_name == "p03"].assign(mean_posterior=0.0)]), posteriors(), least=20
    )
    assert set(audience.group_name) == {"p01", "p02", "p03"}
    published = audience[audience.is_published]
    assert np.allclose(published.groupby(["store_key", "daypart"]).mix_share.sum(), 1)


def test_without_members_or_evidence_there_is_no_audience() -> None:
    for first, second in ((evidence(CELLS).iloc[:0], posteriors()), (evidence(CELLS), posteriors().iloc[:0])):
        audience, quality = store_audience(first, second, least=20)
        assert audience.empty
        assert quality.empty


# p01 buys tobacco and p02 bread, but in a bakery even p01 looks like bread: (posterior of p01) of p01's receipts, of p02's
LOOKS = {"tobacconist": (0.8, 0.4), "bakery": (0.5, 0.1)}


def two_kinds(people: int = 400) -> pd.DataFrame:
    """Members' receipts, one in each kind of shop."""
    rows = []
    for person in range(people):
        for kind, looks in LOOKS.items():
            mean = looks[person % 2] + 0.02 * (-1) ** (person // 2)  # people differ a little
            for group, value in zip(GROUPS, (mean, 1 - mean), strict=True):
                rows.append((f"{person}/{kind}", f"m{person}", GROUPS[person % 2], group, value, f"{kind}{person % 3}", kind))
    return pd.DataFrame(rows, columns=["receipt_key", "member_key", "label", "group_name", "posterior", "store_key", "store_type"])


def shops_of_two_kinds(mixes: dict[str, list[float]]) -> tuple[pd.DataFrame, dict[str, float]]:
    """Evidence of shops whose share of p01 is given, by kind; true share by shop."""
    cells, kinds, truth = {}, {}, {}
    for kind, shares in mixes.items():
        own, other = LOOKS[kind]
        for number, share in enumerate(shares):
            store = f"{kind}{number}"
            kinds[store], truth[store] = kind, share
            cells[store, "noon"] = cells[store, "all"] = (own * share + other * (1 - share), 2000)
    cells["all", "all"] = (float(np.mean([mean for mean, _ in cells.values()])), 2000 * len(kinds))
    frame = evidence(cells)
    return frame.assign(store_type=frame.store_key.map(kinds)), truth


def test_what_everybody_buys_in_a_kind_of_shop_is_no_evidence() -> None:
    frame, truth = shops_of_two_kinds({"bakery": [0.3, 0.5, 0.7], "tobacconist": [0.3, 0.5, 0.7]})

    def found(kinds: bool) -> pd.DataFrame:
        placed, members = (frame, two_kinds()) if kinds else (frame.assign(store_type="unknown"), two_kinds().assign(store_type="unknown"))
        audience, quality = store_audience(placed, members, least=20)
        assert quality.set_index("measure").value["kinds"] == (2 if kinds else 1)
        return audience[audience.group_name == "p01"].set_index(["store_key", "daypart"])

    blind, aware = found(kinds=False), found(kinds=True)
    assert blind.loc[("bakery1", "noon"), "mix_share"] < 0.2  # bread says p02: as many p01 as p02 are not seen
    assert blind.loc[("tobacconist1", "noon"), "mix_share"] > 0.8
    for store, share in truth.items():
        row = aware.loc[(store, "noon")]
        assert row.mix_share == pytest.approx(share, abs=0.05)
        assert row.low_share <= share <= row.high_share
    network = aware.loc[("all", "all"), "mix_share"]
    assert network == pytest.approx(0.5, abs=0.05)
    assert aware.loc[("bakery2", "noon"), "affinity_index"] == pytest.approx(140, abs=12)  # against the network, not the kind


def test_without_two_kinds_of_shop_all_shops_are_alike() -> None:
    frame, _ = shops_of_two_kinds({"bakery": [0.3, 0.5, 0.7], "tobacconist": [0.3, 0.5, 0.7]})
    plain = [store_audience(frame.assign(store_type="unknown"), two_kinds().assign(store_type="unknown"), least=20)[0]]
    rare = two_kinds().assign(store_type=lambda t: t.store_type.where(t.member_key.str[1:].astype(int) < 29))  # 29 members: too few
    for members in (two_kinds().assign(store_type="bakery"), two_kinds().assign(store_type=None), rare):
        audience, quality = store_audience(frame, members, least=20)
        assert quality.set_index("measure").value["kinds"] == 1
        pd.testing.assert_frame_equal(audience, plain[0])


@pytest.mark.parametrize("kinds", [True, False])
def test_the_network_s_own_row_is_the_mix_behind_the_indexes(kinds: bool) -> None:
    """Bakers see p02 and tobacconists p01: read without their kinds, their receipts together tell another mix than kind by kind."""
    frame, truth = shops_of_two_kinds({"bakery": [0.1, 0.2, 0.1, 0.2, 0.1], "tobacconist": [0.8, 0.9]})
    whole = frame.store_key == "all"
    noon = frame[whole].assign(daypart="noon", receipts_count=7000, mean_posterior=lambda rows: rows.mean_posterior + [0.05, -0.05])
    night = frame[whole].assign(daypart="night", receipts_count=7000, mean_posterior=lambda rows: rows.mean_posterior - [0.05, -0.05])
    members = two_kinds()
    frame = pd.concat([frame, noon, night])
    if not kinds:
        frame, members = frame.assign(store_type="unknown"), members.assign(store_type="unknown")
    table = store_audience(frame, members, least=20)[0].set_index(["store_key", "daypart", "group_name"])
    row = table.loc["all", "all", "p01"]
    assert table.loc["all", "all"].affinity_index.to_numpy() == pytest.approx(100, abs=1e-4)
    assert row.low_share < row.mix_share < row.high_share
    for daypart in ("noon", "night"):
        found = table.loc["all", daypart, "p01"]
        assert found.affinity_index == pytest.approx(100 * found.mix_share / row.mix_share, abs=1e-3)
    around = (table.loc["all", "noon", "p01"].mix_share + table.loc["all", "night", "p01"].mix_share) / 2
    assert around == pytest.approx(row.mix_share, abs=0.01)
    assert table.loc["all", "night", "p01"].affinity_index < 95 < 105 < table.loc["all", "noon", "p01"].affinity_index
    if kinds:
        share = np.mean(list(truth.values()))
        assert row.mix_share == pytest.approx(share, abs=0.03)
        assert row.low_share <= share <= row.high_share


def test_the_network_of_few_receipts_says_nothing() -> None:
    audience, _ = store_audience(evidence({("all", "all"): (0.5, 19), ("S1", "all"): (0.5, 19)}), posteriors(), least=20)
    assert not audience.is_published.any()
    assert audience.mix_share.isna().all()
