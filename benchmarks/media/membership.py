"""Can it be told whether somebody is in the data? `python -m benchmarks.media.membership`

Simulated network, one month. The attacker knows everything but one person: the counts of all others, and which receipts are that person's,
if in (the strongest attacker that differential privacy speaks of; exports from before and after an erasure make one). Counts by shop and
daypart: those of at least k receipts as they are (k-suppression alone), or with noise as `export --dp` writes them. Half of the time the
person is in. Advantage = share called in of those who are in − of those who are out, by the best test there is (likelihood ratio); 1 is
certainty. A table of epsilon e allows tanh(e / 2) at most; visits have half of an export's epsilon.
Whole minus parts: receipts of a shop and hour, told, less those of its weekdays, of which one is below k and hidden: how many hidden cells
are known so, and how often the same difference of counts with noise is what was hidden.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.helpers import report
from benchmarks.helpers.simulated_members import run_network
from bmyshop_profiles.engine.catalogue import question
from bmyshop_profiles.media.noised import BOUNDS, MOST_RECEIPTS, noised
from bmyshop_profiles.questions.queries import views
from bmyshop_profiles.simulation import Parameters

EPSILONS = (0.5, 1.0, 3.0)
SURE = 0.9  # advantage that k-suppression alone is shown to leave
# of each person that a key tells: receipts by cell, at most so many, as `bounded_visits.sql` takes them
OWN = """
select coalesce(member_key, shopper_key) as person, store_key, daypart, count(*)::bigint as receipts from (
    select *, row_number() over (partition by coalesce(member_key, shopper_key) order by md5(receipt_key), receipt_key) as place
    from receipts where month = $month and coalesce(member_key, shopper_key) is not null
) where place <= $most group by all order by all
"""
HOURS = """
select store_key, sold_hour, weekday, count(*)::bigint as receipts from receipts where month = $month group by all order by all
"""


def advantage(called: np.ndarray, is_in: np.ndarray) -> float:
    """Share called in of those who are in, less of those who are out."""
    return float(called[is_in].mean() - called[~is_in].mean())


def by_suppression(own: Sequence[pd.DataFrame], counts: pd.Series, k: int, is_in: np.ndarray) -> float:
    """Counts as they are, those below k hidden. own: receipts by cell of each person; counts: with everybody in."""
    called = []
    for cells, inside in zip(own, is_in, strict=True):
        at = pd.MultiIndex.from_frame(cells[["store_key", "daypart"]])
        with_, without = counts[at].to_numpy(), counts[at].to_numpy() - cells.receipts.to_numpy()
        told = with_ if inside else without
        shown = np.where(told >= k, told, -1)  # which cells are hidden tells as well
        called.append(bool((shown == np.where(with_ >= k, with_, -1)).all() and (shown != np.where(without >= k, without, -1)).any()))
    return advantage(np.array(called), is_in)


def by_noise(own: Sequence[pd.DataFrame], counts: pd.Series, epsilon: float, is_in: np.ndarray) -> float:
    """Counts with noise of half of epsilon, as in the table of visits; the likelihood of each answer with and without the person."""
    sizes = [len(cells) for cells in own]
    at = [pd.MultiIndex.from_frame(cells[["store_key", "daypart"]]) for cells in own]
    with_ = np.concatenate([counts[each].to_numpy() for each in at])
    receipts = np.concatenate([cells.receipts.to_numpy() for cells in own])
    told, scale = noised(with_ - np.where(np.repeat(is_in, sizes), 0, receipts), bound=BOUNDS["visits_noised"], epsilon=epsilon / 2)
    gain = (np.abs(told - (with_ - receipts)) - np.abs(told - with_)) / scale
    return advantage(np.add.reduceat(gain, np.r_[0, np.cumsum(sizes)[:-1]]) > 0, is_in)


def whole_minus_parts(hours: pd.DataFrame, k: int) -> dict[str, float]:
    """hours: store_key, sold_hour, weekday, receipts. Known: hidden cells that are the only one of their shop and hour."""
    at = hours.groupby(["store_key", "sold_hour"])
    whole, hidden = at.receipts.transform("sum"), hours.receipts < k
    known = hidden & (hidden.groupby([hours.store_key, hours.sold_hour]).transform("sum") == 1) & (whole >= k)
    told = {"hidden cells": int(hidden.sum()), "known by whole minus parts": float(known.sum() / max(hidden.sum(), 1))}
    wholes = at.receipts.sum()
    for epsilon in EPSILONS:
        half = epsilon / 4  # wholes and parts are two tables of what visits have
        parts, _ = noised(hours.receipts.to_numpy(), bound=BOUNDS["visits_noised"], epsilon=half)
        sums, _ = noised(wholes.to_numpy(), bound=BOUNDS["visits_noised"], epsilon=half)
        noisy = hours.assign(parts=parts).join(pd.Series(sums, wholes.index, name="sums"), on=["store_key", "sold_hour"])
        rest = noisy.sums - (noisy.groupby(["store_key", "sold_hour"]).parts.transform("sum") - noisy.parts)
        told[f"known with noise, epsilon {epsilon:g}"] = float((known & (rest == hours.receipts)).sum() / max(known.sum(), 1))
    return told


def measure(options: argparse.Namespace) -> report.Measured:
    """A network, then both attacks."""
    with tempfile.TemporaryDirectory(prefix="membership-") as name:
        settings = run_network(
            Path(name), months=1, parameters=Parameters(), tables=("receipts",), members=options.lines // 400, lines=options.lines,
            stores=options.stores, anonymous=options.lines // 40, seed=0,
        )  # fmt: skip
        month, k = settings.months()[-1], settings.receipts_to_publish
        with views(settings) as session:
            bounded = session.frame(question("bounded_visits").sql, {"month": month, "most_receipts": MOST_RECEIPTS})
            own = session.frame(OWN, {"month": month, "most": MOST_RECEIPTS})
            hours = session.frame(HOURS, {"month": month})
    counts = bounded.set_index(["store_key", "daypart"]).receipts_count
    rng = np.random.default_rng(0)
    people = [cells for _, cells in own.groupby("person")]
    drawn = [people[each] for each in rng.integers(len(people), size=options.trials)]
    is_in = rng.random(options.trials) < 0.5
    error = float(2 * np.sqrt(1 / options.trials))  # two standard errors, at most, of a difference of two shares
    k_alone = by_suppression(drawn, counts, k, is_in)
    found = {epsilon: by_noise(drawn, counts, epsilon, is_in) for epsilon in EPSILONS}
    hidden = whole_minus_parts(hours, k)
    report.show([{"file": f"k = {k} alone", "advantage": k_alone, "most allowed": "1"},
                 *({"file": f"with noise, epsilon {epsilon:g}", "advantage": value, "most allowed": f"{np.tanh(epsilon / 4):.3f}"}
                   for epsilon, value in found.items())])  # fmt: skip
    report.show([hidden])
    bars = {
        "advantage, k alone (the attack works)": report.at_least(k_alone, SURE),
        **{
            f"advantage, epsilon {epsilon:g}": report.at_most(value, round(float(np.tanh(epsilon / 4)) + error, 4))
            for epsilon, value in found.items()
        },
        "known with noise, epsilon 1": report.at_most(hidden["known with noise, epsilon 1"], 0.1),
    }
    advantages = {f"advantage, epsilon {epsilon:g}": value for epsilon, value in found.items()}
    figures = {"people": len(people), "trials": options.trials, "advantage, k alone": k_alone, **advantages}
    return {**figures, **hidden}, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Run everything."""
    parser = report.parser(__doc__)
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--stores", type=int, default=40)
    parser.add_argument("--trials", type=int, default=20_000)
    return report.run(measure, parser, argv, smoke={"lines": 12_000, "stores": 3, "trials": 200})


if __name__ == "__main__":
    sys.exit(main())
