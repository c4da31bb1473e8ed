import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.projection.evidence import log_ratio_learner, receipt_evidence
from bmyshop_profiles.projection.topics import Topics, fit_topics, mixture, topic_targets
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals
from bmyshop_profiles_tests.worlds import make_world


def test_mixture_finds_the_weights_of_its_topics():
    shares = np.array([[0.7, 0.2, 0.1, 0.0], [0.0, 0.1, 0.2, 0.7]])
    total = 100_000 * (0.8 * shares[0] + 0.2 * shares[1])
    np.testing.assert_allclose(mixture(total, shares=shares, prior=np.array([0.5, 0.5]), pull=1), [0.8, 0.2], atol=1e-3)


def test_nothing_bought_gives_everybodys_mixture():
    prior = np.array([0.3, 0.7])
    np.testing.assert_allclose(mixture(np.zeros(4), shares=np.full((2, 4), 0.25), prior=prior, pull=50), prior)


def test_targets_are_positive_shares():
    topics = Topics(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), np.array([0.5, 0.5]))
    targets = topic_targets(np.array([[9.0, 0, 0], [0, 0, 0]]), topics=topics, everybody=np.full(3, 1 / 3))
    np.testing.assert_allclose(targets.sum(1), 1)
    assert targets.min() > 0.01
    assert targets[0, 0] > targets[1, 0]


def test_unlabelled_receipts_help_when_members_are_few():
    world = make_world(people=400, items=120, purchases=4)
    topics = fit_topics(world.receipts, topics=6)
    everybody, known = everybody_shares(world.receipts), np.arange(9)
    totals = group_totals(world.first[known], world.profile[known], groups=3)
    right = {}
    for name, used in (("on", topics), ("off", None)):
        ratios = log_ratio_learner(everybody=everybody, strength=100, topics=used)(totals)
        right[name] = (receipt_evidence(world.receipts, ratios).argmax(1) == world.profile[world.owner]).mean()
    assert right["on"] > right["off"] + 0.05


def test_same_input_same_topics_and_bad_input():
    world = make_world(people=30)
    np.testing.assert_array_equal(fit_topics(world.receipts, topics=3).shares, fit_topics(world.receipts, topics=3).shares)
    np.testing.assert_allclose(fit_topics(world.receipts, topics=3, most_receipts=20).prior.sum(), 1)
    with pytest.raises(ValueError, match="there are none"):
        fit_topics(csr_matrix((5, 4)))
    with pytest.raises(ValueError, match="positive"):
        mixture(np.ones(2), shares=np.full((1, 2), 0.5), prior=np.ones(1), pull=0)
