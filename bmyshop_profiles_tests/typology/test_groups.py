"""Groups of behaviour beside the items: counted by value, over windows and halves, and what they add to a score."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.settings import Settings, load_settings
from bmyshop_profiles.typology.groups import GROUPS, SERVED, read_groups
from bmyshop_profiles.typology.lives.frozen import weight_scores
from bmyshop_profiles.typology.members import Members, Shopping, read_members, read_shopping
from bmyshop_profiles.typology.model.behaviour import behaviour, order_by_content
from bmyshop_profiles.typology.tables import Wanted, cluster_members
from bmyshop_profiles_tests.conftest import at, attach_rows
from bmyshop_profiles_tests.worlds import make_world

ALL = tuple(GROUPS)


def receipt(key: str, when: str, *, half: int = 0, lines: int = 1, cents: int = 250, store: str = "S", member: str = "m") -> dict:
    return {
        "receipt_key": key,
        "sold_at": at(when),
        "half": half,
        "lines_count": lines,
        "amount_cents": cents,
        "store_key": store,
        "member_key": member,
        "weekday": at(when).isoweekday(),
        "daypart": "morning",
    }


def attach_facts(make, session, receipts: list[dict], items: list[dict]) -> None:
    """The monthly facts of receipts and of items bought, as the tables make them."""
    facts: dict[str, list[dict]] = {"member_months": [], "member_store_months": []}
    for month in sorted({each["sold_at"].strftime("%Y-%m") for each in receipts}):
        own = [each for each in receipts if each["sold_at"].strftime("%Y-%m") == month]
        for name, rows in facts.items():
            rows += [{**row, "month": month} for row in make(name, {"receipts": own}, month=month)]
    for name, rows in {**facts, "member_item_months": items, "store_item_months": []}.items():
        attach_rows(session, name, rows, None)


def plain(session, keys: list[str], *, since: str = "0000-00") -> dict[str, tuple[list, list]]:
    """Counts of the groups, by half, without their weights."""
    found = read_groups(session, np.array(keys, dtype=object), ALL, since=since)
    return {name: tuple((half / GROUPS[name].weight).toarray().tolist() for half in halves) for name, halves in found.items()}  # type: ignore[misc]


def item(product: str, bought: int, month: str, half: int = 0, member: str = "m") -> dict:
    return {"member_key": member, "half": half, "product_key": product, "item_key": product, "bought_count": bought, "month": month}


def test_a_small_world_is_counted_by_value(make, session) -> None:
    receipts = [
        receipt("r1", "2025-01-06 10:00", lines=1, cents=199),
        receipt("r2", "2025-01-08 10:00", lines=4, cents=2000, store="T"),
        receipt("r3", "2025-02-10 10:00", lines=40, cents=70_000),
        receipt("r4", "2025-02-10 11:00", lines=5, cents=-300, store="U"),
        receipt("r5", "2025-02-11 10:00", half=1, cents=0, store="T"),
        receipt("r6", "2025-02-11 10:00", member="n", half=1),
    ]
    items = [item("a", 2, "2025-01"), item("a", 1, "2025-02"), item("b", 1, "2025-02"), item("c", 0, "2025-02"), item("a", 1, "2025-02", 1)]
    attach_facts(make, session, receipts, items)
    found = plain(session, ["m", "n"])
    nothing = {name: [0.0] * len(group.columns) for name, group in GROUPS.items()}
    assert found["weekdays"] == ([[3, 0, 1, 0, 0, 0, 0], nothing["weekdays"]], [[0, 1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0]])
    assert found["basket"] == ([[1, 0, 1, 1, 0, 1], nothing["basket"]], [[1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
    # a refund and a receipt of nothing are not spent
    assert found["spend"][0] == [[1, 0, 0, 0, 1, 0, 0, 0, 1], nothing["spend"]]
    assert found["spend"][1] == [nothing["spend"], [0, 1, 0, 0, 0, 0, 0, 0, 0]]
    # 6 to 8 January, and 8 January to 10 February over the end of the month; the other half's visit is not seen
    assert found["rhythm"] == ([[1, 0, 0, 0, 1, 0], nothing["rhythm"]], [nothing["rhythm"], nothing["rhythm"]])
    assert found["variety"] == ([[2, 2], [0, 0]], [[1, 0], [0, 0]])
    assert found["shops"] == ([[2, 1, 1], [0, 0, 0]], [[1, 0, 0], [1, 0, 0]])
    assert found["dayparts"][0][0] == [0, 4, 0, 0, 0, 0]
    late = plain(session, ["m", "n"], since="2025-02")
    assert "rhythm" not in late  # one visit day in each half
    assert late["variety"][0][0] == [2, 0]
    assert late["shops"][0][0] == [1, 1, 0]


def test_months_add_up_to_their_window_and_halves_to_all_receipts(make, session) -> None:
    rng = np.random.default_rng(0)
    days = np.sort(rng.choice(89, 40, replace=False))
    halves, lines = rng.integers(0, 2, 40), rng.integers(1, 20, 40)
    dates = np.datetime64("2025-01-01") + days
    receipts = [
        receipt(f"r{n}", f"{date} 10:00", half=int(half), lines=int(size))
        for n, (date, half, size) in enumerate(zip(dates, halves, lines, strict=True))
    ]
    attach_facts(make, session, receipts, [])
    found = plain(session, ["m"])
    borders = {"rhythm": [1, 3, 8, 15, 31, 61, 1000], "basket": [1, 2, 3, 5, 9, 17, 1000]}
    for half in (0, 1):
        gaps = np.diff(days[halves == half])
        assert found["rhythm"][half][0] == np.histogram(gaps, borders["rhythm"])[0].tolist()
        assert found["basket"][half][0] == np.histogram(lines[halves == half], borders["basket"])[0].tolist()
    for name in ("dayparts", "weekdays", "basket", "spend", "shops"):
        assert np.sum(found[name]) == 40, name


def test_what_nobody_has_is_left_out_and_nothing_crashes(make, session) -> None:
    attach_facts(make, session, [receipt("r1", "2025-01-06 00:00", cents=0), receipt("r2", "2025-01-07 00:00", cents=0, half=1)], [])
    assert set(plain(session, ["m"])) == {"dayparts", "weekdays", "basket", "shops"}  # no amounts, no second visit, no items
    members = read_members(session)
    how = read_shopping(session, members, groups=ALL)
    assert list(how.whole.others) == ["dayparts", "weekdays", "basket", "shops"]
    assert read_shopping(session, members, groups=()).whole.others == {}
    assert plain(session, []) == {}


def several(world, *names: str) -> tuple[Members, Shopping]:
    """Members of a planted world who also differ in some groups, by their profile."""
    count, rng = world.first.shape[0], np.random.default_rng(1)
    keys = np.array([f"m{number:04d}" for number in range(count)], dtype=object)
    items = np.array([f"i{number:02d}" for number in range(world.first.shape[1])], dtype=object)
    halves = []
    for counts in (world.first, world.second):
        others = {}
        for name in names:
            columns = len(GROUPS[name].columns)
            rate = np.where(np.arange(columns) == world.profile[:, None] % columns, 4.0, 1.0)
            others[name] = csr_matrix(GROUPS[name].weight * rng.poisson(rate))
        halves.append(behaviour(counts, others=others))
    both = {name: csr_matrix(halves[0].others[name] + halves[1].others[name]) for name in names}
    members = Members(keys, items, (world.first, world.second), (np.full(count, 5), np.full(count, 5)))
    return members, Shopping(halves[0], halves[1], behaviour(members.whole, others=both), None, np.empty(0, dtype=object))


@pytest.mark.slow
def test_stored_weights_are_per_count_and_sum_to_the_scores_of_the_estimator() -> None:
    members, how = several(make_world(people=200, purchases=30), "dayparts", "spend")
    wanted = Wanted(label_receipts=1, most_profiles=4, least_profiles=2)
    _, _, weights = cluster_members(members, wanted, how)
    model = wanted.typology().fit(how.first, receipts=members.receipts[0], other=how.second)
    assert model.profiles_.count >= 2
    scores, keys = weight_scores(weights, how.whole, items=members.items, stores=how.stores)
    np.testing.assert_allclose(scores, model.profiles_.scores(how.whole), atol=1e-6)
    assert set(weights.kind) == {"item", "dayparts", "spend", "prior"}
    spend = (
        weights[weights.kind == "spend"].pivot(index="value_key", columns="profile_key", values="weight").loc[list(GROUPS["spend"].columns)]
    )
    counts = (how.whole.others["spend"] / GROUPS["spend"].weight).toarray()
    without = weight_scores(weights[weights.kind != "spend"], how.whole, items=members.items, stores=how.stores)[0]
    np.testing.assert_allclose(scores - without, counts @ spend.loc[list(GROUPS["spend"].columns), keys].to_numpy(), atol=1e-9)


@pytest.mark.slow
def test_a_reference_month_that_did_not_know_a_group_says_nothing_of_it() -> None:
    world = make_world(people=200, purchases=30)
    members, how = several(world, "dayparts", "spend")
    wanted = Wanted(label_receipts=1, most_profiles=4, least_profiles=2)
    old = how._replace(**{part: behaviour(half.items) for part, half in zip(("first", "second", "whole"), how[:3], strict=True)})
    _, _, weights = cluster_members(members, wanted, old)
    scores = weight_scores(weights, how.whole, items=members.items, stores=how.stores)[0]
    np.testing.assert_allclose(scores, weight_scores(weights, old.whole, items=members.items, stores=how.stores)[0])


def test_what_is_known_beside_the_items_moves_no_row_but_among_equals() -> None:
    rng = np.random.default_rng(0)
    items = csr_matrix(np.vstack([rng.poisson(2.0, (30, 5)), np.ones((2, 5))]))
    known = behaviour(items, others={"basket": csr_matrix(rng.poisson(2.0, (32, 6)))})
    np.testing.assert_array_equal(np.sort(order_by_content(known)), np.arange(32))
    different = order_by_content(behaviour(items))
    assert [row for row in order_by_content(known) if row < 30] == [row for row in different if row < 30]
    moved = rng.permutation(32)
    np.testing.assert_array_equal(moved[order_by_content(known[moved])], order_by_content(known))
    assert len(order_by_content(known[np.arange(0)])) == 0


def test_groups_are_chosen_in_the_settings(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(SERVED) <= set(GROUPS)
    assert set(Settings(behaviour_groups=list(GROUPS)).behaviour_groups) == set(GROUPS)
    monkeypatch.setenv("BMYSHOP_BEHAVIOUR_GROUPS", "basket, dayparts")
    assert load_settings(tmp_path).behaviour_groups == ("basket", "dayparts")
