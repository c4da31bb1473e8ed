"""Held-out gain: does a typology say something about the receipts it has not seen, of people it has not seen?

Belongs here: the measure, its folds, its baselines. Does not belong here: how a typology is fitted.

People of the training folds make the profiles from the first half of their receipts. A person left out is put into a profile by the first
half; scored is the second half: Σ log(share of the item in the profile / share for everybody), in nats per item. A person in no profile
gains nothing. A typology that only describes noise gains nothing or less: agreement of two seeds shows neither.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.evaluation.intervals import Interval, person_folds, ratio_interval
from bmyshop_profiles.typology.fit import fit_typology
from bmyshop_profiles.typology.likelihood import (
    assign,
    choose_strength,
    everybody_shares,
    fit_profiles,
    group_totals,
    item_gain,
    log_ratios,
    shrunk_shares,
)
from bmyshop_profiles.typology.space import fit_space, place

Assign = Callable[[csr_matrix], np.ndarray]
# from training counts (people × items): log-ratios (items × profiles) and what puts unseen people into them
Method = Callable[[csr_matrix], tuple[np.ndarray, Assign]]


@dataclass(frozen=True)
class HeldOut:
    """gain: (people,) nats on the second half. items: (people,) items there. labels: (people,) as assigned when left out.

    profiles: profiles found in each fold.
    """

    gain: np.ndarray
    items: np.ndarray
    labels: np.ndarray
    profiles: list[int]

    def per_item(self, *, level: float = 0.9) -> Interval:
        """Nats per item, with an interval by person."""
        return ratio_interval(self.gain, self.items, level=level)

    def above(self, other: "HeldOut", *, level: float = 0.9) -> Interval:
        """Nats per item more than `other`, measured on the same people: a paired interval by person."""
        if not np.array_equal(self.items, other.items):
            raise ValueError("a paired interval needs both methods measured on the same receipts of the same people")
        return ratio_interval(self.gain - other.gain, self.items, level=level)


def held_out_gain(first: csr_matrix, second: csr_matrix, *, method: Method, folds: int = 5, seed: int = 0) -> HeldOut:
    """Measure a method on people left out, by folds of people.

    first, second: (people × items) counts of the two halves of the same people, rows sorted by key. Raises ValueError when halves differ
    in shape or there are fewer people than folds.
    """
    if first.shape != second.shape:
        raise ValueError(f"the two halves hold different people or items: {first.shape} and {second.shape}")
    people = first.shape[0]
    if people < folds:
        raise ValueError(f"{people} people cannot be divided into {folds} folds")
    fold, gain, labels, found = person_folds(people, folds=folds, seed=seed), np.zeros(people), np.zeros(people, dtype=int), []
    for number in range(folds):
        train, out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        ratios, assign_people = method(first[train])
        labels[out] = assign_people(first[out])
        gain[out] = item_gain(second[out], ratios, labels[out])
        found.append(ratios.shape[1])
    return HeldOut(gain, np.asarray(second.sum(1)).ravel(), labels, found)


def typology_method(*, size: int = 10, most_profiles: int = 16, seed: int = 0) -> Method:
    """The project's typology (see `fit_typology`) as a method to measure."""

    def method(counts: csr_matrix) -> tuple[np.ndarray, Assign]:
        profiles = fit_typology(counts, size=size, most_profiles=most_profiles, seed=seed).profiles
        ratios = profiles.log_ratios
        return ratios, lambda unseen: assign(unseen, ratios)

    return method


def kmeans_method(*, clusters: int, size: int = 10, by_likelihood: bool = False, seed: int = 0) -> Method:
    """k-means in the same space: the baseline of equal size; `by_likelihood` takes its clusters as cores instead of HDBSCAN's."""

    def method(counts: csr_matrix) -> tuple[np.ndarray, Assign]:
        from sklearn.cluster import KMeans

        space = fit_space(counts, size=size)
        places = place(counts, space)
        model = KMeans(min(clusters, len(places)), n_init=5, random_state=seed).fit(places)
        everybody = everybody_shares(counts)
        if by_likelihood:
            likely = fit_profiles(counts, model.labels_, everybody=everybody, seed=seed).log_ratios
            return likely, lambda unseen: assign(unseen, likely)
        strength = choose_strength(counts, model.labels_, groups=model.n_clusters, everybody=everybody, seed=seed)
        totals = group_totals(counts, model.labels_, groups=model.n_clusters)
        ratios = log_ratios(shrunk_shares(totals, target=everybody, strength=strength), everybody)
        return ratios, lambda unseen: model.predict(place(unseen, space))

    return method


def shuffled_owner(owner: np.ndarray, *, within: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Owner of each receipt (receipts,) after whole receipts changed hands at random, inside each stratum `within` (receipts,) if given.

    Everybody keeps the number of receipts they had in the stratum. What a typology gains on shuffled receipts is not about people.
    """
    rng = np.random.default_rng(seed)
    stratum = np.zeros(len(owner), dtype=int) if within is None else np.unique(within, return_inverse=True)[1]
    moved = np.empty_like(owner)
    # two orders of the same receipts, both sorted by stratum, one of them random inside it
    moved[np.lexsort((np.arange(len(owner)), stratum))] = owner[np.lexsort((rng.random(len(owner)), stratum))]
    return moved
