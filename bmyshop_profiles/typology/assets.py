"""What Dagster sees of the typology."""

from collections.abc import Mapping

import dagster as dg
import pandas as pd

from bmyshop_profiles.orchestration.python_assets import python_asset
from bmyshop_profiles.orchestration.sql_assets import sql_assets
from bmyshop_profiles.orchestration.steps import House, Inputs
from bmyshop_profiles.privacy.identities import first_and_last_names, nothing_told
from bmyshop_profiles.privacy.pseudonyms import install, load_key
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.typology.clusters import cluster_members
from bmyshop_profiles.typology.demographics import member_demographics
from bmyshop_profiles.typology.members import read_members
from bmyshop_profiles.typology.names import name_profiles
from bmyshop_profiles.typology.quality import typology_quality

ROOM = "typology"


def assets(house: House) -> list[dg.AssetsDefinition]:
    """All assets of the room."""
    return [
        python_asset(house, ["member_demographics"], lambda inputs: _demographics(house.settings, inputs)),
        python_asset(house, ["member_clusters", "cluster_profiles"], _clusters),
        python_asset(house, ["typology_quality"], _quality),
        python_asset(house, ["profiles"], _profiles),
        *sql_assets(house, ROOM),
    ]


MEMBERS = """
select member_key, birth_year, age, declared_on, joined_on from members where not objects_to_profiling order by member_key
"""


def _demographics(settings: Settings, inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    session = inputs.session
    given = settings.pseudonym_key.get_secret_value() if settings.pseudonym_key else None
    install(session.connection, load_key(settings.vault_dir, given))
    with nothing_told("member_demographics"):
        members = session.frame(MEMBERS).merge(first_and_last_names(session, settings.vault_dir), on="member_key", how="left")
        first_names, survival = session.frame("from first_names"), session.frame("from survival")
        table, figures = member_demographics(members, first_names, survival, inputs.parameters["month_end"])
    inputs.figures["member_demographics"] = figures
    return {"member_demographics": table}


def _clusters(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    chosen = inputs.parameters
    clusters, profiles = cluster_members(
        read_members(inputs.session),
        label_receipts=chosen["label_receipts"],
        most_profiles=chosen["most_profiles"],
        seed=chosen["seed"],
    )
    return {"member_clusters": clusters, "cluster_profiles": profiles}


def _quality(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    chosen, session = inputs.parameters, inputs.session
    found = session.frame("select count(distinct profile_key) as profiles from member_clusters where part = 'half_0'")
    receipt_items = session.frame("select receipt_key, member_key, half, item_key from member_receipt_items order by all")
    quality = typology_quality(
        read_members(session),
        receipt_items,
        label_receipts=chosen["label_receipts"],
        most_profiles=chosen["most_profiles"],
        folds=chosen["quality_folds"],
        profiles=int(found.profiles[0]),
        seed=chosen["seed"],
    )
    return {"typology_quality": quality}


def _profiles(inputs: Inputs) -> Mapping[str, pd.DataFrame]:
    clusters = inputs.session.frame("from member_clusters order by member_key, part")
    traits = inputs.session.frame("from profile_traits order by profile_key, kind, trait")
    return {"profiles": name_profiles(clusters, traits)}
