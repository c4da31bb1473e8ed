"""A small lake to plan from: four shops, a forecast of eight weeks, what is seen and what is estimated in them."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.engine.lake import Lake, TableName, partition_of
from bmyshop_profiles.engine.session import open_session
from bmyshop_profiles.media.brief import Brief
from bmyshop_profiles.settings import Settings
from bmyshop_profiles_tests.conftest import Rows, day, write_rows

MONTH, FIRST = "2025-04", day("2025-05-01")
# shop → kind, commune, visits a day, share of press in its visits
SHOPS = {
    "S1": ("press", "69381", 100.0, 0.40),
    "S2": ("bakery", "69382", 400.0, 0.10),
    "S3": ("bakery", "69266", 200.0, 0.20),
    "S4": ("tobacconist", "13055", 300.0, 0.30),
}
ZONES = [
    {"zone_key": "69381", "name": "Lyon 1er Arrondissement", "departement": "69", "latitude": 45.77, "longitude": 4.83},
    {"zone_key": "69382", "name": "Lyon 2e Arrondissement", "departement": "69", "latitude": 45.75, "longitude": 4.83},
    {"zone_key": "69266", "name": "Villeurbanne", "departement": "69", "latitude": 45.77, "longitude": 4.89},
    {"zone_key": "13055", "name": "Écully-sur-Mer", "departement": "13", "latitude": 43.3, "longitude": 5.4},
    {"zone_key": "01001", "name": "Saint-Denis", "departement": "01", "latitude": 46.2, "longitude": 5.2},
    {"zone_key": "93066", "name": "Saint-Denis", "departement": "93", "latitude": 48.94, "longitude": 2.36},
]
QUALITY = {
    "origins": 12.0, "error_ratio": 0.8, "held": 0.9, "hour_chance": 1.2, "hour_spread": 0.01, "hour_low": -1.4, "hour_high": 1.8,
    "shop_spread": 0.001, "network_spread": 0.0009,
}  # fmt: skip


def publish(settings: Settings, tables: Mapping[str, Rows], month: str | None) -> None:
    """Rows as the versions of a month (None: of tables without months), unchecked."""
    lake = Lake(settings.lake_dir)
    with open_session(threads=1) as session:
        for name, rows in tables.items():
            table = load_catalogue()[name]
            with lake.write(TableName(table.room, name), partition_of(month)) as draft:
                write_rows(session, name, rows, draft.directory)
                draft.publish(rows=len(rows), content_hash=f"{name}-{len(rows)}", hashed_by="", code_hash="", inputs={})


def forecast_rows() -> dict[str, Rows]:
    days, hours = [], []
    for shop, (_, _, visits, _) in SHOPS.items():
        for ahead in range(56):
            date = FIRST + datetime.timedelta(days=ahead)
            is_holiday = ahead == 0
            closed = shop == "S3" and date.weekday() == 6
            days.append({
                "store_key": shop, "visit_date": date, "hours_weekday": 7 if is_holiday else date.weekday() + 1,
                "horizon_weeks": 4 if ahead < 28 else 8, "is_public_holiday": is_holiday, "is_school_holiday": False,
                "visits": 0.0 if closed else visits, "low_visits": 0.0, "high_visits": 2 * visits, "method": "recent weeks",
            })  # fmt: skip
        hours += [
            {"store_key": shop, "weekday": weekday, "sold_hour": hour, "visits_share": share}
            for weekday in range(1, 8) for hour, share in ((8, 0.5), (12, 0.3), (19, 0.2))
        ]  # fmt: skip
    quality = [
        {"horizon_weeks": weeks, "measure": name, "value": value, "meaning": name} for weeks in (4, 8) for name, value in QUALITY.items()
    ]
    return {"visits_forecast": days, "visits_hours": hours, "forecast_quality": quality}


def seen_rows() -> Rows:
    """Press by shop, and twice as much of it at noon in S1; gambling as well; the network."""
    moments = [(0, "all", 1.0), (0, "early", 1.0)]
    shops = {**{shop: share for shop, (_, _, _, share) in SHOPS.items()}, "all": 0.20}
    rows = []
    for kind, group, times in (
        ("mission", "m01", 1.0),
        ("mission", "m02", 0.5),
        ("category", "press", 1.0),
        ("category", "games_of_chance", 0.3),
    ):
        for shop, share in shops.items():
            own = [*moments, (1, "noon", 1.8)] if shop == "S1" else moments
            for weekday, daypart, more in own:
                value = share * times * more
                rows += [{
                    "period": period, "kind": kind, "group_name": group, "store_key": shop, "weekday": weekday, "daypart": daypart,
                    "sold_hour": -1, "visits_share": value, "low_share": 0.9 * value, "high_share": 1.1 * value,
                    "affinity_index": 100 * value / (0.2 * times), "receipts_count": 5000, "people": 900.0, "own_share": 0.9,
                } for period in ("month", "quarter")]  # fmt: skip
    return rows


def audience_rows() -> Rows:
    fixed = {
        "daypart": "all", "affinity_index": 100.0, "affinity_low": 80.0, "affinity_high": 120.0, "receipts_count": 5000, "people": 900.0,
        "is_people_estimated": True, "own_share": 0.5, "is_published": True,
    }  # fmt: skip
    return [
        {**fixed, "store_key": shop, "group_name": group, "mix_share": share, "low_share": share - 0.1, "high_share": share + 0.1}
        for shop in ("S1", "S2", "all")
        for group, share in (("p01", 0.3), ("p02", 0.2))
    ]


@pytest.fixture(scope="session")
def made_lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake that knows April 2025 and forecasts May and June; read by all tests, written by none."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("media") / "data", first_month="2025-01", last_month=MONTH, threads=1)
    of_month: dict[str, list[dict[str, Any]] | Rows] = {
        **forecast_rows(),
        "seen_audience": seen_rows(),
        "store_audience": audience_rows(),
        "stores": [
            {"store_key": shop, "name": f"Chez {shop}", "store_type": kind, "postcode": "69001", "city": None, "is_listed": True,
             "has_receipts": True} for shop, (kind, _, _, _) in SHOPS.items()
        ],
        "store_zones": [{"store_key": shop, "zone_key": zone, "matched_by": "postcode"} for shop, (_, zone, _, _) in SHOPS.items()],
        "group_grades": [
            {"kind": kind, "group_name": group, "network_share": 0.2, "grade": grade, "cells_count": 4}
            for kind, group, grade in (
                ("mission", "m01", "seen"), ("mission", "m02", "seen"), ("mission", "other", "unsold"), ("category", "press", "seen"),
                ("category", "games_of_chance", "seen"), ("profile", "p01", "sure"), ("profile", "p02", "unsold"),
            )
        ],
        "profiles": [{"profile_key": key, "profile_name": name, "members_count": 100, "members_share": 0.5, "core_members_count": 50}
                     for key, name in (("p01", "Lecteurs du matin"), ("p02", "Pain"))],
        "profile_quality": [], "profile_cards": [], "cluster_matches": [],
    }  # fmt: skip
    publish(settings, of_month, MONTH)
    names = {"m01": "Presse", "m02": "Jeux de hasard, le soir", "other": "Autre visite"}
    mission = {"articles": "", "visits_share": 0.3, "articles_mean": 1.5, "spend_cents_mean": 300.0, "daypart": ""}
    missions = [{**mission, "mission_key": key, "mission_name": name} for key, name in names.items()]
    publish(settings, {"mission_profiles": missions}, "2025-01")
    labels = {"press": "Presse", "games_of_chance": "Jeux de hasard", "bread": "Pain", "other": "Autre"}
    taxonomy = [{"category": key, "label_fr": label, "label_en": key, "coicop_2018": ""} for key, label in labels.items()]
    publish(settings, {"zones": ZONES, "product_taxonomy": taxonomy}, None)
    return settings


@pytest.fixture
def lake(made_lake: Settings) -> Settings:
    """Settings of the lake, of this test alone."""
    return made_lake.model_copy()


def a_brief(**changed: Any) -> Brief:
    """A brief for visits to read the press, in May."""
    told = {
        "title": "Lancement d’un magazine", "advertiser": "Éditions du Pont", "sector": "culture",
        "groups": [{"kind": "mission", "name": "Presse"}], "dates": {"first": "2025-05-05", "last": "2025-05-18"},
        "budget": {"euros": 1000, "price": {"per_thousand_contacts": 12}},
    }  # fmt: skip
    return Brief.model_validate({**told, **changed})


def written_in(directory: Path) -> list[str]:
    """Names of all that is in a directory, if it is there."""
    return sorted(path.name for path in directory.rglob("*")) if directory.exists() else []
