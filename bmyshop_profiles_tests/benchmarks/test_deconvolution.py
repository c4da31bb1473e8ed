import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.audience.deconvolution import Response, audience_table, deconvolve, fit_response, network_mix_of

PRIOR = np.array([0.5, 0.3, 0.2])
CENTRES = np.array([[0.6, 0.25, 0.15], [0.4, 0.45, 0.15], [0.4, 0.2, 0.4]])


def posteriors(rng, profile, *, each):
    """Posteriors of `each` receipts of people: around the centre of the profile, with a share of their own and noise per receipt."""
    own = rng.dirichlet(np.full(3, 8), len(profile))
    mean = np.repeat(0.7 * CENTRES[profile] + 0.3 * own, each, axis=0)
    return 0.7 * mean + 0.3 * np.array([rng.dirichlet(4 * m) for m in mean])


@pytest.fixture(scope="module")
def response():
    rng = np.random.default_rng(0)
    profile = rng.choice(3, 900, p=PRIOR)
    return fit_response(posteriors(rng, profile, each=4), np.repeat(profile, 4), np.repeat(np.arange(900), 4))


def shops(rng, *, people, each):
    mixes = rng.dirichlet(PRIOR * 10, len(people))
    truth, means = [], []
    for n, r, mix in zip(people, each, mixes, strict=True):
        drawn = rng.choice(3, n, p=mix)
        truth.append(np.bincount(drawn, minlength=3) / n)
        means.append(posteriors(rng, drawn, each=r).mean(0))
    return np.array(truth), np.array(means)


def test_the_response_by_hand():
    posterior = np.array([[0.8, 0.2], [0.6, 0.4], [0.9, 0.1], [0.1, 0.9]])
    label, member = np.array([0, 0, 0, 1]), np.array([4, 4, 4, 7])
    by_receipts = fit_response(posterior, label, member)
    np.testing.assert_allclose(by_receipts.matrix, [[2.3 / 3, 0.1], [0.7 / 3, 0.9]])
    np.testing.assert_allclose(by_receipts.network_mix, [0.75, 0.25], atol=1e-3)
    by_people = fit_response(posterior, label, member, weighting="people")
    np.testing.assert_allclose(by_people.network_mix, [0.5, 0.5], atol=1e-3)
    assert by_people.members.tolist() == [1, 1]


def test_receipts_weigh_as_receipts_in_the_matrix():
    posterior = np.array([[1.0, 0.0]] * 9 + [[0.0, 1.0]])
    member = np.array([0] * 9 + [1])
    assert fit_response(posterior, np.zeros(10, dtype=int), member).matrix[0, 0] == pytest.approx(0.9)
    assert fit_response(posterior, np.zeros(10, dtype=int), member, weighting="people").matrix[0, 0] == pytest.approx(0.5)


def test_shops_of_different_size_at_once(response):
    rng = np.random.default_rng(1)
    people, each = rng.choice([30, 100, 400], 300), rng.choice([1, 3], 300)
    truth, means = shops(rng, people=people, each=each)
    found = deconvolve(means, response=response, receipts=people * each, people=people)
    error = {n: ((found.mix - truth)[people == n] ** 2).mean() for n in (30, 400)}
    base = ((response.network_mix - truth) ** 2).mean()
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    assert 1 - error[400] / base > 0.8
    assert error[400] < error[30] < base
    assert 0.85 <= covered <= 0.97
    assert 5 <= found.concentration <= 25
    width = found.high - found.low
    assert width[people == 400].mean() < width[people == 30].mean()


def test_shops_without_a_mix_of_their_own_are_shrunk_to_the_network(response):
    rng = np.random.default_rng(2)
    means = np.array([posteriors(rng, rng.choice(3, 100, p=PRIOR), each=1).mean(0) for _ in range(200)])
    found = deconvolve(means, response=response, receipts=np.full(200, 100), people=np.full(200, 100))
    affinity = audience_table(
        found,
        cells=list(range(200)),
        groups=list("abc"),
        network_mix=response.network_mix,
        receipts=np.full(200, 100),
        people=np.full(200, 100),
    )
    assert ((affinity.affinity_low <= 100) & (affinity.affinity_high >= 100)).mean() >= 0.85
    assert found.concentration >= 50


