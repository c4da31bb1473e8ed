"""Clusters that were planted are called natural, pieces of a continuum are not; the model shows what people show."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.worth.natural import LEAST_DRAWS, Natural, fit_continuum, natural

ITEMS, PURCHASES = 40, 25


def two_halves(ratios: np.ndarray, seed: int) -> tuple[Behaviour, Behaviour]:
    rng = np.random.default_rng(seed)
    shares = ratios / ratios.sum(1, keepdims=True)
    first, second = (behaviour(csr_matrix(rng.multinomial(PURCHASES, shares), dtype=float)) for _ in range(2))
    return first, second


def clusters(people: int = 240, kinds: int = 4) -> tuple[Behaviour, Behaviour]:
    """Everybody is of one kind, which makes its own items four times as likely."""
    kind = np.arange(people) % kinds
    ratios = np.where(np.arange(ITEMS) * kinds // ITEMS == kind[:, None], 4.0, 1.0)
    return two_halves(ratios, seed=1)


def a_continuum(people: int = 240, directions: int = 3) -> tuple[Behaviour, Behaviour]:
    rng = np.random.default_rng(2)
    return two_halves(np.exp(rng.normal(size=(people, directions)) @ rng.normal(0, 0.4, (directions, ITEMS))), seed=3)


def small() -> Typology:
    return Typology(most_profiles=6)


@pytest.mark.slow
def test_planted_clusters_are_natural() -> None:
    found = natural(*clusters(), typology=small, draws=LEAST_DRAWS)
    assert found.verdict == "natural"
    assert found.below == 1
    assert found.gain > 1.25 * found.null.max()


@pytest.mark.slow
def test_a_normal_continuum_is_not() -> None:
    found = natural(*a_continuum(), typology=small, draws=LEAST_DRAWS)
    assert found.verdict == "not_shown"
    assert found.gain == pytest.approx(found.null.mean(), rel=0.25)  # the model is right: neither too poor nor too rich


@pytest.mark.parametrize("people", [clusters, a_continuum])
def test_people_drawn_show_what_the_real_ones_show(people) -> None:
    first, second = people()
    drawn = fit_continuum(first, second).draw(5)
    for real, made in zip((first, second), drawn, strict=True):
        assert made.sizes.sum() == pytest.approx(real.sizes.sum(), rel=0.02)  # nobody draws more of one item than anybody bought
        np.testing.assert_allclose(made.items.toarray().sum(0), real.items.toarray().sum(0), rtol=0.5)

    def common(one: Behaviour, two: Behaviour) -> float:
        parts = [half.items.toarray() - half.items.toarray().mean(0) for half in (one, two)]
        return float((parts[0] * parts[1]).mean())

    assert common(*drawn) == pytest.approx(common(first, second), rel=0.2)


def test_people_stay_in_their_shops() -> None:
    """Two shops that sell nothing in common, and no taste: whoever goes to one buys only what is sold there."""
    rng = np.random.default_rng(0)
    shop = np.arange(200) % 2
    bought = [np.zeros((200, 10)), np.zeros((200, 10))]
    for half in bought:
        for person in range(200):
            half[person, 5 * shop[person] : 5 * shop[person] + 5] = rng.multinomial(20, np.full(5, 0.2))
    visits = csr_matrix(np.eye(2)[shop])
    halves = [behaviour(csr_matrix(half), visits=visits) for half in bought]
    sold = csr_matrix(np.eye(2)[shop].T @ bought[0])
    drawn = fit_continuum(*halves, store_items=sold).draw(1)[0].items.toarray()
    elsewhere = drawn[np.arange(200)[:, None], 5 * (1 - shop[:, None]) + np.arange(5)]
    assert elsewhere.sum() < 0.01 * drawn.sum()


def test_the_same_seed_gives_the_same_people() -> None:
    first, second = a_continuum(people=100)
    model = fit_continuum(first, second, seed=4)
    assert (model.draw(1)[0].items != fit_continuum(first, second, seed=4).draw(1)[0].items).nnz == 0
    assert (model.draw(1)[0].items != model.draw(2)[0].items).nnz > 0


def test_few_draws_say_nothing() -> None:
    assert Natural(1.0, np.zeros(LEAST_DRAWS - 1), 10, 1).verdict == "not_enough_draws"
    assert Natural(1.0, np.zeros(LEAST_DRAWS), 10, 1).verdict == "natural"
    assert Natural(1.0, np.r_[np.zeros(LEAST_DRAWS - 1), 2.0], 10, 1).verdict == "not_shown"
    assert Natural(1.0, np.full(LEAST_DRAWS, 0.9), 10, 1).verdict == "not_shown"  # certain, but little
    assert natural(*clusters(40), typology=small, draws=0).verdict == "not_enough_draws"


@pytest.mark.parametrize(
    "counts", [np.zeros((0, 3)), np.ones((1, 3)), np.ones((40, 1)), np.tile([3.0, 1.0], (60, 1)), np.zeros((30, 4))], ids=str
)
def test_small_and_odd_inputs_are_not_natural(counts: np.ndarray) -> None:
    half = behaviour(csr_matrix(counts))
    assert natural(half, half, typology=small, draws=LEAST_DRAWS).verdict == "not_shown"
