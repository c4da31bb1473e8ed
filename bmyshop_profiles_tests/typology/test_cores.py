import numpy as np
import pytest

from bmyshop_profiles.statistics.density import leaves
from bmyshop_profiles.typology.model.cores import find_cores


@pytest.fixture(scope="module")
def three_groups():
    rng = np.random.default_rng(0)
    return np.vstack([rng.normal(c, 0.05, size=(n, 3)) for c, n in (((1, 0, 0), 80), ((0, 1, 0), 60), ((0, 0, 1), 40))])


@pytest.mark.slow
def test_three_groups_are_found_by_every_run(three_groups):
    found, reason = find_cores(three_groups, parts=(0.15, 0.2), runs=3)
    assert (len(found), reason) == (3, "")
    truth = np.repeat([0, 1, 2], [80, 60, 40])
    for labels in found:
        known = labels >= 0
        assert labels.max() == 2
        assert known.mean() > 0.8
        assert (labels[known] == truth[known]).mean() > 0.95


@pytest.mark.slow
def test_same_input_same_labels_and_runs_that_differ(three_groups):
    found, again = (find_cores(three_groups, parts=(0.1,), runs=2)[0] for _ in range(2))
    np.testing.assert_array_equal(found, again)
    assert (find_cores(three_groups, parts=(0.1,), runs=1, seed=1)[0][0] != found[0]).any()


@pytest.mark.slow
def test_runs_see_at_most_so_many_members(three_groups):
    found, _ = find_cores(three_groups, parts=(0.15,), runs=2, most_members=100)
    assert [int((labels >= 0).sum()) <= 100 for labels in found] == [True, True]
    assert (found[0] != found[1]).any()


@pytest.mark.slow
def test_clusters_that_are_all_noise():
    assert (leaves(np.random.default_rng(0).normal(size=(30, 2)), least=15) == -1).all()


@pytest.mark.parametrize("members", [0, 1, 2, 29])
def test_too_few_members_give_no_cores_and_a_reason(members):
    found, reason = find_cores(np.random.default_rng(0).normal(size=(members, 3)))
    assert found == []
    assert "fewer than two groups" in reason


def test_members_all_alike_give_no_cores_and_a_reason():
    assert find_cores(np.ones((200, 4))) == ([], "members are all alike")


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        find_cores(np.array([[np.nan, 1.0]]))
    with pytest.raises(ValueError, match="at least 1"):
        find_cores(np.ones((3, 2)), neighbours=0)
    with pytest.raises(ValueError, match="members × size"):
        find_cores(np.ones(3))
