import numpy as np
import pytest

from bmyshop_profiles.typology.cores import find_cores, size_ladder


@pytest.fixture(scope="module")
def three_groups():
    rng = np.random.default_rng(0)
    return np.vstack([rng.normal(c, 0.05, size=(n, 3)) for c, n in (((1, 0, 0), 80), ((0, 1, 0), 60), ((0, 0, 1), 40))])


def test_three_groups_are_found_largest_first(three_groups):
    cores = find_cores(three_groups, ladder=[30])
    assert (cores.count, cores.reason, cores.min_cluster_size) == (3, "", 30)
    truth = np.repeat([0, 1, 2], [80, 60, 40])
    known = cores.labels >= 0
    assert known.mean() > 0.8
    assert (cores.labels[known] == truth[known]).mean() > 0.95


def test_same_input_same_labels_and_never_too_many(three_groups):
    cores = [find_cores(three_groups, most_profiles=2, ladder=[5, 15, 40, 60, 90]) for _ in range(2)]
    np.testing.assert_array_equal(cores[0].labels, cores[1].labels)
    assert cores[0].count <= 2


def test_members_beyond_the_sample_are_left_to_likelihood(three_groups):
    cores = find_cores(three_groups, most_members=90, ladder=[15])
    assert cores.count == 3
    assert (cores.labels[np.setdiff1d(np.arange(180), np.linspace(0, 179, 90).astype(int))] == -1).all()


@pytest.mark.parametrize("members", [0, 1, 2, 29])
def test_too_few_members_give_no_cores_and_a_reason(members):
    cores = find_cores(np.random.default_rng(0).normal(size=(members, 3)))
    assert (cores.count, cores.labels.tolist()) == (0, [-1] * members)
    assert "fewer than two clusters need" in cores.reason


def test_members_all_alike_give_no_cores_and_a_reason():
    cores = find_cores(np.ones((200, 4)))
    assert (cores.count, cores.reason) == (0, "members are all alike")


def test_ladder_ends_at_half_the_members():
    assert size_ladder(29) == []
    assert size_ladder(100) == [15, 19, 25, 32, 42]
    assert size_ladder(10_000)[0] == 100
    assert size_ladder(10_000)[-1] <= 5000


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        find_cores(np.array([[np.nan, 1.0]]))
    with pytest.raises(ValueError, match="at least 1"):
        find_cores(np.ones((3, 2)), neighbours=0)
    with pytest.raises(ValueError, match="members × size"):
        find_cores(np.ones(3))
