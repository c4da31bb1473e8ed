"""Held-out gain: does a typology say something about the receipts it has not seen, of people it has not seen?

Belongs here: the measure, its folds, its baselines. Does not belong here: how a typology is fitted.

People of the training folds make the profiles. A person left out is put into the most probable profile by the first half, the atypical
too; scored is the second half: Σ log(share of the item in the profile / share for everybody), in nats per item. A typology that only
describes noise gains nothing or less: agreement of two seeds shows neither.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix

from bmyshop_profiles.statistics.fits import independent
from bmyshop_profiles.statistics.intervals import Interval, person_folds, ratio_interval
from bmyshop_profiles.statistics.likelihood import everybody_shares, item_gain
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour, together
from bmyshop_profiles.typology.model.context import Contexts, no_shops
from bmyshop_profiles.typology.model.fit import Typology
from bmyshop_profiles.typology.model.profiles import refine
from bmyshop_profiles.typology.model.space import Space, fit_space, item_classes, place

Labels = Callable[[Behaviour], np.ndarray]


@dataclass(frozen=True)
class Fitted:
    """What a method learnt. ratios: (items × profiles) log-ratios. nearest: profile of unseen people. atypical: who is in none."""

    ratios: np.ndarray
    nearest: Labels
    atypical: Labels | None = None


# from the training people's first and second half of receipts
Method = Callable[[Behaviour, Behaviour], Fitted]


@dataclass(frozen=True)
class HeldOut:
    """gain: (people,) nats on the second half. items: (people,) items there. labels, again: (people,) profile read from the first and from
    the second half, when left out. atypical: (people,). profiles: profiles found in each fold. fold: (people,)."""

    gain: np.ndarray
    items: np.ndarray
    labels: np.ndarray
    again: np.ndarray
    atypical: np.ndarray
    profiles: list[int]
    fold: np.ndarray

    def per_item(self, *, level: float = 0.9) -> Interval:
        """Nats per item, with an interval by person."""
        return ratio_interval(self.gain, self.items, level=level)

    def above(self, other: "HeldOut", *, level: float = 0.9) -> Interval:
        """Nats per item more than `other`, measured on the same people: a paired interval by person."""
        if not np.array_equal(self.items, other.items):
            raise ValueError("a paired interval needs both methods measured on the same receipts of the same people")
        return ratio_interval(self.gain - other.gain, self.items, level=level)


def held_out_gain(
    first: Behaviour | csr_matrix, second: Behaviour | csr_matrix, *, method: Method, folds: int = 5, seed: int = 0
) -> HeldOut:
    """Measure a method on people left out, by folds of people.

    first, second: behaviour, or (people × items) counts, of the two halves of the same people. Raises ValueError when halves differ in
    shape or there are fewer people than folds.
    """
    first, second = (half if isinstance(half, Behaviour) else behaviour(half) for half in (first, second))
    if first.items.shape != second.items.shape:
        raise ValueError(f"the two halves hold different people or items: {first.items.shape} and {second.items.shape}")
    people = first.members
    if people < folds:
        raise ValueError(f"{people} people cannot be divided into {folds} folds")
    fold, gain, found = person_folds(people, folds=folds, seed=seed), np.zeros(people), []
    labels, again, atypical = np.zeros(people, dtype=int), np.zeros(people, dtype=int), np.zeros(people, dtype=bool)
    trains = [np.flatnonzero(fold != number) for number in range(folds)]
    fits = independent(method, ((first[train], second[train]) for train in trains), members=people)
    for number, fitted in enumerate(fits):
        out = np.flatnonzero(fold == number)
        labels[out], again[out] = fitted.nearest(first[out]), fitted.nearest(second[out])
        if fitted.atypical is not None:
            atypical[out] = fitted.atypical(first[out])
        gain[out] = item_gain(second.items[out], fitted.ratios, labels[out])
        found.append(fitted.ratios.shape[1])
    return HeldOut(gain, second.sizes, labels, again, atypical, found, fold)


def typology_method(*, store_items: csr_matrix | None = None, **parameters: int | float) -> Method:
    """The project's typology (see `Typology`) as a method to measure. store_items: as in `Typology.fit`."""

    def method(first: Behaviour, second: Behaviour) -> Fitted:
        model = Typology(**parameters).fit(first, other=second, store_items=store_items)  # type: ignore[arg-type]
        return Fitted(model.profiles_.log_ratios, model.nearest, lambda unseen: model.predict(unseen) < 0)

    return method


def kmeans_method(*, clusters: int, size: int = 10, classes: bool = True, seed: int = 0) -> Method:
    """k-means in the same space, with the same shrinkage and no rounds: the baseline of equal size. classes: items fall into classes, as
    the typology's do."""

    def method(first: Behaviour, second: Behaviour) -> Fitted:
        from sklearn.cluster import KMeans

        whole = together(first, second)
        space = fit_space(whole.items, size=size)
        places = place(whole.items, space)
        model = KMeans(min(clusters, len(places)), n_init=5, random_state=seed).fit(places)
        contexts = known_classes(whole, space, seed=seed) if classes else no_shops(everybody_shares(whole.items))
        profiles = refine(whole, model.labels_, contexts, damping=0, hard_rounds=0, seed=seed)
        return Fitted(profiles.log_ratios, lambda unseen: model.predict(place(unseen.items, space)))

    return method


def known_classes(whole: Behaviour, space: Space, *, seed: int = 0) -> Contexts:
    """No shops, and the classes of items that the typology would use."""
    return replace(no_shops(everybody_shares(whole.items)), classes=item_classes(space, items=whole.items.shape[1], seed=seed))


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
