"""The posterior of a receipt is made in three places: Python, the SQL of audiences, the SQL that explains a receipt. They agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix
from scipy.special import softmax

from bmyshop_profiles.engine.catalogue import load_catalogue, question
from bmyshop_profiles.engine.session import Session
from bmyshop_profiles.projection.calibration import CalibrationMap, Places
from bmyshop_profiles_tests.conftest import attach_rows

MONTH, SERVED = "2025-01", "topics"
OTHERS = [("profile", "everybody"), ("sex", SERVED)]  # what is not served
ROUNDED = 1e-5  # weights are kept in millionths, posteriors in billionths
SHOWN = 6e-5  # four digits are shown


@dataclass(frozen=True)
class SmallWorld:
    """ratios: (items × groups). bought: per receipt, (product, quantity); product 2i and 2i + 1 are item i, the last item is unknown. The
    map knows two places: the shop of the first receipt, and the moment of all."""

    ratios: np.ndarray
    map: CalibrationMap
    bought: list[list[tuple[int, int]]]

    @property
    def groups(self) -> list[str]:
        return [f"p{number + 1:02d}" for number in range(len(self.map.intercepts))]

    def posterior(self, *, placed: bool) -> np.ndarray:
        """(receipts × groups) by Python."""
        receipts = np.zeros((len(self.bought), len(self.ratios)))
        for row, lines in enumerate(self.bought):
            known = [product // 2 for product, quantity in lines if quantity > 0 and product // 2 < len(self.ratios)]
            np.add.at(receipts[row], known, 1)
        of = np.ones((len(receipts), 2))
        of[1:, 0] = 0
        return self.map.posterior(csr_matrix(receipts), self.ratios, Places(csr_matrix(of), np.arange(2)) if placed else None)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The same as rows. Every receipt has a shop of its own."""
        weights = np.rint(self.map.weights(self.ratios) * 1e6).astype(int)
        evidence, calibration, places = [], [], []
        for target, variant in [("profile", SERVED), *OTHERS]:
            served = variant == SERVED and target == "profile"
            for number, group in enumerate(self.groups):
                of = {"target": target, "variant": variant, "group_name": group}
                evidence += [
                    {**of, "item_key": f"i{item}", "weight_micronats": int(row[number]) if served else 3_000_000 * number}
                    for item, row in enumerate(weights)
                ]
                for row, (kind, key) in enumerate((("store", "s0"), ("moment", "bakery/noon"), ("store", "s99"))):
                    weight = round(self.map.places[row, number] * 1e6) if served and row < 2 else 3_000_000 * number
                    places.append({**of, "place_kind": kind, "place_key": key, "weight_micronats": weight})
                intercept, prior = float(self.map.intercepts[number]), float(self.map.prior[number])
                calibration += [
                    {**of, "term": "intercept", "coefficient": intercept if served else 3.0 * number},
                    {**of, "term": "prior_share", "coefficient": prior},
                    *({**of, "term": other, "coefficient": 1.0} for other in self.groups),
                ]
        rows = range(len(self.bought))
        return {
            "item_evidence": evidence,
            "place_evidence": places,
            "evidence_calibration": calibration,
            "stores": [{"store_key": f"s{row}", "store_type": "bakery"} for row in rows],
            "products": [{"product_key": f"a{p}", "item_key": f"i{p // 2}", "label": f"L{p % 3}"} for p in range(2 * len(self.ratios) + 2)],
            "store_visits": [
                {"store_key": store, "weekday": 0, "daypart": daypart, "sold_hour": -1}
                for store in ("all", *(f"s{row}" for row in rows))
                for daypart in ("all", "noon")
            ],
            "receipts": [{"receipt_key": f"r{row}", "store_key": f"s{row}", "daypart": "noon", "basket_code": row + 1} for row in rows],
            "baskets": [
                {"basket_code": row + 1, "item_key": item}
                for row in rows
                for item in sorted({f"i{product // 2}" for product, quantity in self.bought[row] if quantity > 0})
            ],
            "receipt_lines": [
                {"receipt_key": f"r{row}", "store_key": f"s{row}", "product_key": f"a{product}", "quantity": quantity}
                for row in rows
                for product, quantity in self.bought[row]
            ],
        }


@st.composite
def small_worlds(draw: st.DrawFn) -> SmallWorld:
    groups, items = draw(st.integers(2, 4)), draw(st.integers(1, 4))
    number = st.floats(-3, 3)
    intercepts = draw(arrays(float, groups, elements=number)).round(9)
    coefficients = draw(arrays(float, (groups, groups), elements=number))
    line = st.tuples(st.integers(0, 2 * items + 1), st.integers(-1, 2))
    return SmallWorld(
        draw(arrays(float, (items, groups), elements=number)),
        CalibrationMap(
            coefficients,
            intercepts,
            softmax(intercepts),
            draw(arrays(float, (items, groups), elements=number)),
            draw(arrays(float, (2, groups), elements=number)),
        ),
        draw(st.lists(st.lists(line, max_size=8), min_size=1, max_size=3)),
    )


@pytest.mark.slow
@examples(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(small_worlds())
def test_python_audiences_and_explanations_give_a_receipt_the_same_posterior(session: Session, world: SmallWorld) -> None:
    for name, rows in world.tables().items():
        attach_rows(session, name, rows, MONTH)
    expected, placed = world.posterior(placed=False), world.posterior(placed=True)
    table = load_catalogue()["store_evidence"]
    cells = session.frame(table.sql or "", {"semi_supervised": SERVED}).pivot(
        index=["store_key", "daypart"], columns="group_name", values="mean_posterior"
    )
    assert list(cells.columns) == world.groups
    np.testing.assert_allclose(cells.loc[("all", "all")], expected.mean(0), atol=ROUNDED)
    for row, posterior in enumerate(expected):
        np.testing.assert_allclose(cells.loc[(f"s{row}", "noon")], posterior, atol=ROUNDED)
        terms = session.frame(question("explain").sql, {"receipt": f"r{row}", "variant": SERVED}).groupby("profile_key")
        assert list(terms.groups) == world.groups
        assert (terms.posterior.nunique() == 1).all()
        np.testing.assert_allclose(terms.posterior.first(), placed[row], atol=SHOWN)
        np.testing.assert_allclose(softmax(terms.nats.sum()), placed[row], atol=5 * SHOWN)  # what is explained is all there is
        np.testing.assert_allclose(terms.prior.first(), world.map.prior, atol=SHOWN)
