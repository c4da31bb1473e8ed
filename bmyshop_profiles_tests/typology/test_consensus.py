import numpy as np

from bmyshop_profiles.statistics.likelihood import everybody_shares
from bmyshop_profiles.typology.model.behaviour import behaviour
from bmyshop_profiles.typology.model.consensus import Starts, agreed_starts
from bmyshop_profiles.typology.model.context import no_shops
from bmyshop_profiles_tests.worlds import make_world


def test_runs_that_disagree_start_where_most_of_them_agree():
    world = make_world(people=300, purchases=40)
    known, rng = behaviour(world.first), np.random.default_rng(0)
    # one run in three is wrong about all, the others know a part of the members under numbers of their own
    wrong = rng.integers(3, size=300)
    right = np.where(rng.random(300) < 0.5, (world.profile + 1) % 3, -1)
    also = np.where(rng.random(300) < 0.5, (world.profile + 2) % 3, -1)
    starts = agreed_starts(known, [right, wrong, also], no_shops(everybody_shares(world.first)), most=3, damping=0.35, seed=0)
    labels = starts.labels(3)
    table = np.zeros((3, 3))
    np.add.at(table, (labels, world.profile), 1)
    assert table.max(1).sum() / 300 > 0.95
    np.testing.assert_allclose(starts.memberships.sum(1), 3)


def test_fewer_groups_join_profiles_that_hold_the_same_members():
    one, other = np.array([1.0, 1, 0, 0, 0, 0]), np.array([0.0, 0, 1, 1, 0, 0])
    third = 1 - one - other
    both = np.column_stack([one, other, third, one, other + third])
    from scipy.cluster.hierarchy import linkage

    unit = both / np.linalg.norm(both, axis=0)
    tree = linkage((1 - unit.T @ unit)[np.triu_indices(5, 1)], "average")
    two = Starts(both, tree, 3).labels(2)
    assert two[0] == two[1] != two[2]
    assert len(set(two[2:])) == 1
    assert (Starts(both[:, :1], np.zeros((0, 4)), 1).labels(4) == 0).all()
