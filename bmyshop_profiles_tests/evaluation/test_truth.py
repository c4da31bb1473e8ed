"""The truth's own arithmetic: shoppers by articles, dayparts, shops, size and damping of profiles."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.evaluation.truth import shopper_profiles, true_mix

MONTH = "2025-02"
# receipts: shopper, month, shop, daypart, item
RECEIPTS = [
    ("items", "2025-01", "S", "noon", "bread"),
    ("items", MONTH, "S", "noon", "bread"),
    ("moments", "2025-01", "S", "early", "milk"),
    ("moments", MONTH, "S", "early", "milk"),
    ("shops", MONTH, "T", "noon", "press"),
    ("sizes", MONTH, "S", "noon", "milk"),
    ("nothing", MONTH, "S", "noon", "plain"),
    ("unknown", MONTH, "S", "noon", "new"),
]
WEIGHTS = {  # value: weights of p01 and of p02
    ("item", "bread"): (1.0, -1.0),
    ("item", "milk"): (0.3, 0.3),
    ("item", "press"): (0.5, 0.4),
    ("item", "plain"): (-0.1, -0.2),
    ("dayparts", "early"): (-0.25, 0.5),
    ("store", "T"): (-0.4, 0.1),
    ("prior", "size"): (float(np.log(0.55)), float(np.log(0.45))),
    ("prior", "damping"): (0.5, 0.5),
}


@pytest.fixture
def truth(session: Session, tmp_path: Path) -> Path:
    keys = [f"r{number}" for number in range(len(RECEIPTS))]
    frame = pd.DataFrame(RECEIPTS, columns=["shopper", "month", "store_key", "daypart", "item_key"])
    receipts = frame.assign(receipt_key=[f"till/{key}" for key in keys])
    lines = receipts.assign(product_key=frame.item_key, quantity=1)[["receipt_key", "product_key", "quantity"]]
    products = pd.DataFrame({"product_key": frame.item_key.unique(), "item_key": frame.item_key.unique()})
    weights = pd.DataFrame(
        [
            (month, profile, kind, value, weight if month == MONTH else -weight)
            for (kind, value), both in WEIGHTS.items()
            for profile, weight in zip(("p01", "p02"), both, strict=True)
            for month in ("2025-01", MONTH)
        ],
        columns=["month", "profile_key", "kind", "value_key", "weight"],
    )
    views = {
        "receipts": receipts[["receipt_key", "month", "store_key", "daypart"]].assign(half=0, lines_count=1, amount_cents=100),
        "receipt_lines": lines,
        "products": products,
        "profile_weights": weights,
    }
    for name, rows in views.items():
        session.connection.register(name, rows)
    directory = tmp_path / "truth"
    (directory / "receipts").mkdir(parents=True)
    frame.assign(source="till", receipt_key=keys)[["source", "receipt_key", "shopper"]].to_parquet(directory / "receipts" / "0.parquet")
    return directory


def endless(truth: Path, rows: list[tuple[str, str, str, str, int]]) -> None:
    (truth / "unlimited").mkdir()
    frame = pd.DataFrame(rows, columns=["shopper", "from_month", "kind", "value_key", "amount"])
    frame.to_parquet(truth / "unlimited" / "0.parquet")


def test_a_label_is_of_the_person_not_of_the_receipts_seen(session: Session, truth: Path) -> None:
    """The receipts seen say p01 or, where they say nothing, the larger profile; what the people are like says otherwise."""
    endless(
        truth,
        [
            ("items", "2025-01", "product", "bread", 60),
            ("items", "2025-01", "product", "press", 40),
            ("items", "2025-01", "store", "S", 50),
            ("sizes", "2025-01", "product", "milk", 100),
            ("sizes", "2025-01", "product", "press", 1),
            ("sizes", "2025-01", "store", "T", 80),
            ("moments", "2025-01", "product", "milk", 100),
            ("moments", "2025-01", "daypart", "early", 90),
            ("moments", "2025-01", "store", "S", 90),
            ("moments", MONTH, "product", "bread", 100),  # became another one
            ("moments", MONTH, "store", "S", 90),
            ("nothing", "2025-01", "product", "plain", 100),
            ("nothing", "2025-01", "store", "S", 100),
            ("shops", "2025-03", "product", "bread", 100),  # not yet
            ("shops", "2025-01", "product", "press", 100),
            ("shops", "2025-01", "store", "T", 100),
        ],
    )
    found = shopper_profiles(session, truth, MONTH).set_index("shopper").group_name
    assert found.to_dict() == {"items": "p01", "sizes": "p02", "moments": "p01", "nothing": "atypical", "shops": "p02"}
    mix = true_mix(session, truth, MONTH).set_index(["store_key", "daypart", "group_name"])
    assert mix.visits_count["all", "all"].to_dict() == {"atypical": 1, "p01": 2, "p02": 2}


def test_bins_of_endless_receipts(session: Session, truth: Path) -> None:
    weights = session.frame("select * from profile_weights")
    bins = [("basket", "lines_1"), ("basket", "lines_3"), ("spend", "spend_0"), ("spend", "spend_5")]
    more = [
        (MONTH, profile, *each, sign * (1.0 if each[1] in ("lines_3", "spend_5") else -1.0))
        for each in bins
        for profile, sign in (("p01", -1), ("p02", 1))
    ]
    session.connection.register("profile_weights", pd.concat([weights, pd.DataFrame(more, columns=weights.columns)]))
    sold = [(name, "2025-01", "product", "milk", 10) for name in ("small", "large")]
    told = [
        ("small", "2025-01", "lines", "2", 9),
        ("small", "2025-01", "euros", "4", 9),
        ("large", "2025-01", "lines", "7", 9),
        ("large", "2025-01", "euros", "5", 9),
    ]
    endless(truth, sold + told)
    found = shopper_profiles(session, truth, MONTH).set_index("shopper").group_name
    assert found.to_dict() == {"small": "p01", "large": "p02"}


def test_a_real_shopper_is_read_by_all_that_members_are_read_by(session: Session, truth: Path) -> None:
    found = shopper_profiles(session, truth, MONTH).set_index("shopper").group_name
    assert found.to_dict() == {
        "items": "p01",
        "moments": "p02",  # 2 × 0.3 + 2 × 0.25 × 2 against 2 × 0.3 − 2 × 0.25
        "shops": "p02",  # 0.4 + 0.1 against 0.5 − 0.4
        "sizes": "p01",  # as likely in both: the larger one
        "nothing": "atypical",
    }


def test_shares_are_of_the_visits_of_the_month(session: Session, truth: Path) -> None:
    mix = true_mix(session, truth, MONTH).set_index(["store_key", "daypart", "group_name"])
    assert mix.visits_count["all", "all"].to_dict() == {"atypical": 1, "p01": 2, "p02": 2}
    assert mix.true_share["T", "all"].to_dict() == {"p02": 1.0}
    assert mix.true_share["S", "noon"].to_dict() == pytest.approx({"atypical": 1 / 3, "p01": 2 / 3})
