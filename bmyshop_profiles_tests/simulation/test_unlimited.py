"""Endless receipts are of the network's own people and their tastes, and say more than the receipts that were seen."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.simulation import Event, Parameters, SimulatedNetwork, simulate
from bmyshop_profiles.simulation.model import Model
from bmyshop_profiles.simulation.parameters import parameters_of
from bmyshop_profiles.simulation.personas import PERSONAS
from bmyshop_profiles.simulation.places import draw_places, zones
from bmyshop_profiles.simulation.products import FAMILIES
from bmyshop_profiles.simulation.tastes import own_tastes
from bmyshop_profiles.simulation.unlimited import write_unlimited


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> SimulatedNetwork:
    """Everybody of the first persona becomes a player in February."""
    parameters = Parameters(events=(Event("2025-02", PERSONAS[0].name, PERSONAS[2].name, 1.0),), mission_share=0.0, common_share=0.0)
    return simulate(
        tmp_path_factory.mktemp("endless"), stores=6, members=60, anonymous_shoppers=300, months=2, lines=6000, parameters=parameters
    )


@pytest.fixture(scope="module")
def counts(network: SimulatedNetwork) -> pd.DataFrame:
    return pd.read_parquet(write_unlimited(network.directory / "truth"))


def test_parameters_survive_the_file(network: SimulatedNetwork) -> None:
    told = json.loads((network.directory / "truth" / "parameters.json").read_text(encoding="utf-8"))
    assert parameters_of(told["parameters"]).events == (Event("2025-02", PERSONAS[0].name, PERSONAS[2].name, 1.0),)
    assert parameters_of(told["parameters"]).personas == PERSONAS


def test_everybody_has_many_receipts_however_few_were_seen(network: SimulatedNetwork, counts: pd.DataFrame) -> None:
    first = counts[counts.from_month == "2025-01"]
    visits = first[first.kind == "daypart"].groupby("shopper").amount.sum()
    assert len(visits) == 360 and visits.min() > 60
    seen = pd.read_parquet(network.directory / "truth" / "receipts").groupby("shopper").size()
    assert seen.median() < 20
    for kind in ("store", "lines"):
        assert first[first.kind == kind].groupby("shopper").amount.sum().equals(visits)


def test_what_is_bought_is_the_own_taste(network: SimulatedNetwork, counts: pd.DataFrame) -> None:
    told = json.loads((network.directory / "truth" / "parameters.json").read_text(encoding="utf-8"))
    model = Model(parameters_of(told["parameters"]), 0)
    people = pd.read_parquet(network.directory / "truth" / "shoppers").sort_values("shopper")
    places = draw_places(model, zones(None), 6)
    taste = own_tastes(model, places, 0, "first", people.group.to_numpy(), people.shop_1.to_numpy())
    bought = counts[(counts.kind == "product") & (counts.from_month == "2025-01")]
    family = bought.value_key.map({p.ean: p.family for p in model.products})
    shares = pd.crosstab(bought.shopper, family, bought.amount, aggfunc="sum").reindex(columns=list(FAMILIES)).fillna(0).to_numpy()
    shares = shares / shares.sum(axis=1, keepdims=True)
    everywhere = model.assortments.all(axis=0)  # what every type sells
    own, drawn = (each[:, everywhere] / each[:, everywhere].sum(axis=1, keepdims=True) for each in (taste, shares))
    assert np.corrcoef((own - own.mean(axis=0)).ravel(), (drawn - drawn.mean(axis=0)).ravel())[0, 1] > 0.85


def test_whoever_becomes_another_persona_has_counts_from_then_on(network: SimulatedNetwork, counts: pd.DataFrame) -> None:
    moved = set(pd.read_parquet(network.directory / "truth" / "switches.parquet").shopper)
    later = counts[counts.from_month == "2025-02"]
    assert moved and set(later.shopper) == moved


@pytest.mark.slow
def test_the_same_network_has_the_same_counts(network: SimulatedNetwork, counts: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "parameters.json").write_bytes((network.directory / "truth" / "parameters.json").read_bytes())
    again = pd.read_parquet(write_unlimited(tmp_path, threads=1))
    pd.testing.assert_frame_equal(again, counts)
