"""The Bayes posterior is that of the generator: calibrated, exact where it says so, and the same by Monte Carlo."""

import math
from itertools import product

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

from benchmarks.simulation.posterior import Oracle, Receipt
from bmyshop_profiles.simulation import SimulatedNetwork


@pytest.fixture(scope="module")
def oracle(wide_network: SimulatedNetwork) -> Oracle:
    return Oracle(wide_network.directory / "truth")


@pytest.fixture(scope="module")
def receipts(wide_network: SimulatedNetwork) -> pd.DataFrame:
    """shop, sold_at, eans, persona, sex, shopper of the receipts of those who have a persona."""
    directory = wide_network.directory
    with duckdb.connect() as con:
        return con.execute(
            "select receipt_key, lines.shop, truth.sold_at, list(ean order by number) as eans, any_value(truth.persona) as persona, "
            "sex, shopper "
            "from (select concat_ws('/', shop, sold_at[:10], till, ticket) as receipt_key, shop, ean, row_number() over () as number "
            f"from read_csv('{directory}/raw/caisse_a/*.csv', all_varchar = true, parallel = false)) as lines "
            f"inner join '{directory}/truth/receipts/*.parquet' as truth using (receipt_key) "
            f"inner join '{directory}/truth/shoppers/*.parquet' as people using (shopper) "
            "where truth.persona is not null group by all order by receipt_key"
        ).df()


def as_receipt(row: object) -> Receipt:
    return Receipt(row.shop, np.datetime64(row.sold_at), tuple(row.eans))  # type: ignore[attr-defined]


@pytest.mark.slow
def test_one_receipt_of_the_default_network_is_as_hard_as_a_real_one(oracle: Oracle, receipts: pd.DataFrame) -> None:
    drawn = receipts.sample(1500, random_state=0)
    found = np.array([oracle.posterior([as_receipt(row)]).persona[1:] for row in drawn.itertuples()])
    found /= found.sum(axis=1, keepdims=True)
    right = found.argmax(axis=1) == drawn.persona.to_numpy(dtype=int) - 1
    assert 0.35 < right.mean() < 0.55
    assert found.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.04)  # calibrated: it is the generator's own
    loss = -np.log(found[np.arange(len(found)), drawn.persona.to_numpy(dtype=int) - 1]).mean()
    share = drawn.persona.value_counts(normalize=True)
    assert loss < -(share * np.log(share)).sum() - 0.2


@pytest.mark.slow
def test_several_receipts_of_a_person_say_more(oracle: Oracle, receipts: pd.DataFrame) -> None:
    by_person = [part for _, part in receipts.groupby("shopper") if len(part) >= 8][:120]
    score = {1: 0.0, 8: 0.0}
    for part in by_person:
        for count in score:
            found = oracle.posterior([as_receipt(row) for row in part.head(count).itertuples()], draws=200)
            score[count] += math.log(found.persona[int(part.persona.iloc[0])])
    assert score[8] > score[1] + 20


