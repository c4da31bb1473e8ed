"""The typology of very many members: time and memory, beside plain `hdbscan` in the same run. `python -m benchmarks.typology.scale`

Members are drawn from a mixture of item distributions (nothing is judged here but time and memory). Each step runs in a process of its own,
so that its peak memory is its own. hdbscan runs on the same space, without UMAP, on as many members as `--plain` says: it is no rival for
what it finds, it is the floor of the method's cost.
"""

import argparse
import sys
import time
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from benchmarks.helpers import report

MINUTES, GIGABYTES, PREDICT_MINUTES, LEAST_PROFILES = 8.0, 4.0, 2.0, 5
ITEMS, SHOPS, PROFILES = 2000, 300, 12


def members(count: int, *, seed: int) -> tuple[csr_matrix, csr_matrix, csr_matrix]:
    """Two halves of (count × ITEMS) purchases, 20 each, and visits (count × SHOPS): mixtures of one of PROFILES and of what all buy."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(ITEMS, 0.05), PROFILES + 1)
    cumulative = np.cumsum(shares, axis=1)
    profile, halves = rng.integers(PROFILES, size=count), []
    for _ in range(2):
        own = rng.random((count, 20)) < 0.5
        group = np.where(own, profile[:, None], PROFILES)
        item = np.empty(group.shape, dtype=np.int64)
        for number in range(PROFILES + 1):
            chosen = group == number
            item[chosen] = np.searchsorted(cumulative[number], rng.random(int(chosen.sum())) * cumulative[number, -1])
        rows = np.repeat(np.arange(count), 20)
        halves.append(csr_matrix((np.ones(len(rows)), (rows, item.ravel().clip(max=ITEMS - 1))), shape=(count, ITEMS)))
    shop = rng.integers(SHOPS, size=(count, 2))
    visits = csr_matrix((np.ones(2 * count), (np.repeat(np.arange(count), 2), shop.ravel())), shape=(count, SHOPS))
    return halves[0], halves[1], visits


def step(name: str, count: int) -> dict[str, float]:
    """One step in this process: seconds of the step itself, peak memory of the process with the data in it."""
    from bmyshop_profiles.typology.model.behaviour import behaviour
    from bmyshop_profiles.typology.model.fit import Typology
    from bmyshop_profiles.typology.model.space import fit_space, place

    fitted = min(count, 20_000) if name == "predict" else count
    first, second, visits = members(fitted, seed=0)
    sold = csr_matrix(visits.T @ first)
    started, profiles = time.perf_counter(), 0
    if name == "plain":
        import hdbscan

        places = place(first, fit_space(first))
        hdbscan.HDBSCAN(min_cluster_size=max(15, fitted // 100), min_samples=5, cluster_selection_method="leaf", core_dist_n_jobs=2).fit(
            places
        )
    else:
        model = Typology(least_receipts=1).fit(behaviour(first, visits=visits), other=behaviour(second, visits=visits), store_items=sold)
        profiles = model.profiles_.count
        if name == "predict":
            unseen, _, where = members(count, seed=1)
            started = time.perf_counter()
            for start in range(0, count, 100_000):
                rows = slice(start, start + 100_000)
                known = behaviour(unseen[rows], visits=where[rows])
                model.predict(known)
                model.predict_proba(known)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "gigabytes": report.peak_gigabytes(),
        "members": count,
        "profiles": profiles,
    }


def told(name: str, count: int, options: argparse.Namespace) -> dict[str, float]:
    """`step` in a process of its own, but for the smallest size; printed."""
    found = step(name, count) if options.smoke else report.apart(step, name, count)
    print(
        f"{name:8s} {count:9,d} members  {found['seconds']:8.1f} s  {found['gigabytes']:5.2f} GB  {found['profiles']} profiles", flush=True
    )
    return found


def measure(options: argparse.Namespace) -> report.Measured:
    """Fit, plain hdbscan, predict."""
    fit, plain = told("fit", options.members, options), told("plain", options.plain, options)
    predict = told("predict", options.predicted, options)
    minutes, later = fit["seconds"] / 60, predict["seconds"] / 60
    bars = {
        "fit_minutes": report.at_most(minutes, MINUTES),
        "fit_gigabytes": report.at_most(fit["gigabytes"], GIGABYTES),
        "predict_minutes": report.at_most(later, PREDICT_MINUTES),
        "profiles": report.at_least(min(fit["profiles"], predict["profiles"]), LEAST_PROFILES),
    }
    return {"fit": fit, "plain": plain, "predict": predict, "fit_over_plain": fit["seconds"] / max(plain["seconds"], 1e-9)}, bars


def main(argv: Sequence[str] | None = None) -> int:
    parser = report.parser(__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--predicted", type=int, default=1_000_000)
    parser.add_argument("--plain", type=int, default=100_000, help="members of plain hdbscan")
    return report.run(measure, parser, argv, smoke={"members": 300, "predicted": 300, "plain": 300})


if __name__ == "__main__":
    sys.exit(main())
