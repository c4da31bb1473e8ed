"""Shops in their communes, members in the places they use."""

import pytest

ZONES = [
    {
        "zone_key": key,
        "name": name,
        "population_count": people,
        "area_km2": 10.0,
        "median_income_cents": income,
        "is_income_imputed": key == "Z3",
        "poverty_share": poverty,
        "age_18_34_share": 0.25,
        "age_55_share": 0.4,
    }
    for key, name, people, income, poverty in (
        ("Z1", "Montreuil-sur-Mer", 2000, 2_000_000, 0.1),
        ("Z2", "Écuires", 700, 1_800_000, 0.2),
        ("Z3", "La Madelaine-sous-Montreuil", 9000, 3_000_000, 0.3),
        ("Z9", "Ailleurs", 100, 4_000_000, 0.0),
    )
]
POSTCODES = [{"postcode": "62170", "zone_key": key} for key in ("Z1", "Z2", "Z3")] + [{"postcode": "09000", "zone_key": "Z9"}]


def test_a_shop_joins_its_commune(make) -> None:
    stores = [
        {"store_key": "only", "postcode": "09000", "city": "a name written otherwise"},
        {"store_key": "town", "postcode": "62170", "city": "MONTREUIL SUR MER"},
        {"store_key": "accent", "postcode": "62170", "city": "ecuires"},
        {"store_key": "largest", "postcode": "62170", "city": None},
        {"store_key": "unknown", "postcode": "99999"},
        {"store_key": "none"},
    ]
    rows = make("store_zones", {"stores": stores, "zones": ZONES, "zone_postcodes": POSTCODES})
    assert {row["store_key"]: (row["zone_key"], row["matched_by"]) for row in rows} == {
        "only": ("Z9", "postcode"),
        "town": ("Z1", "town"),
        "accent": ("Z2", "town"),
        "largest": ("Z3", "largest"),
        "unknown": (None, "none"),
        "none": (None, "none"),
    }


def visit(member: str, store: str, half: int, count: int, month: str) -> dict:
    return {"member_key": member, "half": half, "kind": "store", "value_key": store, "things_count": count, "month": month}


def test_a_member_s_zone_is_a_mix_of_visits_or_the_home_s(make) -> None:
    visits = [
        visit("m", "S1", 0, 2, "2025-01"),
        visit("m", "S1", 1, 1, "2025-02"),
        visit("m", "S2", 0, 1, "2025-02"),
        visit("m", "nowhere", 0, 7, "2025-02"),
        visit("at home", "S1", 0, 9, "2025-02"),
    ]
    rows = make(
        "member_zones",
        {
            "member_counts": [*visits, {**visits[0], "kind": "item"}],
            "store_zones": [{"store_key": "S1", "zone_key": "Z1"}, {"store_key": "S2", "zone_key": "Z3"}, {"store_key": "nowhere"}],
            "members": [
                {"member_key": "m", "objects_to_profiling": False},
                {"member_key": "at home", "postcode": "62170", "objects_to_profiling": False},
                {"member_key": "objects", "postcode": "62170", "objects_to_profiling": True},
            ],
            "zones": ZONES,
            "zone_postcodes": POSTCODES,
        },
        month="2025-02",
    )
    assert [(row["member_key"], row["zone_key"], row["known_by"], row["receipts_count"], row["zone_share"]) for row in rows] == [
        ("at home", "Z3", "postcode", None, 1.0),
        ("m", "Z1", "shops", 3, 0.75),
        ("m", "Z3", "shops", 1, 0.25),
    ]


def test_places_are_weighted_by_visits(make) -> None:
    mix = [{"member_key": "m", "zone_key": key, "known_by": "shops", "zone_share": share} for key, share in (("Z1", 0.75), ("Z3", 0.25))]
    (row,) = make("member_places", {"member_zones": mix, "zones": ZONES})
    assert (row["main_zone_key"], row["zones_count"], row["median_income_cents"]) == ("Z1", 2, 2_250_000)
    assert row["concentration_share"] == pytest.approx(0.625)
    assert row["imputed_share"] == pytest.approx(0.25)
    assert row["poverty_share"] == pytest.approx(0.15)
    assert row["people_per_km2"] == pytest.approx(0.75 * 200 + 0.25 * 900)
    assert (row["dense_share"], row["rural_share"]) == (0.0, 0.75)
