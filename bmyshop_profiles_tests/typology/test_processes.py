"""Independent fits over several processes say what they say one after the other."""

import numpy as np
import pandas as pd
import pytest

from bmyshop_profiles.statistics import fits
from bmyshop_profiles.typology.model.behaviour import behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.worth.gate import profile_quality
from bmyshop_profiles.typology.worth.held_out_gain import held_out_gain, typology_method
from bmyshop_profiles_tests.worlds import make_world


@pytest.mark.slow
def test_fits_in_processes_are_the_fits_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fits, "WORTHWHILE", 0)
    world = make_world(people=160, purchases=30)
    first, second = behaviour(world.first), behaviour(world.second)

    def all_of_it() -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
        typology = Typology(most_profiles=4, draws=2).fit(first, other=second)
        labels, jaccard = typology.labels_, typology.chosen_.jaccard
        stability = pd.DataFrame({"jaccard": jaccard.mean(0), "jaccard_low": jaccard.min(0), "draws_count": len(jaccard)})
        method = typology_method(most_profiles=4)
        gain = held_out_gain(first, second, method=method, folds=2).gain
        shuffles = iter([(first, second)] * 2)
        judged = {"stability": stability, "typology": lambda count: Typology(least_profiles=count, most_profiles=count)}
        return labels, gain, profile_quality(first, second, labels, **judged, shuffles=shuffles, store_items=None, seed=0)

    alone = all_of_it()
    with fits.cores(2):
        together = all_of_it()
    np.testing.assert_array_equal(alone[0], together[0])
    np.testing.assert_array_equal(alone[1], together[1])
    pd.testing.assert_frame_equal(alone[2], together[2])
    assert len(alone[2]) >= 2
    assert alone[2].jaccard.between(0.9, 1).all()
