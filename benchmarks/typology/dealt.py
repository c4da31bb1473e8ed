"""Is what a typology finds in part of people's receipts what their full histories say? Real people dealt into shops.

Belongs here: donors, their profiles, the dealt world as behaviour, k-means' best. Does not belong here: dealing itself
(`simulation/semi_synthetic.py`).

Donors are people with 8 receipts or more; their profile is read from all of them, once by the project's typology and once by k-means of as
many clusters. Each of the two is in turn the truth by which the donors are dealt into shops, with half of their receipts, all of them
members. Then both methods see those receipts alone. k-means has the best of all numbers of clusters and seeds, chosen on the truth: more
than anybody could choose. The bar is held for both truths, by the typology as served; `items_alone` is it without shops and dayparts.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_mutual_info_score as ami

from benchmarks.helpers import report
from benchmarks.helpers.real_people import DATA, SMOKE, SMOKE_DATA, count_items, lines_of, numbered
from benchmarks.simulation.semi_synthetic import write_dealt
from benchmarks.typology.rivals import counts_of
from bmyshop_profiles.typology.groups import GROUPS
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.space import fit_space, place

OF_KMEANS = 0.80
LEAST_RECEIPTS = 8
IN_A_SHOP = 75  # members, as in a simulated network of 3,000 in 40 shops
NUMBERS, SEEDS = range(4, 17), range(5)
MOST_PROFILES = 16
NO_CAP = 10**6


def kmeans(counts: csr_matrix, clusters: int, seed: int = 0) -> np.ndarray:
    """(people,) clusters of k-means in the space of the typology."""
    return np.asarray(KMeans(clusters, n_init=5, random_state=seed).fit_predict(place(counts, fit_space(counts))))


def full_histories(lines: pd.DataFrame, receipts: pd.DataFrame) -> dict[str, np.ndarray]:
    """Profile of each donor (people,), sorted by key, from all receipts: by the typology, and by k-means of as many clusters."""
    items, person = pd.Index(sorted(lines.item.unique())), receipts.person.astype("category")
    codes, size = pd.Series(person.cat.codes.to_numpy(), index=receipts.index), len(person.cat.categories)
    first, second = (
        count_items(lines, codes[receipts.k % 2 == half], rows=size, items=items, cap=NO_CAP)  # counted as the dealt receipts are
        for half in (0, 1)
    )
    model = Typology(most_profiles=MOST_PROFILES).fit(first, other=second)
    whole = csr_matrix(first + second)
    return {"typology": model.nearest(whole), "k-means": kmeans(whole, max(model.profiles_.count, 2))}


def dealt_people(directory: Path) -> tuple[tuple[Behaviour, Behaviour, Behaviour], csr_matrix, np.ndarray]:
    """Both halves and all of the members' behaviour in a dealt world, what was bought in each shop, and the shopper of each row."""
    raw = pd.concat([pd.read_csv(file, dtype=str, keep_default_na=False) for file in sorted((directory / "raw/caisse_a").iterdir())])
    known = pd.read_parquet(directory / "truth/shoppers").dropna(subset="member").sort_values("member", ignore_index=True)
    receipts = raw.drop_duplicates("ticket").sort_values(["member", "sold_at", "ticket"], ignore_index=True)
    half = receipts.groupby("member").cumcount().to_numpy() % 2
    row = pd.Index(receipts.ticket).get_indexer(pd.Index(raw.ticket))
    member = pd.Index(known.member).get_indexer(pd.Index(receipts.member))
    shop, item = pd.factorize(receipts.shop, sort=True)[0], pd.factorize(raw.ean, sort=True)[0]
    daypart = np.digitize(receipts.sold_at.str[11:13].astype(int), [5, 9, 12, 14, 18, 22]) % 6
    people, items, shops = len(known), int(item.max()) + 1, int(shop.max()) + 1
    parts = []
    for used in (half == 0, half == 1, half >= 0):
        when = {"dayparts": GROUPS["dayparts"].weight * counts_of(member, daypart, used, (people, 6))}
        bought = counts_of(member[row], item, used[row], (people, items))
        parts.append(behaviour(bought, visits=counts_of(member, shop, used, (people, shops)), others=when))
    sold = counts_of(shop[row], item, half[row] == 0, (shops, items))
    return (parts[0], parts[1], parts[2]), sold, known.shopper.to_numpy()


def found_again(lines: pd.DataFrame, receipts: pd.DataFrame, truth: np.ndarray, *, seed: int) -> dict[str, float]:
    """AMI with the truth (people,) of what the typology and k-means find in half of the receipts, dealt into shops by the truth."""
    people = pd.Index(sorted(receipts.person.unique()))
    order = receipts.assign(order=np.random.default_rng(seed).random(len(receipts))).sort_values(["person", "order"])
    rank = order.groupby("person").cumcount()
    kept = order[rank < order.groupby("person").person.transform("size") // 2]
    part = lines[lines.receipt.isin(kept.index)].rename(columns={"at": "sold_at"}).assign(amount_cents=100)
    with tempfile.TemporaryDirectory() as directory:
        write_dealt(
            Path(directory), part, pd.Series(truth, index=people), shops=max(2, len(people) // IN_A_SHOP), member_share=1.0, seed=seed
        )
        (first, second, whole), sold, shopper = dealt_people(Path(directory))
    truth = truth[shopper]
    model = Typology(most_profiles=MOST_PROFILES).fit(first, other=second, store_items=sold)
    alone = [behaviour(half.items) for half in (first, second, whole)]
    items = Typology(most_profiles=MOST_PROFILES).fit(alone[0], other=alone[1])
    places = place(whole.items, fit_space(whole.items))
    rivals = {
        (number, kind): float(ami(truth, KMeans(number, n_init=1, random_state=kind).fit_predict(places)))
        for number in NUMBERS
        for kind in SEEDS
    }
    best = max(rivals, key=lambda each: rivals[each])
    same = float(np.mean([value for (number, _), value in rivals.items() if number == len(np.unique(truth))]))
    return {
        "typology": float(ami(truth, model.nearest(whole))),
        "profiles": model.profiles_.count,
        "items_alone": float(ami(truth, items.nearest(alone[2]))),
        "kmeans_best": rivals[best],
        "clusters_of_best": best[0],
        "kmeans_of_the_true_number": same,
        "people": len(truth),
    }


def dealt(options: argparse.Namespace, *, seed: int = 0) -> tuple[dict, dict]:
    """Figures and bars of the real sets that are there."""
    figures: dict = {}
    bars: dict = {}
    for name in SMOKE_DATA if options.smoke else DATA:
        try:
            lines = lines_of(name, people=SMOKE["people"], items=SMOKE["items"]) if options.smoke else lines_of(name)
        except report.DataAbsent as absent:
            print(f"dealt {name}: skipped, {absent}")
            continue
        receipts = numbered(lines, least_receipts=LEAST_RECEIPTS)
        lines = lines[lines.receipt.isin(receipts.index)]
        for truth, labels in full_histories(lines, receipts).items():
            what = f"dealt {name}, truth of {truth}"
            figures[what] = found_again(lines, receipts, labels, seed=seed)
            print(f"{what:42s}", "  ".join(f"{key} {value:.3f}" for key, value in figures[what].items()), flush=True)
            bars[f"{what}: of k-means' best"] = report.at_least(figures[what]["typology"], OF_KMEANS * figures[what]["kmeans_best"])
    return figures, bars
