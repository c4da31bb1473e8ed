"""The tables that say whether a typology is about people: held-out gain beside k-means of equal size, shuffled receipts and people without
clusters; and the gate of each profile."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bmyshop_profiles.statistics.intervals import Interval, rows_drawn
from bmyshop_profiles.typology.members import Members, Shopping, positions, sparse
from bmyshop_profiles.typology.model.behaviour import behaviour
from bmyshop_profiles.typology.tables import Wanted, profile_key
from bmyshop_profiles.typology.worth import gate
from bmyshop_profiles.typology.worth.held_out_gain import HeldOut, held_out_gain, kmeans_method, shuffled_owner, typology_method
from bmyshop_profiles.typology.worth.natural import MOST_MEMBERS, natural

MOST_MEASURED = 25_000  # members on whom gains are measured: four fifths of them are as many as a typology is fitted on


def typology_quality(
    members: Members, how: Shopping, receipt_items: pd.DataFrame, wanted: Wanted, *, folds: int, profiles: int, natural_draws: int
) -> pd.DataFrame:
    """`typology_quality`. receipt_items: see `shuffled_halves`; profiles: number found in the month (0: nothing to measure);
    natural_draws: fits on people without clusters."""
    enough = _known(members, wanted)
    enough = enough[rows_drawn(len(enough), most=MOST_MEASURED, seed=wanted.seed)]
    if profiles < 2 or len(enough) < 10 * folds:
        return pd.DataFrame()
    first, second = how.first[enough], how.second[enough]
    method = typology_method(store_items=how.store_items, **wanted.typology(profiles).get_params())
    ours = held_out_gain(first, second, method=method, folds=folds, seed=wanted.seed)
    rival = held_out_gain(first, second, method=kmeans_method(clusters=profiles, seed=wanted.seed), folds=folds, seed=wanted.seed)
    halves = shuffled_halves(members, how, enough, receipt_items, seed=wanted.seed)
    shuffled = held_out_gain(*halves, method=method, folds=folds, seed=wanted.seed)
    rows = [
        _row("held_out_gain", ours.per_item(), ours),
        _row("kmeans", rival.per_item(), rival),
        _row("above_kmeans", ours.above(rival), ours),
        _row("shuffled", shuffled.per_item(), shuffled),
        _natural(how, enough, wanted, profiles=profiles, draws=natural_draws),
    ]
    return pd.DataFrame(rows)


def profile_quality(
    members: Members, how: Shopping, receipt_items: pd.DataFrame, labels: np.ndarray, wanted: Wanted, stability: pd.DataFrame
) -> pd.DataFrame:
    """`profile_quality`. labels: (members,) number of the profile read from all receipts, below zero = in none. stability: jaccard,
    jaccard_low, draws_count of each profile, in their order."""
    enough = _known(members, wanted)
    enough = enough[rows_drawn(len(enough), most=gate.MOST_MEMBERS, seed=wanted.seed)]
    if len(enough) < 2 or labels.max(initial=-1) < 1:
        return pd.DataFrame()

    def shuffles() -> Iterator[gate.Halves]:
        for draw in range(wanted.gate_draws):
            yield shuffled_halves(members, how, enough, receipt_items, seed=wanted.seed + draw)

    found = gate.profile_quality(
        how.first[enough],
        how.second[enough],
        labels[enough],
        stability=stability,
        typology=wanted.typology,
        shuffles=shuffles(),
        store_items=how.store_items,
        seed=wanted.seed,
    )
    if found.empty:
        return found
    figures = ["jaccard", "jaccard_low", "held_out_gain", "low", "high", "shuffled_gain"]
    return found.assign(profile_key=[profile_key(number) for number in found.profile], **{name: found[name].round(9) for name in figures})


def _natural(how: Shopping, enough: np.ndarray, wanted: Wanted, *, profiles: int, draws: int) -> dict[str, object]:
    """How far the gain is above that of typologies of people without clusters, on a sample; the interval is that of their gains."""
    enough = enough[rows_drawn(len(enough), most=MOST_MEMBERS, seed=wanted.seed)]
    found = natural(
        how.first[enough],
        how.second[enough],
        typology=lambda: wanted.typology(profiles),
        store_items=how.store_items,
        draws=draws,
        seed=wanted.seed,
    )
    known = found.null[np.isfinite(found.null)]
    low, middle, high = np.quantile(known, (0.05, 0.5, 0.95)) if len(known) else np.full(3, np.nan)
    return {
        "measure": "above_continuum",
        "value": found.gain - middle,
        "low": found.gain - high,
        "high": found.gain - low,
        "people_count": found.people,
        "draws_count": len(found.null),
        "verdict": found.verdict,
    }


def _known(members: Members, wanted: Wanted) -> np.ndarray:
    """Rows of members with enough receipts in each half."""
    return np.flatnonzero((members.receipts[0] >= wanted.label_receipts) & (members.receipts[1] >= wanted.label_receipts))


def _row(measure: str, interval: Interval, of: HeldOut) -> dict[str, object]:
    return {
        "measure": measure,
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "people_count": interval.people,
        "mean_profiles": float(np.mean(of.profiles)),
    }


def shuffled_halves(members: Members, how: Shopping, enough: np.ndarray, receipt_items: pd.DataFrame, *, seed: int) -> gate.Halves:
    """The two halves of the same members after whole receipts changed hands within month, shop and half.

    receipt_items: month, receipt_key, member_key, store_key, half, item_key. Everybody keeps the number of receipts of each month, shop and
    half, and so the visits; only what was on them is another's. The moments of receipts are not known here and left out.
    """
    keys = members.keys[enough]
    own = receipt_items[positions(receipt_items.member_key, keys) >= 0]
    receipts = own.drop_duplicates("receipt_key").sort_values("receipt_key", ignore_index=True)
    stratum = receipts.groupby(["month", "store_key", "half"], dropna=False).ngroup().to_numpy()
    owner = pd.Series(shuffled_owner(receipts.member_key.to_numpy(dtype=object), within=stratum, seed=seed), index=receipts.receipt_key)
    halves = []
    for half, known in ((0, how.first), (1, how.second)):
        of_half = own[own.half == half]
        items = sparse(owner.loc[of_half.receipt_key], of_half.item_key, np.ones(len(of_half)), rows=keys, columns=members.items)
        halves.append(behaviour(items, visits=known.visits[enough]))
    return halves[0], halves[1]
