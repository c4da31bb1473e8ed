"""The estimator: planted profiles, determinism, order of rows, new members, odd inputs."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.likelihood import ATYPICAL, TOO_FEW_RECEIPTS
from bmyshop_profiles.typology.model.behaviour import behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles_tests.worlds import make_world

FEW = {"least_profiles": 2}


@pytest.fixture(scope="module")
def world():
    return make_world(people=300, purchases=40)


@pytest.fixture(scope="module")
def typology(world):
    return Typology(**FEW).fit(world.first, other=world.second)


def purity(labels: np.ndarray, truth: np.ndarray) -> float:
    """Share of people whose profile found lies in the planted one it mostly holds."""
    table = np.zeros((labels.max() + 1, truth.max() + 1))
    np.add.at(table, (labels, truth), 1)
    return float(table.max(1).sum() / len(labels))


@pytest.mark.slow
def test_planted_profiles_are_found_and_new_members_are_told(world, typology):
    assert typology.reason_ == ""
    assert purity(typology.nearest_, world.profile) > 0.97
    unseen = make_world(people=90, purchases=40, seed=5)
    assert purity(np.append(typology.nearest(unseen.first), typology.nearest_), np.append(unseen.profile, world.profile)) > 0.95
    assert (np.diff(np.bincount(typology.nearest_)) <= 0).all()  # numbered by falling size


@pytest.mark.slow
def test_posteriors_are_probabilities_and_wide_where_little_is_known(world, typology):
    posterior = typology.predict_proba(world.first)
    np.testing.assert_allclose(posterior.sum(1), 1)
    np.testing.assert_array_equal(posterior.argmax(1)[:5], typology.nearest(world.first)[:5])
    little = csr_matrix(world.first.toarray() * 0 + np.eye(1, 30))
    assert typology.predict_proba(little).max(1).mean() < posterior.max(1).mean() - 0.1


@pytest.mark.slow
def test_posteriors_are_calibrated_on_other_receipts(world, typology):
    unseen = make_world(people=600, purchases=40, seed=9)
    posterior, said = typology.predict_proba(unseen.first), typology.nearest(unseen.second)
    assert abs(posterior.max(1).mean() - (posterior.argmax(1) == said).mean()) < 0.12


@pytest.mark.slow
def test_neither_the_order_of_rows_nor_a_second_run_changes_anything(world, typology):
    again = Typology(**FEW).fit(world.first, other=world.second)
    np.testing.assert_array_equal(again.labels_, typology.labels_)
    order = np.random.default_rng(3).permutation(300)
    moved = Typology(**FEW).fit(world.first[order], other=world.second[order])
    np.testing.assert_array_equal(moved.labels_, typology.labels_[order])
    np.testing.assert_array_equal(moved.profiles_.ratios, typology.profiles_.ratios)
    assert moved.posterior_damping_ == typology.posterior_damping_


@pytest.mark.slow
def test_no_profile_is_smaller_than_wanted(world):
    found = Typology(least_profiles=2, least_share=0.2).fit(world.first, other=world.second)
    assert np.bincount(found.nearest_).min() >= 0.15 * 300
    assert found.profiles_.count <= 5


@pytest.mark.slow
def test_more_members_than_the_sample_all_get_a_profile(world, typology):
    found = Typology(most_members=150, draws=4).fit(world.first, other=world.second)
    assert found.profiles_.count == 3
    assert purity(found.nearest_, world.profile) > 0.95


def test_parameters_are_those_of_scikit_learn():
    from sklearn.base import clone

    typology = Typology(most_profiles=7).set_params(seed=3)
    assert clone(typology).get_params() == typology.get_params()
    assert typology.get_params()["most_profiles"] == 7
    with pytest.raises(ValueError, match="Invalid parameter 'sizes'"):
        typology.set_params(sizes=3)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (csr_matrix((0, 5)), "fewer than two groups"),
        (csr_matrix(np.ones((1, 5))), "fewer than two groups"),
        (csr_matrix(np.ones((29, 5))), "fewer than two groups"),
        (csr_matrix(np.ones((100, 5))), "all alike"),
        (csr_matrix(np.ones((100, 1)) * np.arange(1, 101)[:, None]), "all alike"),  # one category
        (csr_matrix((50, 5)), "fewer than two groups"),
    ],
)
def test_members_without_differences_give_a_reason_and_no_profiles(counts, reason):
    typology = Typology().fit(counts, other=counts)
    assert reason in typology.reason_
    assert typology.profiles_.count == 0
    assert set(typology.labels_) <= {ATYPICAL, TOO_FEW_RECEIPTS}
    assert typology.predict_proba(counts).shape == (counts.shape[0], 0)
    assert (typology.nearest(counts) == -1).all()


def test_members_with_one_receipt_each_are_too_little_known(world):
    typology = Typology(least_receipts=2).fit(world.first, receipts=(np.ones(300), np.ones(300)))
    assert (typology.labels_ == TOO_FEW_RECEIPTS).all()


@pytest.mark.slow
def test_one_shop_is_no_context_and_missing_groups_are_no_error(world):
    plain = Typology(**FEW).fit(world.first, other=world.second)
    unknown = {"dayparts": csr_matrix((300, 6))}
    one_shop, nothing = csr_matrix(np.ones((300, 1))), csr_matrix(world.first.sum(0))
    first, second = (behaviour(half, visits=one_shop, others=unknown) for half in (world.first, world.second))
    found = Typology(**FEW).fit(first, other=second, store_items=nothing)
    np.testing.assert_array_equal(found.nearest_, plain.nearest_)


@pytest.mark.slow
def test_bad_input_is_refused(world):
    with pytest.raises(ValueError, match="in this order"):
        Typology(least_profiles=9, most_profiles=8).fit(world.first)
    with pytest.raises(ValueError, match="other receipts"):
        Typology().fit(world.first, other=world.second[:9])
    with pytest.raises(ValueError, match="refunds"):
        Typology().fit(-world.first)
    with pytest.raises(ValueError, match="columns of behaviour"):
        Typology(**FEW).fit(world.first).predict(world.first[:, :9])


@pytest.mark.slow
def test_a_half_is_read_by_profiles_that_did_not_know_its_member(world, typology):
    state, posterior = typology.left_out(behaviour(world.first))
    assert purity(state, world.profile) > 0.95
    np.testing.assert_allclose(posterior.sum(1), 1)
    # a member who bought once what nobody else buys is told by it only where profiles knew the member
    odd = csr_matrix(np.hstack([world.first.toarray(), np.eye(300, 1) * 30]))
    found = Typology(most_profiles=3).fit(odd, other=csr_matrix(np.hstack([world.second.toarray(), np.zeros((300, 1))])))
    alone = behaviour(csr_matrix(np.hstack([np.zeros((300, 30)), np.eye(300, 1) * 30])))
    known, unknown = found.predict_proba(alone)[0], found.left_out(alone)[1][0]
    assert np.ptp(unknown / found.profiles_.sizes) < np.ptp(known / found.profiles_.sizes)


@pytest.mark.slow
@pytest.mark.parametrize("proposals", ["density", "both"])
def test_rounds_may_start_from_density(world, proposals):
    found = Typology(most_profiles=3, proposals=proposals, runs=2).fit(world.first, other=world.second)
    assert purity(found.nearest_, world.profile) > 0.95
