import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.special import softmax

from bmyshop_profiles.projection.calibration import Places, cross_fit, fit_calibration, quality, receipt_weights
from bmyshop_profiles.projection.evidence import log_ratio_learner
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals
from bmyshop_profiles_tests.worlds import make_world


@pytest.fixture(scope="module")
def fitted():
    world = make_world(people=200)
    learn = log_ratio_learner(everybody=everybody_shares(world.receipts), strength=100)
    return world, learn, cross_fit(world.first, world.profile, world.receipts, world.owner, groups=3, learn=learn)


@pytest.mark.parametrize("groups", [2, 3])
def test_the_map_is_recovered_from_receipts_drawn_from_it(groups):
    rng = np.random.default_rng(0)
    evidence = rng.normal(size=(40_000, groups))
    true = softmax(evidence @ (1.5 * np.eye(groups)) + np.log(np.arange(1, groups + 1)), axis=1)
    label = (true.cumsum(1) < rng.random((len(evidence), 1))).sum(1)
    found = fit_calibration(evidence, csr_matrix((len(label), 0)), label, weight=np.ones(len(label)))
    np.testing.assert_allclose(softmax(evidence @ found.coefficients + found.intercepts, axis=1), true, atol=0.03)


def test_a_member_never_helps_the_evidence_of_the_own_receipts(fitted):
    world, learn, fit = fitted
    changed = world.profile.copy()
    changed[0] = (changed[0] + 1) % 3
    again = cross_fit(world.first, changed, world.receipts, world.owner, groups=3, learn=learn)
    own = fit.member == 0
    np.testing.assert_array_equal(again.evidence[own], fit.evidence[own])
    # the map comes from other members; through their log-ratios the label still counts, at second order
    np.testing.assert_allclose(again.posterior[own], fit.posterior[own], atol=0.005)
    assert np.abs(again.evidence[~own] - fit.evidence[~own]).max() > 0


def test_unseen_people_are_served_calibrated_and_better_than_the_prior(fitted):
    world, learn, fit = fitted
    unseen = make_world(people=600, seed=9)
    posterior = fit.map.posterior(unseen.receipts, learn(group_totals(world.first, world.profile, groups=3)))
    table = quality(posterior, np.tile(fit.map.prior, (len(posterior), 1)), unseen.profile[unseen.owner], unseen.owner).set_index(
        ["measure", "of"]
    )
    assert table.loc[("log_loss", "difference"), "high"] < -0.3
    assert table.loc[("accuracy", "posterior"), "low"] > 0.75
    assert table.loc[("calibration_error", "posterior"), "value"] < 0.05
    assert table.loc[("log_loss", "baseline"), "value"] == pytest.approx(np.log(3), abs=0.01)
    assert (table.low <= table.value).all()
    assert (table.value <= table.high).all()
    assert set(table.people) == {600}


def test_members_in_no_group_are_left_out(fitted):
    world, learn, _ = fitted
    labels = np.where(np.arange(200) < 50, -1, world.profile)
    fit = cross_fit(world.first, labels, world.receipts, world.owner, groups=3, learn=learn)
    assert fit.member.min() == 50
    assert len(fit.label) == 600


@pytest.mark.parametrize("members", [0, 1, 2])
def test_hardly_any_member(members):
    world = make_world(people=members)
    learn = log_ratio_learner(everybody=np.full(30, 1 / 30), strength=100)
    fit = cross_fit(world.first, world.profile, world.receipts, world.owner, groups=3, learn=learn)
    assert fit.posterior.shape == (4 * members, 3)
    np.testing.assert_allclose(fit.posterior.sum(1), 1)
    nothing = csr_matrix((1, world.first.shape[1]))
    assert fit.map.posterior(nothing, np.zeros((nothing.shape[1], 3))).min() > 0.05


def test_a_group_never_seen_keeps_a_small_posterior():
    evidence, label = np.random.default_rng(0).normal(size=(200, 4)), np.tile([0, 1], 100)
    found = fit_calibration(evidence, csr_matrix((200, 1)), label, weight=np.ones(200))
    assert 0 < found.posterior(csr_matrix((1, 1)), np.zeros((1, 4)))[0, 2] < 0.02


