"""The small-area model on planted shops, shops that are alike, and odd cells."""

from dataclasses import replace

import numpy as np
import pytest

from bmyshop_profiles.audience.small_area import Cells, _Covariance, fit_small_area, predict, sampling_noise

GROUPS = np.array([0.5, 0.3, 0.2])


def planted(
    *, shops: int = 40, dayparts: int = 4, differ: float = 30.0, people: int = 12, told: float = 0.3, seed: int = 0
) -> tuple[Cells, np.ndarray]:
    """Cells whose mixes lie around the network's with a concentration `differ`, of `people` members each; a cell's contrast is `told` times
    what it differs by. Also the true mixes."""
    rng = np.random.default_rng(seed)
    store, daypart = np.repeat(np.arange(shops), dayparts), np.tile(np.arange(dayparts), shops)
    rhythm = rng.dirichlet(GROUPS * 60, dayparts)
    mixes = np.array([rng.dirichlet(mix * differ) for mix in rhythm[daypart]]) if np.isfinite(differ) else rhythm[daypart]
    visits = np.array([rng.multinomial(people, mix) for mix in mixes]).astype(float)
    noise = np.full(len(store), 1e-5)
    means = GROUPS + told * (mixes - rhythm[daypart]) + rng.normal(0, np.sqrt(noise / 3)[:, None], mixes.shape)
    size = np.full(len(store), 1000.0)
    return Cells(store, daypart, means, visits, np.full(len(store), float(people)), size, size, noise, 0 * noise), mixes


def test_planted_mixes_are_told_and_intervals_hold() -> None:
    cells, true = planted()
    model = fit_small_area(cells)
    assert model.slope == pytest.approx(1 / 0.3, rel=0.15)
    assert 0 < model.served_slope < model.slope
    found = predict(model, draws=200)
    base = ((cells.members_mix - true) ** 2).mean()
    assert ((found.mix - true) ** 2).mean() < 0.3 * base
    assert ((found.mix - true) ** 2).mean() < ((cells.direct - true) ** 2).mean()
    low, high = np.quantile(found.draws, [0.05, 0.95], axis=0)
    assert 0.8 < ((low <= true) & (true <= high)).mean() <= 1
    assert np.allclose(found.mix.sum(1), 1)
    assert (found.mix > 0).all()


def test_baskets_that_say_nothing_have_no_slope_and_members_are_shrunk() -> None:
    cells, true = planted(told=0.0)
    model = fit_small_area(cells)
    assert model.served_slope == 0
    found = predict(model, draws=20)
    assert ((found.mix - true) ** 2).mean() < 0.8 * ((cells.direct - true) ** 2).mean()
    assert ((found.mix - true) ** 2).mean() < ((cells.members_mix - true) ** 2).mean()


@pytest.mark.parametrize("seed", range(3))
def test_shops_that_are_alike_are_said_to_be_alike(seed: int) -> None:
    cells, true = planted(differ=np.inf, seed=seed)
    found = predict(fit_small_area(cells), draws=200, seed=seed)
    assert ((found.mix - true) ** 2).mean() < 0.1 * ((cells.direct - true) ** 2).mean()
    low, high = np.quantile(found.draws, [0.05, 0.95], axis=0)
    assert ((low <= true) & (true <= high)).mean() > 0.85


def test_a_cell_without_members_is_told_by_its_shop_daypart_and_baskets() -> None:
    cells, true = planted()
    gone = np.arange(len(true)) % 4 == 1
    without = replace(cells, visits=np.where(gone[:, None], 0, cells.visits), people=np.where(gone, 0, cells.people))
    found = predict(fit_small_area(without), draws=50)
    assert ((found.mix - true)[gone] ** 2).mean() < 0.6 * ((cells.members_mix - true)[gone] ** 2).mean()
    night = replace(without, daypart=np.where(gone, 4, without.daypart))  # nobody was ever seen then
    assert np.isfinite(predict(fit_small_area(night), draws=5).mix).all()


def test_a_contrast_of_few_receipts_is_not_believed() -> None:
    cells, _ = planted()
    noisy = replace(cells, noise=np.where(np.arange(len(cells.noise)) == 0, 10.0, cells.noise))
    assert np.abs(noisy.contrasts[0]).max() < 0.01 * np.abs(cells.contrasts[0]).max()
    assert noisy.contrasts[1:] == pytest.approx(cells.contrasts[1:], rel=0.1, abs=1e-3)


def test_the_covariance_is_that_of_shops_and_cells() -> None:
    cells, _ = planted(shops=5, dayparts=3)
    cells = replace(cells, people=np.where(np.arange(15) == 4, 0, np.arange(15) + 1.0))
    covariance = _Covariance(cells, 0.3, 0.2)
    store = cells.store[cells.people > 0]
    dense = 0.3 * (store[:, None] == store) + np.diag(1 / cells.people[cells.people > 0] + 0.2)
    values = np.random.default_rng(0).normal(size=(14, 2))
    np.testing.assert_allclose(covariance.solve(values), np.linalg.solve(dense, values))
    assert covariance.log_determinant == pytest.approx(np.linalg.slogdet(dense)[1])


def test_the_same_seed_gives_the_same_draws() -> None:
    model = fit_small_area(planted(shops=6)[0])
    np.testing.assert_array_equal(predict(model, draws=3, seed=1).draws, predict(model, draws=3, seed=1).draws)
    assert (predict(model, draws=3, seed=1).draws != predict(model, draws=3, seed=2).draws).any()


def test_without_members_there_is_no_model() -> None:
    cells, _ = planted(shops=3)
    with pytest.raises(ValueError, match="needs members' visits"):
        fit_small_area(replace(cells, people=0 * cells.people))


def test_chance_counts_people_and_their_receipts() -> None:
    rng = np.random.default_rng(0)
    own = rng.dirichlet(np.ones(3), 400)
    member = np.repeat(np.arange(400), 5)
    posterior = 0.5 * own[member] + 0.5 * rng.dirichlet(np.ones(3), 2000)
    means = [posterior[rng.choice(400, 20, replace=False)[:, None] * 5 + np.arange(5)].reshape(-1, 3).mean(0) for _ in range(2000)]
    seen = ((np.array(means) - posterior.mean(0)) ** 2).sum(1).mean()
    expected = sampling_noise(posterior, member, receipts=np.array([100.0]), people=np.array([20.0]))[0]
    assert expected == pytest.approx(seen, rel=0.15)
