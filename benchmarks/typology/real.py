"""What the typology is worth on real people, beside other ways to one. `python -m benchmarks.typology.real [--shuffles 19] [data …]`

Protocol: every household or customer with four receipts is a member; receipts of even rank make the profiles and the labels, those of odd
rank are scored, of people left out, in five folds by person. Everybody is scored in the most probable profile. Shuffled: whole receipts
change hands within month × shop. In its shops: these are described by the first halves of
all, scored people's too. Dayparts and other groups of behaviour: groups.py; age and income: demography.py. Origin of the
data: see helpers/real_people.py.
"""

import argparse
import functools
import sys
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.helpers import report
from benchmarks.helpers.real_people import SMOKE, RealPeople, data_parser, load, of_each
from benchmarks.platform.chain_real import person_counts, text
from benchmarks.typology.rivals import counts_of, topics_method
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.worth.held_out_gain import HeldOut, Method, held_out_gain, kmeans_method, shuffled_owner, typology_method

GAIN = {"complete_journey": 0.049, "online_retail": 0.113}
MOST_PROFILES, LEAST_SHARE, SEEDS_AGREE, FALL = 16, 0.02, 0.85, 0.02
CURVE = ((2, 3), (4, 7), (8, 15), (16, 31), (32, 10_000))


def agreement(found: HeldOut, people: np.ndarray | None = None) -> float:
    """AMI between the profiles that the two halves of unseen people say, under the profiles fixed in each fold; mean of the folds."""
    from sklearn.metrics import adjusted_mutual_info_score

    people = np.ones(len(found.labels), dtype=bool) if people is None else people
    parts = [people & (found.fold == number) for number in range(found.fold.max() + 1)]
    return float(np.mean([adjusted_mutual_info_score(found.labels[part], found.again[part]) for part in parts if part.sum() > 1]))


def in_shops(data: RealPeople) -> tuple[Behaviour, Behaviour, csr_matrix]:
    """The halves with the shops of their receipts, and what was bought in each shop."""
    shop = pd.factorize(data.receipt_table.store, sort=True)[0]
    shape = (data.half_counts[0].shape[0], int(shop.max()) + 1)
    first, second = (behaviour(data.half_counts[half], visits=counts_of(data.owner, shop, data.half == half, shape)) for half in (0, 1))
    rows = np.flatnonzero(data.half == 0)
    sold = csr_matrix((np.ones(len(rows)), (shop[rows], rows)), shape=(shape[1], len(data.owner))) @ data.receipts
    return first, second, csr_matrix(sold)


def shuffles(data: RealPeople, count: int) -> list[float]:
    """Held-out gain of the typology on receipts that changed hands within month × shop, once per shuffle."""
    stratum = (data.receipt_table["at"].dt.strftime("%Y-%m") + "|" + data.receipt_table["store"]).to_numpy()
    people, found = data.half_counts[0].shape[0], []
    for seed in range(count):
        owner = shuffled_owner(data.owner, within=stratum, seed=seed)
        halves = [person_counts(data.receipts, owner, rows=np.flatnonzero(data.half == half), people=people) for half in (0, 1)]
        found.append(held_out_gain(*halves, method=typology_method(most_profiles=MOST_PROFILES), folds=2).per_item().value)
    return found


