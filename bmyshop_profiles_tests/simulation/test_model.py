"""What is planted can be found: biased members, kinds that a receipt betrays a little."""

import duckdb
import numpy as np
import pytest

from bmyshop_profiles.simulation import SimulatedNetwork
from bmyshop_profiles.simulation.drawing import draw_columns, first_of_group
from bmyshop_profiles.simulation.model import KINDS
from bmyshop_profiles.simulation.products import catalogue
from bmyshop_profiles_tests.simulation.reading import key_of, read_lines, truth


def test_members_are_a_biased_sample(wide_network: SimulatedNetwork) -> None:
    rates = dict(truth(wide_network, "shoppers", "select kind, avg((member is not null)::int) from truth group by kind"))
    names = {kind.name: rates[number] for number, kind in enumerate(KINDS, 1)}
    assert names["déjeuner sandwich"] > 2 * names["presse du matin"]
    assert truth(wide_network, "shoppers", "select count(member) from truth where card is not null") == [(0,)]


def test_members_show_the_app_on_most_visits(wide_network: SimulatedNetwork) -> None:
    with duckdb.connect() as con:
        for table in ("receipts", "shoppers"):
            con.read_parquet(str(wide_network.directory / "truth" / f"{table}.parquet")).create_view(table)
        shown, anonymous = con.sql(
            "select avg(is_identified::int) filter (member is not null), sum(is_identified::int) filter (member is null) "
            "from receipts join shoppers using (shopper)"
        ).fetchall()[0]
    assert 0.6 < shown < 0.72
    assert anonymous == 0


def test_one_receipt_says_something_about_its_shopper_but_not_all(wide_network: SimulatedNetwork) -> None:
    """Naive Bayes on items, learnt from other people, beats the commonest kind and stays far from certainty."""
    receipts = dict(truth(wide_network, "receipts", "select receipt_key, shopper from truth"))
    kinds = dict(truth(wide_network, "shoppers", "select shopper, kind from truth"))
    damaged = {(file, line) for file, line, _ in truth(wide_network, "defects")}
    position = {product.ean: number for number, product in enumerate(catalogue())}
    baskets: dict[str, list[int]] = {}
    for file, number, source, row in read_lines(wide_network):
        if (file, number) not in damaged:
            baskets.setdefault(key_of(source, row), []).append(position[row["ean" if source == "caisse_a" else "Code article"]])
    counts, prior = np.ones((len(KINDS), len(position))), np.ones(len(KINDS))
    for key, basket in baskets.items():
        if receipts[key] % 2 == 0:
            np.add.at(counts[kinds[receipts[key]] - 1], basket, 1)
            prior[kinds[receipts[key]] - 1] += 1
    shares = np.log(counts / counts.sum(axis=1, keepdims=True))
    test = [key for key in baskets if receipts[key] % 2]
    score = np.array([np.log(prior) + shares[:, baskets[key]].sum(axis=1) for key in test])
    actual = np.array([kinds[receipts[key]] - 1 for key in test])
    accuracy = (score.argmax(axis=1) == actual).mean()
    commonest = (actual == prior.argmax()).mean()
    assert commonest + 0.1 < accuracy
    assert 0.35 < accuracy < 0.62


def test_draw_columns_follows_the_weights() -> None:
    rng = np.random.default_rng(0)
    drawn = draw_columns(rng, np.array([[0.0, 1.0, 3.0, 0.0], [1.0, 0.0, 0.0, 0.0]]), np.repeat([0, 1], 20_000))
    assert set(drawn[20_000:]) == {0}
    shares = np.bincount(drawn[:20_000], minlength=4) / 20_000
    assert shares == pytest.approx([0.0, 0.25, 0.75, 0.0], abs=0.02)


def test_first_of_group() -> None:
    assert first_of_group(np.array([4, 4, 7, 9, 9, 9])).tolist() == [0, 0, 2, 3, 3, 3]
    assert first_of_group(np.array([], dtype=np.int64)).tolist() == []
