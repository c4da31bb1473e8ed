"""Missions that were planted are found; where there are none, none is worth anything."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.metrics import adjusted_rand_score

from bmyshop_profiles.missions.model import LEAST_SHARE, Missions, find_missions, merged, mixture
from bmyshop_profiles.missions.worth import gain_per_article, gain_within, halves_within
from bmyshop_profiles_tests.missions.worlds import ARTICLES, planted


@pytest.fixture(scope="module")
def found() -> Missions:
    missions, reason = find_missions(planted()[0])
    assert missions is not None and reason == ""
    return missions


@pytest.mark.slow
def test_planted_missions_are_found_on_other_receipts(found: Missions) -> None:
    baskets, mission = planted(seed=1)
    label = found.likeliest(baskets)
    assert adjusted_rand_score(mission[label >= 0], label[label >= 0]) > 0.85
    assert (label < 0).mean() < 0.08
    assert gain_per_article(found, baskets).low > 0.5


@pytest.mark.slow
def test_missions_are_shares_by_falling_size(found: Missions) -> None:
    baskets, _ = planted()
    shares = np.bincount(found.likeliest(baskets) + 1, minlength=len(found.sizes) + 1)[1:] / baskets.shape[0]
    assert 2 <= len(found.sizes) <= 15 and shares.min() >= LEAST_SHARE
    assert (np.diff(shares) <= 0).all()
    assert found.shares.sum(1) == pytest.approx(1) and found.sizes.sum() == pytest.approx(1)
    assert found.posterior(baskets).sum(1) == pytest.approx(1)


@pytest.mark.slow
def test_the_order_of_receipts_changes_nothing(found: Missions) -> None:
    order = np.random.default_rng(5).permutation(3000)
    again, _ = find_missions(planted()[0][order])
    assert again is not None and again.shares == pytest.approx(found.shares)


@pytest.mark.slow
def test_articles_that_know_nothing_of_each_other_say_nothing() -> None:
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(4000), 3)
    columns = np.concatenate([rng.choice(ARTICLES, 3, replace=False) for _ in range(4000)])
    baskets = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(4000, ARTICLES))
    missions, _ = find_missions(baskets[:2000])
    assert missions is None or gain_per_article(missions, baskets[2000:]).value < 0.01


def test_too_few_baskets_have_no_missions() -> None:
    alike = csr_matrix(np.tile([1.0, 1.0, 0.0], (500, 1)))
    missions, reason = find_missions(alike)
    assert missions is None and "1 distinct baskets are fewer" in reason


def test_missions_too_small_go() -> None:
    baskets, mission = planted(missions=3)
    start = Missions(np.full((4, ARTICLES), 1 / ARTICLES), np.full(4, 0.25), np.full(ARTICLES, 1 / ARTICLES))
    for group in range(3):  # the fourth begins as everybody, and wins few receipts
        start.shares[group] = (np.asarray(baskets[mission == group].sum(0)).ravel() + 1) / (baskets[mission == group].sum() + ARTICLES)
    kept = mixture(baskets, np.ones(3000), start, least_share=0.15)
    label = kept.likeliest(baskets)
    assert len(kept.sizes) <= 3
    assert np.bincount(label[label >= 0]).min() / 3000 >= 0.15


def test_merging_joins_what_is_alike() -> None:
    counts = csr_matrix(np.array([[30.0, 0, 0], [28, 0, 1], [0, 30, 0], [0, 0, 40]]))
    assert merged(counts, np.arange(4), to=3).tolist() == [0, 0, 1, 2]
    assert merged(counts, np.arange(4), to=9).tolist() == [0, 1, 2, 3]


def test_halves_share_no_article_and_make_the_receipt() -> None:
    baskets, _ = planted(200)
    told, scored = halves_within(baskets, seed=3)
    assert (told + scored != baskets).nnz == 0
    assert told.multiply(scored).nnz == 0
    sizes = np.asarray(baskets.sum(1)).ravel()
    assert (np.asarray(told.sum(1)).ravel() == np.ceil(sizes / 2)).all()


def test_the_gain_is_without_replacement() -> None:
    missions = Missions(np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6]]), np.array([0.5, 0.5]), np.array([0.4, 0.25, 0.35]))
    told, scored = csr_matrix([[1.0, 0, 0]]), csr_matrix([[0.0, 1, 0]])
    gain, count = gain_within(missions, told, scored)
    posterior = np.array([0.6, 0.2]) / 0.8  # of the first article, sizes alike
    mixed = posterior @ missions.shares
    assert gain[0] == pytest.approx(np.log(mixed[1] / (1 - mixed[0])) - np.log(0.25 / 0.6))
    assert count.tolist() == [1]


def test_a_mission_that_is_everybody_s_says_nothing() -> None:
    baskets, _ = planted(300)
    everybody = np.full(ARTICLES, 1 / ARTICLES)
    assert gain_per_article(Missions(everybody[None], np.ones(1), everybody), baskets).value == pytest.approx(0)
