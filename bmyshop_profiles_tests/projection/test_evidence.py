import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.projection.evidence import choose_learner, receipt_evidence
from bmyshop_profiles.statistics.likelihood import everybody_shares, group_totals
from bmyshop_profiles_tests.worlds import make_world


def test_evidence_is_the_sum_over_distinct_items_over_the_root_of_their_number():
    ratios = np.array([[1.0, -1.0], [0.5, 0.0], [2.0, 3.0]])
    receipts = csr_matrix(np.array([[5, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=float))
    np.testing.assert_allclose(receipt_evidence(receipts, ratios), [[1.5 / np.sqrt(2), -1 / np.sqrt(2)], [2, 3], [0, 0]])


def test_strength_is_chosen_and_evidence_points_to_the_own_profile():
    world = make_world(people=150)
    learn, strength = choose_learner(world.first, world.profile, groups=3, everybody=everybody_shares(world.receipts))
    evidence = receipt_evidence(world.receipts, learn(group_totals(world.first, world.profile, groups=3)))
    assert strength <= 300
    assert (evidence.argmax(1) == world.profile[world.owner]).mean() > 0.8


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="log-ratios"):
        receipt_evidence(csr_matrix((1, 3)), np.zeros((2, 1)))