def test_many_people_and_a_clear_response_give_the_truth_back():
    sharp = Response(0.9 * np.eye(3) + 0.1 / 3, np.eye(3) * 1e-3, np.eye(3) * 1e-3, np.zeros((3, 3)), PRIOR, np.full(3, 1000))
    truth = np.array([[0.1, 0.2, 0.7], [0.4, 0.4, 0.2]])
    found = deconvolve(truth @ sharp.matrix.T, response=sharp, receipts=np.full(2, 1e6), people=np.full(2, 1e6))
    np.testing.assert_allclose(found.mix, truth, atol=0.01)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 40))
def test_mixes_are_shares_inside_their_intervals(seed, cells, people):
    rng = np.random.default_rng(seed)
    given_response = Response(CENTRES.T, np.eye(3) * 0.02, np.eye(3) * 0.01, np.eye(3) * 1e-4, PRIOR, np.full(3, 50))
    found = deconvolve(
        rng.dirichlet(np.ones(3), cells), response=given_response, receipts=np.full(cells, 40), people=np.full(cells, people)
    )
    np.testing.assert_allclose(found.mix.sum(1), 1)
    assert (found.low >= 0).all() and (found.low <= found.mix).all() and (found.mix <= found.high).all() and (found.high <= 1).all()


def test_small_cells_are_suppressed_and_weigh_in_nothing(response):
    means = np.array([[0.9, 0.05, 0.05], [0.5, 0.3, 0.2], [np.nan] * 3])
    found = deconvolve(means, response=response, receipts=np.array([19, 20, 0]), people=np.array([19, 20, 0]))
    alone = deconvolve(means[1:2], response=response, receipts=np.array([20]), people=np.array([20]))
    assert found.is_published.tolist() == [False, True, False]
    assert np.isnan(found.mix[[0, 2]]).all() and np.isnan(found.high[[0, 2]]).all()
    np.testing.assert_allclose(found.mix[1], alone.mix[0])
    table = audience_table(
        found,
        cells=["x", "y", "z"],
        groups=list("abc"),
        network_mix=response.network_mix,
        receipts=np.array([19, 20, 0]),
        people=np.array([19, 20, 0]),
    )
    assert table.affinity_index.isna().sum() == 6
    published = table[table.is_published]
    np.testing.assert_allclose(published.affinity_index, 100 * published.mix_share / response.network_mix)


def test_no_cell_at_all(response):
    found = deconvolve(np.zeros((0, 3)), response=response, receipts=np.zeros(0), people=np.zeros(0))
    assert found.mix.shape == (0, 3)


def test_the_network_of_the_anonymous_may_differ_from_the_members(response):
    rng = np.random.default_rng(4)
    profile = rng.choice(3, 4000, p=[0.2, 0.3, 0.5])
    mix, covariance = network_mix_of(posteriors(rng, profile, each=1).mean(0), response=response, receipts=4000, people=4000)
    np.testing.assert_allclose(mix, [0.2, 0.3, 0.5], atol=0.06)
    assert (np.abs(mix - [0.2, 0.3, 0.5]) < 3 * np.sqrt(np.diag(covariance))).all()
    np.testing.assert_allclose(covariance.sum(0), 0, atol=1e-12)  # shares add up, whatever is unknown


def test_what_is_unknown_of_the_prior_mix_widens_the_intervals_of_small_cells_most(response):
    means, people = np.tile(response.matrix @ PRIOR, (2, 1)), np.array([20, 20_000])
    doubt = 0.01 * (np.diag(PRIOR) - np.outer(PRIOR, PRIOR))
    known, doubted = (
        deconvolve(means, response=response, receipts=people, people=people, mix_doubt=d, concentration=10.0) for d in (None, doubt)
    )
    np.testing.assert_allclose(doubted.mix, known.mix)
    wider = ((doubted.high - doubted.low) - (known.high - known.low)).mean(1)
    assert wider[0] > wider[1] > 0


def test_bad_input_is_refused(response):
    mean = np.full((1, 3), 1 / 3)
    with pytest.raises(ValueError, match="more people than receipts"):
        deconvolve(mean, response=response, receipts=np.array([30]), people=np.array([31]))
    with pytest.raises(ValueError, match="do not fit"):
        deconvolve(mean[:, :2], response=response, receipts=np.array([30]), people=np.array([30]))
    with pytest.raises(ValueError, match="not finite"):
        deconvolve(mean * np.nan, response=response, receipts=np.array([30]), people=np.array([30]))
    with pytest.raises(ValueError, match="there are none"):
        fit_response(np.zeros((0, 3)), np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    with pytest.raises(ValueError, match="different labels"):
        fit_response(np.full((2, 3), 1 / 3), np.array([0, 1]), np.array([5, 5]))