def run(name: str, options: argparse.Namespace) -> tuple[dict, dict]:
    """Figures and bars of one data set."""
    from sklearn.metrics import adjusted_mutual_info_score

    started, data = time.time(), load(name, people=options.people, items=options.items)
    first, second = data.half_counts
    print(f"\n{name}: {first.shape[0]} people, {first.shape[1]} items, {len(data.owner)} receipts")
    print(f"{'':42s} {'gain per item [90 %]':27s} {'typology minus it':27s} profiles; AMI of the two halves")
    served = {"most_profiles": MOST_PROFILES}

    def measured(method: Method, halves: tuple = (first, second)) -> HeldOut:
        return held_out_gain(*halves, method=method, folds=options.folds)

    ours = measured(typology_method(**served))
    size = max(round(float(np.mean(ours.profiles))), 2)
    figures: dict = {}

    def row(what: str, found: HeldOut) -> None:
        above = ours.above(found)
        figures[what] = {"gain": found.per_item(), "typology_minus_it": above, "profiles": found.profiles, "halves": agreement(found)}
        print(f"{what:42s} {text(found.per_item()):27s} {text(above):27s} {found.profiles}; {figures[what]['halves']:.3f}", flush=True)

    row("typology", ours)
    kmeans = measured(kmeans_method(clusters=size))
    row(f"k-means {size}, same space", kmeans)
    if size < MOST_PROFILES:
        row(f"k-means {MOST_PROFILES}, same space", measured(kmeans_method(clusters=MOST_PROFILES)))
    row(f"k-means {size}, no classes of items", measured(kmeans_method(clusters=size, classes=False)))
    row("from HDBSCAN instead of k-means", measured(typology_method(proposals="density", **served)))
    row("from both", measured(typology_method(proposals="both", **served)))
    for kind in ("lda", "nmf"):
        row(f"k-means {size} on 20 topics ({kind})", measured(topics_method(clusters=size, topics=20, kind=kind)))
    *halves, sold = in_shops(data)
    row("typology in its shops", measured(typology_method(store_items=sold, **served), tuple(halves)))
    print("AMI of the two halves by receipts of a half:")
    each = np.bincount(data.owner[data.half == 1], minlength=len(ours.labels))
    for low, high in CURVE:
        people = (each >= low) & (each <= high)
        if people.sum() >= 50:
            figures[f"halves {low}-{high} receipts"] = {"typology": agreement(ours, people), "kmeans": agreement(kmeans, people)}
            print(
                f"  {low:3d} to {high:5d}: {agreement(ours, people):.3f} (k-means {agreement(kmeans, people):.3f}), {people.sum()} people"
            )
    seeds = [Typology(seed=seed, **served).fit(first, other=second) for seed in (0, 1)]
    same = adjusted_mutual_info_score(seeds[0].labels_, seeds[1].labels_)
    small = min(np.bincount(model.nearest_).min() / first.shape[0] for model in seeds)
    print(f"did the computation converge? two seeds agree at AMI {same:.3f} (aim ≥ {SEEDS_AGREE}; it says nothing about people)")
    null = shuffles(data, options.shuffles)
    print(f"shuffled within month × shop, {options.shuffles} times: {min(null, default=0):+.4f} to {max(null, default=0):+.4f}")
    figures |= {"two_seeds": same, "shuffled": null, "smallest_share": small, "atypical_share": float(ours.atypical.mean())}
    figures["seconds"] = round(time.time() - started)
    return figures, bars_of(name, ours, kmeans, figures)


def bars_of(name: str, ours: HeldOut, kmeans: HeldOut, figures: dict) -> dict:
    gain, above = ours.per_item().value, ours.above(kmeans)
    found = {
        "held_out_gain": (gain, GAIN[name], gain >= GAIN[name]),
        "most_profiles": (max(ours.profiles), MOST_PROFILES, max(ours.profiles) <= MOST_PROFILES),
        "smallest_share": (figures["smallest_share"], LEAST_SHARE, figures["smallest_share"] >= LEAST_SHARE * 0.9),
        "not_below_kmeans": (above.low, -FALL * kmeans.per_item().value, above.low >= -FALL * kmeans.per_item().value),
        "above_every_shuffle": (gain, max(figures["shuffled"], default=0), gain > max(figures["shuffled"], default=0)),
        "halves_agree": (agreement(ours), agreement(kmeans) - 0.02, agreement(ours) >= agreement(kmeans) - 0.02),
        "two_seeds": (figures["two_seeds"], SEEDS_AGREE, figures["two_seeds"] >= SEEDS_AGREE),
    }
    return {f"{name}.{what}": report.bar(*judged) for what, judged in found.items()}


def main(argv: Sequence[str] | None = None) -> int:
    parser = data_parser(__doc__)
    parser.add_argument("--folds", type=int, default=5, help="of people")
    parser.add_argument("--shuffles", type=int, default=19)
    return report.run(functools.partial(of_each, run), parser, argv, smoke={**SMOKE, "folds": 2, "shuffles": 1})


if __name__ == "__main__":
    sys.exit(main())
