"""A synthetic household size of members, at several strengths and answer rates, and what it would be worth: the table.

Belongs here: the grid, the persona the variable is drawn from. Does not belong here: the method (`value.py`).
"""

import numpy as np
import pandas as pd

from bmyshop_profiles.enrichment.value import draw_variable, value_for_held_out_gain, value_for_projection
from bmyshop_profiles.statistics.intervals import Interval
from bmyshop_profiles.statistics.likelihood import everybody_shares
from bmyshop_profiles.typology.members import Members

SIZES = 4  # one, two, three or four, five and more
STRENGTHS = (0.0, 0.3, 0.7)
ANSWER_RATES = (0.3, 1.0)


def variable_value(
    members: Members, clusters: pd.DataFrame, posteriors: pd.DataFrame, *, seed: int, personas: pd.Series | None = None
) -> pd.DataFrame:
    """`variable_value`; empty without profiles or posteriors.

    The variable is drawn given a persona. Real members have none: theirs is the profile of the full history. The labels were read from
    part of it, so values are too high, up to twice on the simulator (`benchmarks.enrichment.variable`). personas: the simulator's own, by
    member_key (integers from 0), for evaluation only.
    """
    if clusters.empty or posteriors.empty:
        return pd.DataFrame()
    labels_of = {part: frame.set_index("member_key") for part, frame in clusters.groupby("part")}
    groups = sorted(posteriors.group_name.unique())
    used = np.flatnonzero((labels_of["half_0"].loc[members.keys].state != "too_few_receipts").to_numpy())
    keys = members.keys[used]
    label = _numbers(labels_of["half_0"].loc[keys], groups)
    persona = np.maximum(_numbers(labels_of["whole"].loc[keys], groups), 0) if personas is None else personas.loc[keys].to_numpy()
    first, second = (half[used] for half in members.counts)
    wide = posteriors.pivot(index="receipt_key", columns="group_name", values="posterior")[groups]
    owners = posteriors.drop_duplicates("receipt_key").set_index("receipt_key").loc[wide.index].member_key
    member = pd.Index(keys).get_indexer(pd.Index(owners))
    everybody = everybody_shares(first)
    rows = []
    for strength in STRENGTHS:
        for rate in ANSWER_RATES:
            values = draw_variable(persona, categories=SIZES, strength=strength, answer_rate=rate, seed=seed)
            loss = value_for_projection(wide.to_numpy(), member, label, values, categories=SIZES, seed=seed)
            gain = value_for_held_out_gain(
                first, second, label, values, groups=len(groups), everybody=everybody, categories=SIZES, seed=seed
            )
            rows += [_row(strength, rate, "log_loss", loss), _row(strength, rate, "held_out_gain", gain)]
    return pd.DataFrame(rows)


def _numbers(labelled: pd.DataFrame, groups: list[str]) -> np.ndarray:
    return pd.Index(groups).get_indexer(pd.Index(labelled.profile_key.fillna("atypical")))


def _row(strength: float, rate: float, measure: str, found: Interval) -> dict[str, object]:
    figures = {name: round(getattr(found, name), 9) for name in ("value", "low", "high")}
    return {"strength": strength, "answer_rate": rate, "measure": measure, **figures, "people_count": found.people}