def test_an_item_and_its_category_say_what_evidence_does_not() -> None:
    """Items 0 and 1 are bought by the first group, which no log-ratio says; item 2 is of their category and is hardly bought."""
    rng = np.random.default_rng(0)
    label = rng.integers(2, size=4000)
    bought = np.where(rng.random(4000) < 0.9, label, 1 - label) * 3 + rng.integers(2, size=4000)
    receipts = csr_matrix((np.ones(4000), (np.arange(4000), bought)), shape=(4000, 6))
    categories = csr_matrix(np.repeat(np.eye(2), 3, axis=0))
    found = fit_calibration(np.zeros((4000, 2)), receipts, label, weight=np.ones(4000), categories=categories)
    posterior = found.posterior(csr_matrix(np.eye(6)), np.zeros((6, 2)))[:, 0]
    np.testing.assert_allclose(posterior[[0, 1, 3, 4]], [0.9, 0.9, 0.1, 0.1], atol=0.03)
    assert posterior[2] > 0.7 > 0.3 > posterior[5]  # never seen: what their category says
    alone = fit_calibration(np.zeros((4000, 2)), receipts, label, weight=np.ones(4000)).posterior(csr_matrix(np.eye(6)), np.zeros((6, 2)))
    np.testing.assert_allclose(alone[[2, 5], 0], [0.5, 0.5], atol=0.03)


def test_places_tell_who_comes_and_without_them_nothing_is_assumed() -> None:
    world = make_world(people=300, purchases=2)
    learn = log_ratio_learner(everybody=everybody_shares(world.receipts), strength=100)
    rng = np.random.default_rng(0)
    shop = np.where(rng.random(len(world.owner)) < 0.7, world.profile[world.owner], rng.integers(3, size=len(world.owner)))
    hour = rng.integers(2, size=len(shop))  # says nothing
    of = csr_matrix(np.hstack([np.eye(3)[shop], np.eye(2)[hour]]))
    places = Places(of, np.array([0, 0, 0, 1, 1]))
    fit = cross_fit(world.first, world.profile, world.receipts, world.owner, groups=3, learn=learn, places=places)
    told = quality(fit.placed, fit.posterior, fit.label, fit.member).set_index(["measure", "of"])
    assert told.high["log_loss", "difference"] < -0.05
    assert told.value["calibration_error", "posterior"] < 0.06
    effects = fit.map.places
    assert (effects[:3].argmax(1) == [0, 1, 2]).all()
    assert np.abs(effects[3:] - effects[3:].mean(1, keepdims=True)).max() < 0.15
    visited = np.asarray(of.sum(0)).ravel() / of.shape[0]
    np.testing.assert_allclose(visited[:3] @ effects[:3], 0, atol=1e-9)
    np.testing.assert_allclose(visited[3:] @ effects[3:], 0, atol=1e-9)
    without = cross_fit(world.first, world.profile, world.receipts, world.owner, groups=3, learn=learn)
    np.testing.assert_array_equal(without.placed, without.posterior)
    np.testing.assert_allclose(fit.posterior.mean(0), without.posterior.mean(0), atol=0.03)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.sampled_from(["receipts", "people"]))
def test_weights_sum_to_people(member, weighting):
    weight = receipt_weights(np.array(member), weighting=weighting)
    assert weight.sum() == pytest.approx(len(set(member)))
    if weighting == "people":
        assert [weight[np.array(member) == m].sum() for m in set(member)] == pytest.approx([1] * len(set(member)))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="labels must lie"):
        fit_calibration(np.zeros((1, 2)), csr_matrix((1, 1)), np.array([2]), weight=np.ones(1))
    with pytest.raises(ValueError, match="finite"):
        fit_calibration(np.full((1, 2), np.nan), csr_matrix((1, 1)), np.array([1]), weight=np.ones(1))
    with pytest.raises(ValueError, match="do not fit together"):
        fit_calibration(np.zeros((1, 2)), csr_matrix((2, 1)), np.array([1]), weight=np.ones(1))
    with pytest.raises(ValueError, match="weighting"):
        receipt_weights(np.zeros(1), weighting="spend")
