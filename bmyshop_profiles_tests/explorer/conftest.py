"""The small lake of plans with more shops: enough bakeries to rank, one overseas, one too small to be told of, one named to do harm."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from bmyshop_profiles.explorer.app import make_app
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.media.conftest import MONTH, SHOPS, ZONES, audience_rows, made_lake, publish, seen_rows  # noqa: F401

HARM = "=1+1<script>alert(1)</script>"
RECEIPTS = 3000
BAKERIES = {f"B{number:02d}": round(0.30 - 0.01 * number, 2) for number in range(1, 13)}  # share of press, B01 the best
EARLIER = "2025-03"  # of which nothing may be sold


def stores() -> list[dict[str, object]]:
    plain = {shop: (f"Chez {shop}", kind) for shop, (kind, _, _, _) in SHOPS.items()}
    more = {key: (f"Fournil {key}", "bakery") for key in BAKERIES}
    named = {**plain, **more, "R1": ("Case à pain", "bakery"), "T1": ("Toute petite", "press"), "X1": (HARM, "grocery")}
    return [
        {"store_key": key, "name": name, "store_type": kind, "postcode": "69001", "city": None, "is_listed": True, "has_receipts": True}
        for key, (name, kind) in named.items()
    ]


def seen(shares: dict[str, float]) -> list[dict[str, object]]:
    """Visits for the press in shops over the whole day, and on Mondays at noon; intervals are wider the greater a share."""
    return [
        {
            "period": period, "kind": kind, "group_name": group, "store_key": shop, "weekday": weekday, "daypart": daypart, "sold_hour": -1,
            "visits_share": share, "low_share": 0.9 * share, "high_share": 1.1 * share, "affinity_index": 500 * share,
            "receipts_count": RECEIPTS, "people": 900.0, "own_share": 0.9,
        }
        for shop, share in shares.items()
        for kind, group in (("mission", "m01"), ("category", "press"))
        for period, weekday, daypart in (("month", 0, "all"), ("quarter", 0, "all"), ("quarter", 1, "noon"))
    ]  # fmt: skip


def visits(receipts: dict[str, int]) -> list[dict[str, object]]:
    return [
        {"store_key": shop, "weekday": 0, "daypart": "all", "sold_hour": -1, "receipts_count": count, "keyed_receipts_count": 0,
         "keyed_people_count": 0, "keyed_receipt_squares": 0, "identified_receipts_count": 0, "members_count": 0}
        for shop, count in receipts.items()
    ]  # fmt: skip


def hours(receipts: dict[str, int]) -> list[dict[str, object]]:
    """Half of a shop's receipts on Mondays at 8, half on Sundays at 19, and seven on Tuesdays at 8."""
    return [
        {"store_key": shop, "weekday": weekday, "sold_hour": hour, "daypart": "early", "receipts_count": count, "amount_cents": 0}
        for shop, total in receipts.items()
        for weekday, hour, count in ((1, 8, total // 2), (7, 19, total - total // 2), (2, 8, 7))
    ]


@pytest.fixture(scope="session")
def explored(made_lake: Settings) -> Settings:  # noqa: F811
    """A lake to look around in; read by all tests, written by none."""
    shares = {**BAKERIES, "R1": 0.05, "X1": 0.01}
    receipts = {**dict.fromkeys([*SHOPS, *shares], RECEIPTS), "T1": 9, "all": 60_000}
    zones = {**{shop: zone for shop, (_, zone, _, _) in SHOPS.items()}, **dict.fromkeys(BAKERIES, "69266"), "R1": "97411", "X1": "01001"}
    tables = {
        "stores": stores(),
        "store_zones": [{"store_key": shop, "zone_key": zone, "matched_by": "postcode"} for shop, zone in zones.items()],
        "seen_audience": [*seen_rows(), *seen(shares)],
        "store_visits": visits(receipts),
        "store_hour_months": hours({shop: count for shop, count in receipts.items() if shop != "all"}),
    }
    publish(made_lake, tables, MONTH)
    publish(made_lake, {"stores": stores()[:2], "group_grades": [], "store_visits": visits({"S1": 30})}, EARLIER)
    overseas = {"zone_key": "97411", "name": "Saint-Denis", "departement": "974", "latitude": -20.9, "longitude": 55.4}
    publish(made_lake, {"zones": [*ZONES, overseas]}, None)
    return made_lake


@pytest.fixture(scope="session")
def client(explored: Settings) -> Iterator[TestClient]:
    """A running application, which stays the same whatever is asked of it; what it reads of a month is read once."""
    with TestClient(make_app(explored), base_url="http://127.0.0.1") as opened:
        yield opened
