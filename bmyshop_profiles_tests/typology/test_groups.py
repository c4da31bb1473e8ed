"""Groups of behaviour beside the items: counted by value, over windows and halves, and what they add to a score."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.settings import Settings, load_settings
from bmyshop_profiles.typology.groups import GROUPS, SERVED
from bmyshop_profiles.typology.lives.frozen import weight_scores
from bmyshop_profiles.typology.members import Members, Shopping, groups_of, members_of, shopping_of
from bmyshop_profiles.typology.model.behaviour import behaviour, order_by_content
from bmyshop_profiles.typology.tables import Wanted, cluster_members
from bmyshop_profiles_tests.worlds import make_world

ALL = tuple(GROUPS)


def counts(*rows: tuple[str, int, str, str, int]) -> pd.DataFrame:
    """Rows of a window: member, half, kind, value, count; members are placed by their key."""
    frame = pd.DataFrame(rows, columns=["member_key", "half", "kind", "value_key", "things_count"])
    return frame.assign(member_place=frame.member_key.rank(method="dense").astype(int))


def test_a_group_is_a_weighted_histogram_by_half() -> None:
    seen = counts(
        *[("m", 0, "weekdays", "monday", 3), ("m", 0, "weekdays", "wednesday", 1), ("m", 1, "weekdays", "tuesday", 1)],
        *[("n", 1, "weekdays", "tuesday", 1), ("m", 0, "spend", "spend_500", 2), ("n", 0, "variety", "again", 4)],
    )
    found = groups_of(seen, np.array(["m", "n"], dtype=object), ALL)
    plain = {name: [(half / GROUPS[name].weight).toarray().tolist() for half in halves] for name, halves in found.items()}
    assert set(plain) == {"weekdays", "spend", "variety"}  # in the others nobody has a count
    assert plain["weekdays"] == [[[3, 0, 1, 0, 0, 0, 0], [0] * 7], [[0, 1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0]]]
    assert plain["spend"] == [[[0] * 8 + [2], [0] * 9], [[0] * 9, [0] * 9]]
    assert plain["variety"] == [[[0, 0], [0, 4]], [[0, 0], [0, 0]]]


def test_what_nobody_has_is_left_out_and_nothing_crashes() -> None:
    visits = [
        ("m", half, kind, value, 1) for half in (0, 1) for kind, value in (("store", "S"), ("dayparts", "night"), ("basket", "lines_1"))
    ]
    seen = counts(*visits)
    members = members_of(seen)
    assert (members.keys.tolist(), members.whole.shape, [each.tolist() for each in members.receipts]) == (["m"], (1, 0), [[1], [1]])
    assert list(shopping_of(seen, members, groups=ALL).whole.others) == ["dayparts", "basket"]
    assert shopping_of(seen, members, groups=()).whole.others == {}
    nobody = members_of(seen[:0])
    assert (len(nobody.keys), len(nobody.items), nobody.whole.shape) == (0, 0, (0, 0))
    assert shopping_of(seen[:0], nobody, groups=ALL).whole.others == {}


@pytest.mark.parametrize("kind", ["basket", "spend", "dayparts", "weekdays"])
def test_every_value_that_is_counted_has_its_column(kind: str) -> None:
    """What SQL calls a value is what a group calls a column."""
    sql = "".join(load_catalogue()[name].sql or "" for name in ("member_counts", "receipts"))
    named = set(re.findall(r"then '(\w+)'|else '(\w+)'", sql))
    values = {name for pair in named for name in pair if name}
    assert set(GROUPS[kind].columns) <= values
    assert values == {name for group in ("basket", "spend", "dayparts", "weekdays") for name in GROUPS[group].columns}


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
    wanted = Wanted(label_receipts=1, most_profiles=4)
    weights = cluster_members(members, wanted, how).profile_weights
    model = wanted.typology().fit(how.first, receipts=members.receipts, other=how.second)
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
    wanted = Wanted(label_receipts=1, most_profiles=4)
    old = how._replace(**{part: behaviour(half.items) for part, half in zip(("first", "second", "whole"), how[:3], strict=True)})
    weights = cluster_members(members, wanted, old).profile_weights
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
