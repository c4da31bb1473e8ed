"""What a profile has more or less of than all members in a profile, with intervals by person: families, moments, shops.

Belongs here: shares, lifts, their intervals and the numbers of people behind them. Does not belong here: which of them are told (cards.py).
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.intervals import ratio_intervals

LEAST_UNITS, LEAST_BUYERS = 20, 5  # of a profile, for anything to be told
LEAST_LIFT = 1.2  # less is no difference to a reader
COLUMNS = ["profile_key", "label", "own_share", "low", "high", "network_share", "units", "buyers", "network_buyers", "value", "gain"]


def lifts(counts: pd.DataFrame, totals: pd.Series, labels: pd.Series, *, most: int = 400) -> pd.DataFrame:
    """One row per profile and trait, see `COLUMNS`; at most so many traits, those that occur most.

    counts: member_key, label (the trait; empty: counted, never told), count. totals: of the counts, by member_key. labels: profile by
    member_key. value: the lift, own_share ÷ network_share; low, high: its interval by person; gain: what the trait says, nats per article.
    Where nearly nobody has a trait an interval by person sees no spread: its upper end is at least 3 of all (rule of three: Hanley,
    Lippman-Hand 1983).
    """
    members = pd.Index(totals.index[totals.index.isin(labels.index)]).sort_values()
    known = counts[counts.member_key.isin(members) & counts.label.notna() & (counts["count"] > 0)]
    sizes = known.groupby("label")["count"].sum().rename("size").reset_index()
    traits = pd.Index(sizes.sort_values(["size", "label"], ascending=[False, True]).label.head(most)).sort_values()
    known = known[known.label.isin(traits)]
    places = members.get_indexer(known.member_key), traits.get_indexer(known.label)
    bought = csr_matrix((known["count"].to_numpy(float), places), shape=(len(members), len(traits)))  # adds up what occurs twice
    own_totals, profile = totals.reindex(members).to_numpy(float), labels.reindex(members).to_numpy()
    everybody = np.asarray(bought.sum(0)).ravel() / max(own_totals.sum(), 1)
    network_buyers = bought.getnnz(axis=0)
    found = []
    for key in sorted(set(profile)):
        rows = np.flatnonzero(profile == key)
        share, low, high = ratio_intervals(bought[rows], own_totals[rows])
        buyers = bought[rows].getnnz(axis=0)
        high = np.where(buyers < LEAST_BUYERS, np.maximum(high, 3 / max(own_totals[rows].sum(), 1)), high)
        found.append(
            pd.DataFrame(
                {
                    "profile_key": key,
                    "label": traits,
                    "own_share": share,
                    "low": np.maximum(low, 0) / everybody,
                    "high": high / everybody,
                    "network_share": everybody,
                    "units": np.asarray(bought[rows].sum(0)).ravel(),
                    "buyers": buyers,
                    "network_buyers": network_buyers,
                }
            )
        )
    if not found or not len(traits):
        return pd.DataFrame(columns=COLUMNS)
    frame = pd.concat(found, ignore_index=True)
    frame["value"] = frame.own_share / frame.network_share
    frame["gain"] = np.where(frame.value > 1, frame.own_share, frame.network_share) * np.log(frame.value.clip(lower=1e-3))
    return frame


def told(found: pd.DataFrame) -> pd.Series:
    """Enough articles of enough people of the profile to be shown."""
    return (found.units >= LEAST_UNITS) & (found.buyers >= LEAST_BUYERS)


def more(found: pd.DataFrame) -> pd.DataFrame:
    """What is surely and clearly above everybody's, that which says most first."""
    sure = found[told(found) & (found.low > 1) & (found.value >= LEAST_LIFT)]
    return sure.sort_values(["gain", "label"], ascending=[False, True])


def less(found: pd.DataFrame) -> pd.DataFrame:
    """What is surely and clearly below everybody's, that which says most first."""
    sure = found[(found.network_buyers >= LEAST_BUYERS) & (found.high < 1) & (found.value <= 1 / LEAST_LIFT)]
    return sure.sort_values(["gain", "label"])
