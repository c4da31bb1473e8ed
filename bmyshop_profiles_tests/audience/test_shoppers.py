"""Visits of keyed shoppers by label, read in SQL as stored weights read members."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from bmyshop_profiles.engine.build import Frames
from bmyshop_profiles.engine.catalogue import load_catalogue
from bmyshop_profiles.typology.lives.frozen import nearest_by_weights, weight_scores
from bmyshop_profiles.typology.model.behaviour import behaviour
from bmyshop_profiles_tests.conftest import attach_rows

ITEMS, STORES, PROFILES = ["i0", "i1", "i2"], ["S0", "S1"], ["p01", "p02"]
MONTH = "2025-02"


def weights(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (p, kind, value, float(rng.normal())) for kind, values in (("item", ITEMS), ("store", STORES)) for value in values for p in PROFILES
    ]
    rows += [("p01", "prior", "size", -0.3), ("p02", "prior", "size", -1.4), *((p, "prior", "damping", 0.35) for p in PROFILES)]
    return pd.DataFrame(rows, columns=["profile_key", "kind", "value_key", "weight"])


@pytest.fixture
def told(session):
    """Rows of the query, from counts (shoppers × halves × items) and (shoppers × halves × shops), of January, and visits of the month."""

    def run(items: np.ndarray, visits: np.ndarray, now: np.ndarray) -> pd.DataFrame:
        counted = (("2025-01", "item", ITEMS, items), ("2025-01", "store", STORES, visits), (MONTH, "store", STORES, now))
        rows = [
            {"month": month, "shopper_key": f"c{shopper:03}", "half": half, "kind": kind, "value_key": names[value], "things_count": int(n)}
            for month, kind, names, counts in counted
            for (shopper, half, value), n in np.ndenumerate(counts)
            if n
        ]
        attach_rows(session, "shopper_counts", rows, None)
        attach_rows(session, "profile_weights", [{"month": MONTH, **row} for row in weights().to_dict("records")], None)
        parameters = {"month": MONTH, "typology_since": "2024-03"}
        return Frames(session, load_catalogue()["store_audience"], load_catalogue(), parameters)["shoppers"]

    return run


def labels(items: np.ndarray, visits: np.ndarray) -> list[str]:
    """By Python: items (shoppers × items), visits (shoppers × shops)."""
    own = behaviour(csr_matrix(items.astype(float)), visits=csr_matrix(visits.astype(float)), others={})
    scores, profiles = weight_scores(weights(), own, items=np.array(ITEMS, object), stores=np.array(STORES, object))
    nearest = nearest_by_weights(weights(), scores, own.sizes, profiles)
    return [PROFILES[number] if best > 0 else "atypical" for number, best in zip(nearest, scores.max(1), strict=True)]


def test_shoppers_are_labelled_as_python_labels_members(told) -> None:
    rng = np.random.default_rng(1)
    items, visits = rng.poisson(1.5, (60, 2, 3)), 1 + rng.poisson(2, (60, 2, 2))
    now = np.zeros((60, 2, 2), int)
    now[:, 0, 0] = 1 + rng.poisson(1, 60)
    found = told(items, visits, now)
    seen = visits + now
    known = (items.sum(2) > 0).all(1)
    assert 40 < known.sum() < 60
    for part, counts, where in (
        ("half_0", items[:, 0], seen[:, 0]),
        ("half_1", items[:, 1], seen[:, 1]),
        ("whole", items.sum(1), seen.sum(1)),
    ):
        expected = pd.Series(now[known, 0, 0]).groupby(np.array(labels(counts[known], where[known]))).agg(["sum", lambda n: (n**2).sum()])
        own = found[found.part == part].set_index("group_name")
        assert own.visits_count.to_dict() == expected["sum"].to_dict(), part
        assert own.visit_squares.to_dict() == expected.iloc[:, 1].to_dict(), part
    assert set(found.group_name) == {"p01", "p02", "atypical"}


def test_who_did_not_come_in_the_month_counts_for_nothing(told) -> None:
    items, visits = np.ones((3, 2, 3), int), np.ones((3, 2, 2), int)
    now = np.zeros((3, 2, 2), int)
    now[1, 0, 1] = 4
    assert told(items, visits, now).groupby("part").visits_count.sum().to_dict() == {"half_0": 4, "half_1": 4, "whole": 4}
    assert told(items, visits, 0 * now).empty
