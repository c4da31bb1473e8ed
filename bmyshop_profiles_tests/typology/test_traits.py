"""profile_traits: shares and lifts against all members in a profile."""

import pytest

ITEM = {"half": 0, "product_key": "x", "item_key": "x", "receipts_count": 1, "lines_count": 1, "amount_cents": 1}


def test_lifts_compare_with_all_members_in_a_profile(make) -> None:
    clusters = [
        {"member_key": "a", "part": "whole", "state": "in_profile", "profile_key": "p01"},
        {"member_key": "a", "part": "half_0", "state": "in_profile", "profile_key": "p02"},
        {"member_key": "b", "part": "whole", "state": "in_profile", "profile_key": "p02"},
        {"member_key": "c", "part": "whole", "state": "atypical"},
    ]
    items = [
        {**ITEM, "member_key": "a", "family": "presse", "bought_count": 3},
        {**ITEM, "member_key": "a", "family": "pain", "bought_count": 1},
        {**ITEM, "member_key": "b", "family": "pain", "bought_count": 4},
        {**ITEM, "member_key": "c", "family": "pain", "bought_count": 90},
    ]
    none = dict.fromkeys(("early_count", "morning_count", "noon_count", "afternoon_count", "evening_count", "night_count"), 0)
    months = [
        {"member_key": "a", "part": "whole", **none, "early_count": 2},
        {"member_key": "a", "part": "half_0", **none, "early_count": 2},
        {"member_key": "b", "part": "whole", **none, "night_count": 2},
    ]
    products = [{"product_key": "x", "label": "Un article"}]
    rows = make("profile_traits", {"member_clusters": clusters, "member_item_months": items, "member_months": months, "products": products})
    found = {(row["profile_key"], row["trait"]): (row["units_count"], row["trait_share"], row["lift"]) for row in rows}
    assert found["p01", "presse"] == (3, 0.75, 2.0)
    assert found["p01", "pain"] == (1, 0.25, pytest.approx(0.25 / (5 / 8)))
    assert found["p02", "pain"] == (4, 1.0, 1 / (5 / 8))
    assert found["p01", "early"] == (2, 1.0, 2.0)
    assert found["p01", "Un article"] == (4, 1.0, 1.0)
    assert ("p02", "presse") not in found
