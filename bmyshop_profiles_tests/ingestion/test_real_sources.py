"""The documented mappings on the real files they are for: every line comes in.

The Complete Journey's package calls its data simulated from real patterns, for education and not for research.
"""

from pathlib import Path

import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.ingestion.mapping.mapping import load_mapping
from bmyshop_profiles.ingestion.reading.staging import Reader
from bmyshop_profiles.privacy.pseudonyms import install
from bmyshop_profiles_tests import realdata
from bmyshop_profiles_tests.ingestion.conftest import KEY

MAPPINGS = Path(__file__).parents[2] / "docs" / "sources"
pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.fixture
def stage(session: Session, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Read a mapping's receipts; afterwards the session's view `lines` holds them."""

    def read(name: str, root: Path) -> list[dict[str, object]]:
        install(session.connection, KEY)
        reader = Reader(session, load_mapping(MAPPINGS / f"{name}.yaml"), root, "Europe/Paris")
        reader.undated("receipts", load_catalogue()["staged_receipt_lines"], tmp_path)
        session.execute(f"create temp view lines as from read_parquet('{tmp_path}/*.parquet')")
        assert reader.ledger.rejected == []
        return reader.ledger.file_records()

    return read


def test_the_bakery_comes_in_whole(stage, session: Session) -> None:
    (entry,) = stage("french_bakery", realdata.shared("french_bakery"))
    assert (entry["lines_count"], entry["accepted_count"]) == (234_005, 234_005)
    found = session.execute(
        "select count(distinct receipt_key), count(distinct product_key), count(*) filter (where quantity < 0), "
        "count(distinct month), count(member_key) from lines"
    ).fetchall()
    assert found == [(136_451, 149, 1_295, 21, 0)]
    assert session.execute("select count(*) from lines where label = 'PLATPREPARE6,50'").fetchall() != [(0,)]


def test_online_retail_comes_in_whole(stage, session: Session) -> None:
    (entry,) = stage("online_retail", realdata.shared("online_retail"))
    assert (entry["lines_count"], entry["accepted_count"]) == (541_909, 541_909)
    found = session.execute(
        "select count(distinct receipt_key), count(distinct member_key), count(*) filter (where quantity < 0), count(distinct month), "
        "round(1 - count(member_key) / count(*), 3) from lines"
    ).fetchall()
    assert found == [(25_900, 4_372, 10_624, 13, 0.249)]


def test_the_complete_journey_with_every_household_a_member(stage, session: Session) -> None:
    (entry,) = stage("complete_journey_members", realdata.complete_journey())
    assert (entry["lines_count"], entry["accepted_count"]) == (1_469_307, 1_469_307)
    found = session.execute(
        "select count(distinct receipt_key), count(distinct member_key), count(distinct store_key) from lines"
    ).fetchall()
    assert found == [(155_848, 2_469, 457)]
    (peak,) = session.execute("select hour(sold_at) from lines group by 1 order by count(*) desc limit 1").fetchone()  # type: ignore[misc]
    assert 12 <= peak <= 19  # written in UTC, the peak came at night


def test_the_complete_journey_with_801_members(session: Session, stage, tmp_path: Path) -> None:
    root = realdata.complete_journey()
    install(session.connection, KEY)
    listed = f"select pseudonym('member', household_id::varchar) as member_key from '{root}/demographics.parquet'"
    session.execute(f"create temp table staged_members as {listed}")
    stage("complete_journey_demographics", root)
    found = session.execute(
        "select count(distinct member_key), count(distinct shopper_key), "
        "count(*) filter (where member_key is null and shopper_key is null) from lines"
    ).fetchall()
    assert found == [(801, 2_469 - 801, 0)]
