import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.decomposition import PCA

from bmyshop_profiles.typology.model.space import fit_space, item_classes, place
from bmyshop_profiles_tests.worlds import make_world


def dense_residuals(counts):
    shares = (counts.sum(0) + 0.5) / (counts.sum(0) + 0.5).sum()
    expected = counts.sum(1, keepdims=True) * shares
    return np.clip((counts - expected) / np.sqrt(expected + expected**2 / 10 + 0.1), -8, 8)


def test_blocks_give_the_same_as_a_dense_pca():
    counts = np.minimum(make_world(people=60).first.toarray(), 5)
    residuals = dense_residuals(counts)
    expected = PCA(3, svd_solver="full").fit_transform(residuals)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    space = fit_space(csr_matrix(counts), size=3, block_rows=7)
    np.testing.assert_allclose(np.abs(place(csr_matrix(counts), space)), np.abs(expected), atol=1e-4)


def test_places_have_length_one_and_do_not_depend_on_blocks():
    counts = make_world(people=50).first
    one, many = (place(counts, fit_space(counts, size=4, block_rows=rows)) for rows in (1000, 3))
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(one, many, atol=1e-5)


def test_counts_are_capped():
    counts = make_world(people=40).first.tolil()
    counts[0, 0] = 5
    huge = counts.copy()
    huge[0, 0] = 5000
    few, many = (place(csr_matrix(c), fit_space(csr_matrix(c), size=2)) for c in (counts, huge))
    np.testing.assert_allclose(few, many)


def test_the_items_of_most_members_are_kept_when_there_are_too_many():
    counts = csr_matrix(np.array([[1, 0, 1, 9], [1, 1, 1, 0], [1, 0, 0, 0]], dtype=float))
    assert fit_space(counts, size=1, most_items=2).items.tolist() == [0, 2]


@pytest.mark.parametrize(("people", "width"), [(0, 0), (1, 1)])
def test_no_member_and_one_member(people, width):
    counts = make_world(people=4).first[:people]
    assert place(counts, fit_space(counts, size=5)).shape[0] == people


def test_bad_input_is_refused():
    counts = make_world(people=4).first
    with pytest.raises(ValueError, match="at least one coordinate"):
        fit_space(counts, size=0)
    with pytest.raises(ValueError, match="refunds"):
        fit_space(-counts)
    with pytest.raises(ValueError, match="no items"):
        fit_space(counts[:, :0])
    with pytest.raises(ValueError, match="only 3 items"):
        place(counts[:, :3], fit_space(counts))


def test_items_that_the_same_members_buy_are_of_one_class():
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1, 2], 100)
    # twelve items, three kinds of four; members buy those of their kind
    counts = csr_matrix(np.stack([np.bincount(rng.choice(4, 12) + 4 * k, minlength=12) for k in kind]).astype(float))
    found = item_classes(fit_space(counts, size=3), items=12, classes=3).argmax(1)
    assert [len(set(found[4 * k : 4 * k + 4])) for k in range(3)] == [1, 1, 1]
    assert len(set(found)) == 3
    unused = item_classes(fit_space(counts, size=3, most_items=8), items=12, classes=2)
    assert unused.shape == (12, 3)  # those the space leaves out are a class
    assert (item_classes(fit_space(counts[:, :3], size=2), items=3) == np.ones((3, 1))).all()
