"""What the typology is worth on real people, beside other ways to one. `python -m benchmarks.typology_real [--shuffles 19] [data …]`

Protocol: every household or customer with four receipts is a member; receipts of even rank make the profiles and the labels, those of odd
rank are scored, of people left out, in five folds by person. Everybody is scored in the most probable profile. Shuffled: whole receipts
change hands within month × shop. In its shops: these are described by the first halves of
all, scored people's too. Dayparts and other groups of behaviour: typology_groups.py; age and income: typology_demography.py. Origin of the
data: see real_people.py.
"""

import json
import time
import warnings

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from benchmarks.chain_real import person_counts
from benchmarks.real_people import DATA, RealPeople, data_parser, load
from benchmarks.typology_rivals import consensus_method, cores_method, counts_of, topics_method
from bmyshop_profiles.statistics.intervals import Interval
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.worth.held_out_gain import HeldOut, held_out_gain, kmeans_method, shuffled_owner, typology_method

GAIN = {"complete_journey": 0.049, "online_retail": 0.113}
MOST_PROFILES, LEAST_SHARE, SEEDS_AGREE, FALL = 16, 0.02, 0.85, 0.02
CURVE = ((2, 3), (4, 7), (8, 15), (16, 31), (32, 10_000))


def text(interval: Interval) -> str:
    return f"{interval.value:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


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


def run(name: str, *, shuffle: int) -> tuple[dict, dict]:
    """Figures and bars of one data set."""
    from sklearn.metrics import adjusted_mutual_info_score

    started, data = time.time(), load(name)
    first, second = data.half_counts
    print(f"\n{name}: {first.shape[0]} people, {first.shape[1]} items, {len(data.owner)} receipts")
    print(f"{'':42s} {'gain per item [90 %]':27s} {'typology minus it':27s} profiles; AMI of the two halves")
    ours = held_out_gain(first, second, method=typology_method(most_profiles=MOST_PROFILES))
    size = round(float(np.mean(ours.profiles)))
    figures: dict = {}

    def row(what: str, found: HeldOut) -> None:
        above = ours.above(found)
        figures[what] = {
            "gain": found.per_item()._asdict(),
            "typology_minus_it": above._asdict(),
            "profiles": found.profiles,
            "halves": agreement(found),
        }
        print(f"{what:42s} {text(found.per_item()):27s} {text(above):27s} {found.profiles}; {figures[what]['halves']:.3f}", flush=True)

    row("typology", ours)
    kmeans = held_out_gain(first, second, method=kmeans_method(clusters=size))
    row(f"k-means {size}, same space", kmeans)
    if size < MOST_PROFILES:
        row(f"k-means {MOST_PROFILES}, same space", held_out_gain(first, second, method=kmeans_method(clusters=MOST_PROFILES)))
    row(f"k-means {size}, no classes of items", held_out_gain(first, second, method=kmeans_method(clusters=size, classes=False)))
    row(f"k-means {size} as cores, damped rounds", held_out_gain(first, second, method=kmeans_method(clusters=size, by_likelihood=True)))
    row(f"cores merged to {size}, no rounds", held_out_gain(first, second, method=cores_method(clusters=size, damping=0, hard_rounds=0)))
    row(f"cores merged to {size}, hard rounds", held_out_gain(first, second, method=cores_method(clusters=size, damping=0, hard_rounds=5)))
    row(
        f"cores merged to {size}, damped rounds",
        held_out_gain(first, second, method=cores_method(clusters=size, damping=0.35, hard_rounds=3)),
    )
    row(f"consensus of 16 half subsets, {size}", held_out_gain(first, second, method=consensus_method(clusters=size)))
    for kind in ("lda", "nmf"):
        method = topics_method(clusters=size, topics=20, kind=kind)
        row(f"k-means {size} on 20 topics ({kind})", held_out_gain(first, second, method=method))
    *halves, sold = in_shops(data)
    row("typology in its shops", held_out_gain(*halves, method=typology_method(most_profiles=MOST_PROFILES, store_items=sold)))
    print("AMI of the two halves by receipts of a half:")
    each = np.bincount(data.owner[data.half == 1], minlength=len(ours.labels))
    for low, high in CURVE:
        people = (each >= low) & (each <= high)
        if people.sum() >= 50:
            figures[f"halves {low}-{high} receipts"] = {"typology": agreement(ours, people), "kmeans": agreement(kmeans, people)}
            print(
                f"  {low:3d} to {high:5d}: {agreement(ours, people):.3f} (k-means {agreement(kmeans, people):.3f}), {people.sum()} people"
            )
    seeds = [Typology(most_profiles=MOST_PROFILES, seed=seed).fit(first, other=second) for seed in (0, 1)]
    same = adjusted_mutual_info_score(seeds[0].labels_, seeds[1].labels_)
    small = min(np.bincount(model.nearest_).min() / first.shape[0] for model in seeds)
    print(f"did the computation converge? two seeds agree at AMI {same:.3f} (aim ≥ {SEEDS_AGREE}; it says nothing about people)")
    null = shuffles(data, shuffle)
    print(f"shuffled within month × shop, {shuffle} times: {min(null, default=0):+.4f} to {max(null, default=0):+.4f}")
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
    return {f"{name}.{bar}": {"value": value, "target": target, "met": bool(met)} for bar, (value, target, met) in found.items()}


def main() -> None:
    parser = data_parser(__doc__)
    parser.add_argument("--shuffles", type=int, default=19)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)  # umap says that a fixed seed means one thread
    figures, bars = {}, {}
    for name in options.data or list(DATA):
        figures[name], own = run(name, shuffle=options.shuffles)
        bars |= own
    print(pd.DataFrame(bars).T.to_string())
    print(json.dumps({"figures": figures, "bars": bars}, default=float))


if __name__ == "__main__":
    main()
