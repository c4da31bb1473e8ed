"""A simulated network, run as far as some tables, and the truth about its members. What the benchmarks of the typology share."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import Catalogue, load_catalogue
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.evaluation.truth import member_personas
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.privacy.pseudonyms import load_key
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters, simulate

FACTS = ("member_months", "member_item_months", "member_store_months", "store_item_months")


def made_from(catalogue: Catalogue, names: tuple[str, ...]) -> set[str]:
    """Tables and all that they are made from."""
    found: set[str] = set()
    for name in names:
        found |= {name} | made_from(catalogue, catalogue[name].inputs)
    return found


def run_network(
    directory: Path, *, months: int, parameters: Parameters, tables: tuple[str, ...], members: int, lines: int, seed: int = 0, **chosen: Any
) -> Settings:
    """Simulate a network without damaged lines and make some tables of every month. chosen: settings."""
    network = simulate(
        directory / "simulated",
        seed=seed,
        stores=40,
        members=members,
        anonymous_shoppers=members,
        months=months,
        lines=lines,
        parameters=parameters,
    )
    settings = Settings(data_dir=directory, sources=Path("simulated/sources.yaml"), last_month=network.months[-1], seed=seed, **chosen)
    catalogue, definitions = load_catalogue(), build_definitions(settings)
    # what one computation makes is made together: all of ingestion, and the tables of a typology
    together = {"member_clusters", "cluster_profiles", "profile_weights"}
    wanted = made_from(catalogue, tables) | {table.name for table in catalogue.values() if table.room == "ingestion"}
    wanted |= together if wanted & together else set()
    own = [table.name for table in catalogue.ordered if table.name in wanted and table.file.by_month]
    with runs.instance(settings) as instance:
        for job, month in (("references", None), *(("month", month) for month in settings.months())):
            result = runs.run_job(definitions, instance, job, month=month, tables=own if month else None)
            assert result.success, result.failure
    return settings


def personas_of(settings: Settings, keys: np.ndarray) -> np.ndarray:
    """True persona of members (members,), integers."""
    truth = settings.data_dir / "simulated" / "truth"
    known: pd.Series = member_personas(truth, load_key(settings.vault_dir))
    return known.loc[keys].to_numpy()


def main_shop_types(session: Session, keys: np.ndarray) -> np.ndarray:
    """Type of the shop that each member uses most (members,)."""
    sql = """
    select member_key, arg_max(store_type, receipts_count) as store_type from (
        select member_key, store_key, sum(receipts_count) as receipts_count from member_store_months group by all
    ) inner join (select store_key, min(store_type) as store_type from stores group by all) using (store_key) group by all
    """
    return session.frame(sql).set_index("member_key").store_type.reindex(keys).fillna("none").to_numpy()
