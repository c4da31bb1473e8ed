"""Simulated networks as the protocols need them: of the size of the real data that they are held beside.

Belongs here: a network for clienteles (as many people a shop as in The Complete Journey) and one for ages (as many people, receipts and
areas as in Ta-Feng). Does not belong here: the measures themselves (`protocols`, `ages`), bars (`realism`).
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.helpers.real_people import complete_journey
from benchmarks.simulation import ages, protocols
from benchmarks.simulation.posterior import Oracle
from bmyshop_profiles.simulation import Parameters, simulate
from bmyshop_profiles.simulation.model import BAND_STARTS
from bmyshop_profiles.simulation.places import SHOPS_OF_AN_AREA
from bmyshop_profiles.simulation.tastes import own_tastes

DIVISIONS = 3  # into people who make a typology and people who are scored
_CLEAN = Parameters(flavours=("caisse_a",), defects=0.0)
_PEOPLE, _SHOPS, _LINES_OF_A_PERSON = 1200, 40, 110  # about sixty scored people in a shop, sixty receipts each
_LABEL_LINES = 300  # a label's in The Complete Journey
_AREAS, _CUSTOMERS, _LINES = 8, 16_400, 107_000


def simulated_lines(directory: Path) -> pd.DataFrame:
    """Lines of a simulated network of `caisse_a`: receipt, sold, store_type, article, family, person, persona, shop, number."""
    with duckdb.connect() as con:
        return con.execute(
            "select receipt_key as receipt, lines.sold_at as sold, stores.type as store_type, ean as article, lines.family, "
            "truth.shopper as person, persona, lines.shop, number from "
            "(select concat_ws('/', shop, sold_at[:10], till, ticket) as receipt_key, shop, sold_at::timestamp as sold_at, ean, family, "
            "row_number() over () as number "
            f"from read_csv('{directory}/raw/caisse_a/*.csv', all_varchar = true, parallel = false)) as lines "
            f"inner join '{directory}/truth/receipts/*.parquet' as truth using (receipt_key) "
            f"inner join read_csv('{directory}/raw/stores.csv', all_varchar = true) as stores on stores.shop = lines.shop "
            "order by lines.sold_at, receipt_key, number"
        ).df()


def journey_excesses(divisions: int = DIVISIONS) -> list[float]:
    """How much more the stores of The Complete Journey differ than chance has it, in several divisions."""
    lines = complete_journey()
    people, found = pd.Index(sorted(lines.person.unique())), []
    for seed in range(divisions):
        half = lines.receipt.map(protocols.halves_of(lines, seed))
        visits = lines[half == 1].drop_duplicates("receipt")
        table = pd.DataFrame({"store": visits.store, "row": people.get_indexer(visits.person)})
        found.append(protocols.spread_of_places(protocols.counts_by_person(lines[half == 0], people), table, seed=seed).excess)
    return found


def simulated_excesses(seed: int, parameters: Parameters = _CLEAN, people: int = _PEOPLE, divisions: int = DIVISIONS) -> list[float]:
    """The same of simulated shops. Labels come from as many lines a person, drawn as if all shops sold everything: trades differ in what
    they sell, the stores of an American chain do not, and what a shop sells is no clientele."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate(
            directory, seed=seed, stores=_SHOPS, members=people // 2, anonymous_shoppers=people - people // 2, months=12,
            lines=people * _LINES_OF_A_PERSON, parameters=parameters,
        )  # fmt: skip
        oracle = Oracle(directory / "truth")
        shoppers = pd.read_parquet(directory / "truth" / "shoppers").sort_values("shopper", ignore_index=True)
        visits = pd.read_parquet(directory / "truth" / "receipts", columns=["shop", "shopper"])
    parts = shoppers.groupby("area")
    tastes = np.concatenate(
        [own_tastes(oracle.model, oracle.places, int(area), "first", own.group.to_numpy(), own.shop_1.to_numpy()) for area, own in parts]  # type: ignore[call-overload]
    )
    common = oracle.model.parameters.common_share
    bought = (1 - common) * tastes + common * oracle.model.tastes[0]
    bought /= bought.sum(axis=1, keepdims=True)
    table = pd.DataFrame({"store": visits.shop, "row": pd.Index(shoppers.shopper).get_indexer(visits.shopper)})
    found = []
    for division in range(divisions):
        rng = np.random.default_rng([seed, division])
        counts = csr_matrix(rng.multinomial(np.full(len(bought), _LABEL_LINES), bought).astype(float))
        half = table[rng.random(len(table)) < 0.5]
        found.append(protocols.spread_of_places(counts, half, seed=division).excess)
    return found


def simulated_slopes(seed: int, parameters: Parameters = _CLEAN, customers: int = _CUSTOMERS) -> dict[float, float]:
    """Slopes of age between the areas of a network as large as Ta-Feng, by concentration."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        simulate(
            directory, seed=seed, stores=_AREAS * SHOPS_OF_AN_AREA, members=customers // 10,
            anonymous_shoppers=customers - customers // 10, months=4, lines=_LINES * customers // _CUSTOMERS,
            parameters=replace(parameters, leavers=0.0),
        )  # fmt: skip
        lines = simulated_lines(directory)
        shoppers = pd.read_parquet(directory / "truth" / "shoppers").set_index("shopper").loc[lines.person]
    band = np.digitize(lines.sold.dt.year.iloc[0] - shoppers.birth_year.to_numpy(), BAND_STARTS)
    return ages.slopes_of_ages(ages.gathered(lines.assign(place=shoppers.area.to_numpy(), band=band), ("family", "article")))
