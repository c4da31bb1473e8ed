import numpy as np
import pytest
from scipy.sparse import csr_matrix

from benchmarks.helpers.assignment import assign
from bmyshop_profiles.statistics.likelihood import ATYPICAL, TOO_FEW_RECEIPTS


def test_three_states_are_kept_apart():
    ratios = np.array([[0.5, -1.0], [-1.0, 0.5], [-1.0, -1.0]])
    counts = csr_matrix(np.array([[3, 0, 0], [0, 3, 0], [0, 0, 3], [0, 0, 0], [9, 0, 0]], dtype=float))
    labels = assign(counts, ratios, receipts=np.array([2, 2, 2, 2, 1]), least_receipts=2)
    assert labels.tolist() == [0, 1, ATYPICAL, TOO_FEW_RECEIPTS, TOO_FEW_RECEIPTS]


def test_bad_input_is_refused():
    counts = csr_matrix(np.eye(3))
    with pytest.raises(ValueError, match="items"):
        assign(counts, np.zeros((2, 1)))
    with pytest.raises(ValueError, match="finite"):
        assign(counts, np.full((3, 1), np.inf))
