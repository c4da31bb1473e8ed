"""Audiences of as many shops as a network has: seconds and memory of the joint fit and its tables.

    python -m benchmarks.audience.size

Frames are drawn, not made by the chain: what cells there are decides how long the fit takes, not what is in them. 7,000 shops, six
dayparts, ten groups; 100,000 members make the visits. Beside it a tenth of the shops: time should grow with their number.
"""

import argparse
import resource
import sys
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.helpers import report
from bmyshop_profiles.audience.mixes import store_audience

SECONDS, GIGABYTES = 60, 2.0
DAYPARTS = ("early", "morning", "noon", "afternoon", "evening", "night")


def frames(shops: int, *, groups: int, members: int, receipts: int, seed: int = 0) -> tuple[pd.DataFrame, ...]:
    """What `store_audience` is handed: evidence, posteriors, visits, halves, shoppers. receipts: of members, with a posterior."""
    rng = np.random.default_rng(seed)
    names, mix = [f"p{number + 1:02}" for number in range(groups)], rng.dirichlet(np.full(groups, 5.0))
    cells = pd.MultiIndex.from_product([[f"S{number:05}" for number in range(shops)], DAYPARTS], names=["store_key", "daypart"])
    of_cells = rng.dirichlet(40 * mix, len(cells))
    counted = pd.DataFrame(0.9 * mix + 0.1 * of_cells, index=cells, columns=names)
    size = pd.Series(rng.poisson(800, len(cells)) + 1, index=cells)
    weighted = counted.mul(size, axis=0).assign(receipts_count=size).reset_index()
    columns = [*names, "receipts_count"]
    sums = [
        weighted,
        weighted.groupby("store_key", as_index=False)[columns].sum().assign(daypart="all"),
        weighted.groupby("daypart", as_index=False)[columns].sum().assign(store_key="all"),
        weighted[columns].sum().to_frame().T.assign(store_key="all", daypart="all"),
    ]
    rows = pd.concat(sums, ignore_index=True)
    rows[names] = rows[names].div(rows.receipts_count.astype(float), axis=0).astype(float)
    known = (0.1 * rows.receipts_count.astype(float)).round()
    rows = rows.assign(
        shopper_mean_posterior=np.nan, shopper_receipts_count=0, keyed_receipts_count=known, keyed_people_count=known,
        keyed_receipt_squares=3 * known, identified_receipts_count=known, members_count=(known / 3).round(),
    )  # fmt: skip
    evidence = rows.melt(id_vars=[name for name in rows.columns if name not in names], var_name="group_name", value_name="mean_posterior")
    label = rng.choice(groups, receipts, p=mix)
    posterior = 0.9 * mix + 0.1 * np.eye(groups)[label]
    number = np.arange(receipts)
    posteriors = pd.DataFrame({
        "receipt_key": number.astype(str), "member_key": (number % members).astype(str),
        "store_key": rng.integers(0, shops, receipts).astype(str), "label": np.array(names)[label],
    })  # fmt: skip
    posteriors = posteriors.loc[np.repeat(number, groups)].assign(group_name=np.tile(names, receipts), posterior=posterior.ravel())
    people = rng.poisson(14.0 * members / 100_000 * 7000 / shops * of_cells)
    place, group = np.nonzero(people)
    visits = pd.DataFrame({
        "store_key": cells.get_level_values(0)[place], "daypart": cells.get_level_values(1)[place], "group_name": np.array(names)[group],
        "person_half": rng.integers(0, 2, len(place)), "visits_count": 2 * people[place, group], "visit_squares": 4 * people[place, group],
    })  # fmt: skip
    halves = pd.DataFrame([(one, other, 70 if one == other else 3) for one in names for other in names])
    halves.columns = ["half_label", "whole_label", "members_count"]
    return evidence, posteriors, visits, halves, pd.DataFrame(columns=["part", "group_name", "visits_count", "visit_squares"])


def measure(options: argparse.Namespace) -> report.Measured:
    """Seconds at two sizes, and the peak of the process, the frames included."""
    rows = []
    for shops in (max(options.shops // 10, 2), options.shops):
        given = frames(shops, groups=options.groups, members=options.members, receipts=options.receipts)
        began = time.perf_counter()
        table, _ = store_audience(*given, least=20)
        rows.append(
            {
                "shops": shops,
                "cells": int(((table.store_key != "all") & (table.daypart != "all")).sum() // options.groups),
                "seconds": time.perf_counter() - began,
                "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
            }
        )
    report.show(rows)
    last = rows[-1]
    bars = {"seconds": report.at_most(last["seconds"], SECONDS), "peak GB": report.at_most(last["peak GB"], GIGABYTES)}
    return {f"{row['shops']} shops": row for row in rows}, bars


def main(argv: Sequence[str] | None = None) -> int:
    """Both sizes."""
    parser = report.parser(__doc__)
    parser.add_argument("--shops", type=int, default=7000)
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--receipts", type=int, default=100_000, help="of members, with a posterior: calibration_receipts")
    return report.run(measure, parser, argv, smoke={"shops": 40, "groups": 3, "members": 500, "receipts": 2000})


if __name__ == "__main__":
    sys.exit(main())
