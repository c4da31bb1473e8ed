"""Another pseudonym key gives other member keys and nothing else: profiles, labels, verdicts and evidence are of the same people."""

import pandas as pd
import pytest

from bmyshop_profiles.engine.build import Frames, typed_parameters
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.session import Session, literal
from bmyshop_profiles.orchestration.code import parameters
from bmyshop_profiles.projection.model import Material, project
from bmyshop_profiles.settings import Settings
from bmyshop_profiles.typology.members import members_of, shopping_of
from bmyshop_profiles.typology.tables import Wanted, cluster_members, numbers
from bmyshop_profiles.typology.worth.quality import profile_quality, typology_quality
from bmyshop_profiles_tests import realdata

FACTS = (
    *("receipts", "member_months", "member_item_months", "member_counts", "store_item_months", "member_receipt_items"),
    *("member_window", "store_item_window"),
)
WANTED = Wanted(label_receipts=2, most_profiles=4, gate_draws=1)
# members of two kinds, ten receipts each, and as many anonymous receipts
PLANTED = """
select
    concat('r', number) as receipt_key, timestamp '2025-01-02 08:00' + interval (number % 97) hour as sold_at,
    concat('S', number % 3) as store_key,
    concat('i', case when random() < 0.8 then (number // 10) % 2 * 6 else 0 end + (random() * 6)::integer) as product_key,
    1.0 as quantity, 100 + number % 400 as amount_cents, case when number < 1200 then concat('person ', number // 10) end as member_id
from range(1600) as numbers (number), range(2)
"""
ONLINE_RETAIL = """
select
    InvoiceNo as receipt_key, InvoiceDate::timestamp as sold_at, 'web' as store_key, StockCode as product_key, Quantity as quantity,
    (100 * Quantity * UnitPrice)::bigint as amount_cents, CustomerID::varchar as member_id
from read_parquet({file}) where md5(CustomerID::varchar) < '1'
"""


def made_under(key: str, session: Session, lines: str) -> dict[str, pd.DataFrame]:
    """All that a typology and the projection make of some receipt lines, with the raw ids of members instead of keys."""
    catalogue = load_catalogue()
    session.execute(
        "create or replace temp table receipt_lines as select *, null::varchar as shopper_key, "
        f"'2025-01' as month, case when member_id is not null then md5(concat({literal(key)}, member_id)) end as member_key from ({lines})"
    )
    session.execute(
        "create or replace temp table products as select distinct '2025-01' as month, product_key, product_key as item_key, "
        "null::varchar as family from receipt_lines"
    )
    given = parameters(Settings(topic_receipts=1000, label_receipts=2), "2025-01")
    for name in (*FACTS, "sampled_receipt_items"):
        session.execute(
            f"create or replace temp table {name} as select '2025-01' as month, * from ({catalogue[name].sql})",
            typed_parameters(catalogue[name], given),
        )
    window = session.frame("from member_window order by all")
    members = members_of(window)
    how = shopping_of(window, members, session.frame("from store_item_window order by all"))
    found = cluster_members(members, WANTED, how)
    clusters, profiles, tried = found.member_clusters, found.cluster_profiles, found.typology_numbers
    receipt_items = Frames(session, catalogue["typology_quality"], catalogue, given)["receipt_items"]
    whole = clusters[clusters.part == "whole"].set_index("member_key").profile_key.reindex(members.keys)
    quality = typology_quality(members, how, receipt_items, WANTED, folds=2, profiles=profiles.profile_key.nunique(), natural_draws=0)
    gate = profile_quality(members, how, receipt_items, numbers(whole), WANTED, tried[tried.is_chosen])
    session.connection.register("member_clusters", clusters)
    session.execute(
        "create or replace temp table members as select distinct member_key, "
        "case when ascii(member_id[-1]) % 2 = 0 then 'F' else 'M' end as sex, null as age_band, 1990 as birth_year from receipt_lines "
        "where member_key is not null"
    )
    session.execute(
        "create or replace temp table stores as select distinct '2025-01' as month, store_key, 'shop' as store_type from receipt_lines"
    )
    session.execute("create or replace temp table item_categories as select distinct item_key, left(item_key, 2) as category from products")
    frames = Frames(session, catalogue["item_evidence"], catalogue, given)
    material = Material(*(frames[name] for name in ("labels", "bought", "receipts", "sampled_receipt_items", "categories")))
    projected = project(material, served="topics", seed=0)
    known = session.frame("select distinct member_key, member_id from receipt_lines where member_key is not null")
    raw = known.set_index("member_key").member_id
    found = {"clusters": clusters, "profiles": profiles, "tried": tried, "quality": quality, "gate": gate, **projected}
    named = {name: frame.assign(member_key=frame.member_key.map(raw)) if "member_key" in frame else frame for name, frame in found.items()}
    return {name: frame.sort_values(list(frame.columns), ignore_index=True) for name, frame in named.items()}


def assert_same_under_two_keys(session: Session, lines: str) -> None:
    session.execute(f"create or replace temp table raw_lines as {lines}")
    one, other = (made_under(key, session, "from raw_lines") for key in ("a key", "another key"))
    assert one["profiles"].profile_key.nunique() >= 2
    assert len(one["projection_quality"]) and len(one["gate"])
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], check_exact=True, obj=name)


@pytest.mark.slow
def test_planted_people_are_read_alike_under_two_keys(session: Session) -> None:
    session.execute("select setseed(0.5)")
    assert_same_under_two_keys(session, PLANTED)


@pytest.mark.slow
@pytest.mark.realdata
def test_real_people_are_read_alike_under_two_keys(session: Session) -> None:
    file = realdata.shared("online_retail") / "online_retail" / "online_retail_2010_2011.parquet"
    assert_same_under_two_keys(session, ONLINE_RETAIL.format(file=literal(file)))
