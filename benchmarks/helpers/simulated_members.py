"""A simulated network, run as far as some tables, and the truth about its members. What the benchmarks of the typology share."""

from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd

from benchmarks.helpers.lakes import made_from
from bmyshop_profiles.definitions import build_definitions
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.evaluation.truth import member_personas
from bmyshop_profiles.orchestration import runs
from bmyshop_profiles.privacy.pseudonyms import load_key
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.simulation import Parameters, simulate


def run_network(
    directory: Path,
    *,
    months: int,
    parameters: Parameters,
    tables: tuple[str, ...],
    members: int,
    lines: int,
    stores: int = 40,
    anonymous: int | None = None,
    seed: int = 0,
    **chosen: Any,
) -> Settings:
    """Simulate a network, by default with as many anonymous shoppers as members, and make some tables of every month. chosen: settings."""
    network = simulate(
        directory / "simulated",
        seed=seed,
        stores=stores,
        members=members,
        anonymous_shoppers=members if anonymous is None else anonymous,
        months=months,
        lines=lines,
        parameters=parameters,
    )
    settings = Settings(data_dir=directory, sources=Path("simulated/sources.yaml"), last_month=network.months[-1], seed=seed, **chosen)
    catalogue, definitions = load_catalogue(), build_definitions(settings)
    together = [{key.path[-1] for key in made.keys} for made in definitions.assets or [] if isinstance(made, dg.AssetsDefinition)]
    wanted: set[str] = set()
    more = set(tables)
    while more - wanted:  # what one step makes is made together
        wanted |= made_from(catalogue, more)
        more = {name for names in together if names & wanted for name in names}
    own = [table.name for table in catalogue.ordered if table.name in wanted and table.file.by_month]
    with dg.DagsterInstance.ephemeral() as instance:  # events in memory: in files they take half of the time of a small network
        for job, month in (("references", None), *(("month", month) for month in settings.months())):
            result = runs.run_job(definitions, instance, job, month=month, tables=own if month else None)
            assert result.success, result.failure
    return settings


def personas_of(settings: Settings, keys: np.ndarray) -> np.ndarray:
    """True persona of members (members,), integers."""
    truth = settings.data_dir / "simulated" / "truth"
    known: pd.Series = member_personas(truth, load_key(settings.vault_dir))
    return known.loc[keys].to_numpy()


def main_shop_types(session: Session, keys: np.ndarray, month: str) -> np.ndarray:
    """Type of the shop that each member used most in the window that ends with a month (members,)."""
    sql = """
    select member_key, arg_max(store_type, receipts_count) as store_type from (
        select member_key, value_key as store_key, sum(things_count) as receipts_count
        from member_window where kind = 'store' and month = $month group by all
    ) inner join (select store_key, min(store_type) as store_type from stores group by all) using (store_key) group by all
    """
    return session.frame(sql, {"month": month}).set_index("member_key").store_type.reindex(keys).fillna("none").to_numpy()