def test_the_exact_sum_is_that_over_all_subsets_and_missions(oracle: Oracle, receipts: pd.DataFrame) -> None:
    """Brute force over the mission and over which lines are of the own taste, against the polynomial."""
    row = next(row for row in receipts.itertuples() if len(row.eans) == 4)
    receipt = as_receipt(row)
    kind = int(oracle._shops.loc[receipt.shop, "type"])
    families, others, owns, chances = oracle._weights(receipt)
    assert np.ptp(others, axis=0).max() > 0.1  # missions differ
    bases = oracle.local_bases(int(oracle._shops.loc[receipt.shop, "area"]))[3]  # of one quarter of twenty
    alpha = oracle.model.concentrations[:, None] * bases * oracle.model.assortments[kind]
    total = np.zeros(len(alpha))
    for mission, chosen in product(range(len(others)), product([False, True], repeat=4)):
        weight = np.repeat(chances[:, mission], len(alpha) // len(chances))
        counts: dict[int, int] = {}
        for line, own in enumerate(chosen):
            if not own:
                weight *= others[mission, line]
                continue
            seen = sum(counts.values())
            weight *= owns[line] * (alpha[:, families[line]] + counts.get(families[line], 0)) / (alpha.sum(axis=1) + seen)
            counts[families[line]] = counts.get(families[line], 0) + 1
        total += weight
    assert oracle._exact_families([receipt], kind).reshape(20, -1)[3] == pytest.approx(np.log(total))


@pytest.mark.slow
def test_monte_carlo_agrees_with_the_exact_sum_and_tells_its_error(oracle: Oracle, receipts: pd.DataFrame) -> None:
    receipt = as_receipt(next(row for row in receipts.itertuples() if len(row.eans) == 3))
    exact = oracle.posterior([receipt])
    kind = int(oracle._shops.loc[receipt.shop, "type"])
    assert _sampled(oracle, [receipt], 4000) == pytest.approx(_summed(oracle, [receipt], kind), abs=0.03)
    assert exact.error == 0
    other = next(row for row in receipts.itertuples() if oracle._shops.loc[row.shop, "type"] != kind)
    assert 0 < oracle.posterior([receipt, as_receipt(other)]).error < 0.05


@pytest.mark.slow
def test_a_long_history_in_one_type_of_shop_has_a_posterior(oracle: Oracle, receipts: pd.DataFrame) -> None:
    one = as_receipt(next(row for row in receipts.itertuples() if len(row.eans) == 1))
    many = as_receipt(next(row for row in receipts.itertuples() if len(row.eans) == 3 and row.shop == one.shop))
    for singles, several in ((20, 0), (74, 2), (78, 2), (75, 2), (2, 3), (0, 40)):  # exact up to 80 lines and two receipts of several
        found = oracle.posterior([one] * singles + [many] * several, draws=2000)
        assert found.persona.sum() == pytest.approx(1)
        assert (found.error == 0) == (several <= 2 and singles + 3 * several <= 80)
    drawn, history = receipts.sample(400, random_state=1), []
    for row in drawn[drawn["shop"] == one.shop].itertuples():  # a plausible person: not one article, time after time
        history.append(as_receipt(row))
    history = [each for each in history if len(each.eans) == 1][:8] + [many] * 2
    kind = int(oracle._shops.loc[one.shop, "type"])
    assert _sampled(oracle, history, 20_000) == pytest.approx(_summed(oracle, history, kind), abs=0.25)


def _summed(oracle: Oracle, receipts: list[Receipt], kind: int) -> np.ndarray:
    """Exact log-likelihood of the families by group, quarters being as likely as each other."""
    return logsumexp(oracle._exact_families(receipts, kind).reshape(20, -1), axis=0) - np.log(20)


def _sampled(oracle: Oracle, receipts: list[Receipt], draws: int) -> np.ndarray:
    even = np.full((20, len(oracle.model.bases)), 1 / 20)
    return np.asarray(logsumexp(oracle._sampled_families(receipts, even, 0, draws, 0), axis=0))


def test_the_mix_behind_a_shop_is_that_of_its_visits(wide_network: SimulatedNetwork, oracle: Oracle) -> None:
    with duckdb.connect() as con:
        seen = con.execute(
            f"select shop, coalesce(persona, 0), count(*) from '{wide_network.directory}/truth/receipts/*.parquet' group by all"
        ).fetchall()
    visits = np.zeros((len(oracle._shops), len(oracle.model.shares)))
    for shop, persona, count in seen:
        visits[oracle._shops.index.get_loc(shop), persona] = count
    expected = oracle.shop_mixes("2025-01").reshape(len(visits), -1, 12).sum(axis=2)
    busy = visits.sum(axis=1) > 500
    off = np.abs(visits / visits.sum(1, keepdims=True) - expected / expected.sum(1, keepdims=True)).max(axis=1)
    assert busy.sum() > 10 and off[busy].max() < 0.06
