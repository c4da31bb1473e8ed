"""The typology estimator: behaviour → cores → profiles, with settings chosen by what they say about other receipts.

Belongs here: the order of the steps, the choice of granularity and damping, states and posteriors of members. Does not belong here: the
steps themselves (space.py, cores.py, profiles.py), tables (tables.py), what a typology is worth (worth/).

What several runs of HDBSCAN's cores agree on, at several numbers of profiles, are starts; each is refined on a part of the members, and
scored by the held-out gain on the other half of the receipts of the rest. The best is taken among those that keep to the wanted numbers and
whose members are put into the same profile when left out (prediction strength, Tibshirani, Walther 2005), then other dampings are tried
on it, and profiles that the halves do not tell apart are made one (kin.py). The half that scores decides number and damping, and nothing
else.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator

from bmyshop_profiles.statistics.intervals import rows_drawn
from bmyshop_profiles.statistics.likelihood import ATYPICAL, TOO_FEW_RECEIPTS, everybody_shares, states
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour, order_by_content
from bmyshop_profiles.typology.model.consensus import Starts, agreed_starts
from bmyshop_profiles.typology.model.context import Contexts, fit_contexts, no_shops
from bmyshop_profiles.typology.model.cores import find_cores
from bmyshop_profiles.typology.model.crossing import cross_assign
from bmyshop_profiles.typology.model.kin import kin
from bmyshop_profiles.typology.model.profiles import (
    Profiles,
    again_in_shops,
    damped,
    everybody_by_group,
    memberships,
    most_probable,
    no_profiles,
    own_left_out,
    refine,
    soften,
)
from bmyshop_profiles.typology.model.space import fit_space, item_classes, place

DAMPING, OTHER_DAMPINGS = 0.35, (0.2, 0.5)
POSTERIOR_DAMPINGS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
LEAST_AGREEMENT = 0.5  # of the members, put into the same profile by those who did not know them


@dataclass(frozen=True)
class Choice:
    """One candidate and how it did. gain: nats per item on other receipts of members left out; agreement: share of members who get the
    same profile when left out; least_share: smallest profile."""

    profiles: int
    damping: float
    gain: float
    agreement: float
    least_share: float

    def rank(self, least_profiles: int) -> tuple[bool, float]:
        """What is compared: is it a typology as wanted, and its gain."""
        return self.agreement >= LEAST_AGREEMENT and self.profiles >= least_profiles, self.gain


class Typology(BaseEstimator):
    """Profiles of members from their behaviour: an estimator of scikit-learn.

    Parameters: most_profiles, least_profiles: wanted number. least_share: of the members, in the smallest profile. least_receipts: members
    with fewer neither shape a profile nor get one. size: coordinates of the space. most_items: items the space uses. runs: of UMAP and
    HDBSCAN, whose agreement is the start. most_members: above, starts and settings are found among so many, evenly drawn; all get their
    profile by likelihood. seed: of everything that draws.

    Fitted: profiles_ (`Profiles`, by falling size), labels_ (members,) profile, ATYPICAL or TOO_FEW_RECEIPTS, core_share_ (members,) share
    of the runs that put the member into a core, nearest_ (members,) most probable profile, of the atypical too, choices_ (all `Choice`s),
    chosen_, damping_, posterior_damping_, reason_ ("" or why there are no profiles). Neither the order of rows nor anything but the seed
    changes the outcome.
    """

    def __init__(
        self,
        *,
        most_profiles: int = 16,
        least_profiles: int = 5,
        least_share: float = 0.02,
        least_receipts: int = 1,
        size: int = 10,
        most_items: int = 2000,
        runs: int = 8,
        most_members: int = 20_000,
        seed: int = 0,
    ):
        self.most_profiles = most_profiles
        self.least_profiles = least_profiles
        self.least_share = least_share
        self.least_receipts = least_receipts
        self.size = size
        self.most_items = most_items
        self.runs = runs
        self.most_members = most_members
        self.seed = seed

    def fit(
        self,
        members: Behaviour | csr_matrix,
        *,
        receipts: np.ndarray | None = None,
        other: Behaviour | csr_matrix | None = None,
        store_items: csr_matrix | None = None,
    ) -> "Typology":
        """Find profiles.

        members: behaviour, or (members × items) counts. receipts: (members,) behind it. other: the same members' other receipts, which
        choose granularity and damping and calibrate posteriors; without them the first candidate of `most_profiles` is taken. store_items:
        (shops × items) what members bought in each shop of `visits`. No members, members all alike or too few for two cores give no
        profiles and a reason. Raises ValueError for settings that exclude each other and for rows that differ in number.
        """
        if not 2 <= self.least_profiles <= self.most_profiles:
            raise ValueError(f"profiles wanted: from {self.least_profiles} to {self.most_profiles}; at least 2, and in this order")
        members, other = _behaviour(members), None if other is None else _behaviour(other)
        if other is not None and other.members != members.members:
            raise ValueError(f"{other.members} members have other receipts, {members.members} have receipts")
        few = self._few(members, receipts)
        rows = np.flatnonzero(~few)
        rows = rows[order_by_content(members[rows], None if other is None else other[rows])]
        known, others = members[rows], None if other is None else other[rows]
        everybody = everybody_shares(known.items)
        contexts = no_shops(everybody) if store_items is None else fit_contexts(store_items, everybody)
        sample = rows_drawn(len(rows), most=self.most_members, seed=self.seed)
        self.choices_: list[Choice] = []
        found, self.reason_, contexts = self._cores(known[sample], contexts)
        self.core_share_ = np.zeros(members.members)
        if found:
            self.core_share_[rows[sample]] = np.mean([labels >= 0 for labels in found], axis=0)
            starts = agreed_starts(known[sample], found, contexts, most=self.most_profiles, damping=DAMPING, seed=self.seed)
            chosen = self._choose(known[sample], None if others is None else others[sample], starts, contexts)
            damping = self.chosen_.damping
            profiles = self._on_everybody(known, chosen, damping)
        else:
            damping, profiles = DAMPING, no_profiles(everybody_by_group(known), contexts)
        self.profiles_, self.damping_ = profiles, damping
        self.posterior_damping_ = self._calibrate(known, others)
        self._label(members, rows)
        return self

    def predict(self, members: Behaviour | csr_matrix, *, receipts: np.ndarray | None = None) -> np.ndarray:
        """State of members (members,), known or new: profile, ATYPICAL or TOO_FEW_RECEIPTS."""
        members = _behaviour(members)
        found = states(self.profiles_.scores(members), items=members.sizes, receipts=receipts, least_receipts=self.least_receipts)
        return np.where(found >= 0, self.nearest(members), found)

    def predict_proba(self, members: Behaviour | csr_matrix) -> np.ndarray:
        """(members × profiles) membership posterior: the probability that an equal amount of other receipts puts the member there.

        Few receipts give a wide posterior. Calibrated on the other half; see `fit`.
        """
        members = _behaviour(members)
        return _posterior(self.profiles_, members, self.posterior_damping_)

    def nearest(self, members: Behaviour | csr_matrix) -> np.ndarray:
        """(members,) most probable profile, of the atypical too; −1 when there are no profiles."""
        return self.profiles_.nearest(_behaviour(members), damping=self.damping_)

    def _few(self, members: Behaviour, receipts: np.ndarray | None) -> np.ndarray:
        empty = np.zeros((members.members, 0))
        return states(empty, items=members.sizes, receipts=receipts, least_receipts=self.least_receipts) == TOO_FEW_RECEIPTS

    def _cores(self, known: Behaviour, contexts: Contexts) -> tuple[list[np.ndarray], str, Contexts]:
        """Cores of each run, why there are none, and the contexts with classes of items."""
        if known.members < 2:
            return [], f"{known.members} members are fewer than two cores need", contexts
        visits = known.visits if contexts.count > 1 else None
        space = fit_space(known.items, visits=visits, contexts=contexts, size=self.size, most_items=self.most_items)
        found, reason = find_cores(place(known.items, space, visits=visits), runs=self.runs, seed=self.seed)
        classes = item_classes(space, items=known.items.shape[1], seed=self.seed)
        return found, reason, replace(contexts, classes=classes)

    def _choose(self, known: Behaviour, others: Behaviour | None, starts: Starts, contexts: Contexts) -> Profiles:
        """The best of the candidates: of numbers of profiles, then of dampings."""
        tried = [starts.labels(number) for number in self._numbers(starts.most)]
        found = [(*self._candidate(known, others, labels, contexts, DAMPING), labels) for labels in tried]
        self.chosen_, profiles, labels = max(found, key=lambda each: each[0].rank(self.least_profiles))
        if others is None:
            return profiles
        again = [self._candidate(known, others, labels, contexts, damping) for damping in OTHER_DAMPINGS]
        self.chosen_, profiles = max([(self.chosen_, profiles), *again], key=lambda each: each[0].rank(self.least_profiles))
        return self._without_kin(known, others, profiles, contexts)

    def _without_kin(self, known: Behaviour, others: Behaviour, profiles: Profiles, contexts: Contexts) -> Profiles:
        """Profiles that the two halves do not tell apart made one, as long as enough are left."""
        damping = self.chosen_.damping
        labels = profiles.nearest(known, damping=damping)
        again = np.where(others.sizes > 0, profiles.nearest(others, damping=damping), -1)
        joined = kin(labels, again, profiles=profiles.count)
        left = len(np.unique(joined))
        if left < max(self.least_profiles, 2) or left == profiles.count:
            return profiles
        self.chosen_, profiles = self._candidate(known, others, joined[labels], contexts, damping)
        return profiles

    def _candidate(
        self, known: Behaviour, others: Behaviour | None, labels: np.ndarray, contexts: Contexts, damping: float
    ) -> tuple[Choice, Profiles]:
        profiles = self._refined(known, labels, contexts, damping)
        choice = self._measure(known, others, profiles, damping)
        self.choices_.append(choice)
        return choice, profiles

    def _numbers(self, groups: int) -> list[int]:
        """Numbers of profiles to try, from starts of so many."""
        most, least = min(groups, self.most_profiles), min(groups, self.least_profiles)
        return sorted({most, *(max(least, round(part * most)) for part in (0.75, 0.5))}, reverse=True)

    def _refined(self, known: Behaviour, labels: np.ndarray, contexts: Contexts, damping: float) -> Profiles:
        """Refined profiles of at least `least_share` of the members each: the smallest below it goes, and its members elsewhere."""
        profiles = refine(known, labels, contexts, damping=damping, seed=self.seed)
        while profiles.count > 2:
            labels = profiles.nearest(known, damping=damping)
            sizes = np.bincount(labels, minlength=profiles.count)
            if sizes.min() >= self.least_share * known.members:
                break
            labels = np.where(labels == sizes.argmin(), -1, labels)
            profiles = refine(known, labels, contexts, damping=damping, hard_rounds=1, seed=self.seed)
        return profiles

    def _measure(self, known: Behaviour, others: Behaviour | None, whole: Profiles, damping: float) -> Choice:
        """How a candidate does on members left out, in folds; its number of profiles where there are no other receipts."""
        settled = whole.nearest(known, damping=damping)
        least = float(np.bincount(settled, minlength=whole.count).min()) / known.members if len(settled) else 0.0
        if others is None:
            return Choice(whole.count, damping, float(whole.count), 1.0, least)
        crossed = cross_assign(known, settled, whole.contexts, damping=damping, strengths=whole.strengths, seed=self.seed)
        gain = float(crossed.gain(known, others).sum()) / max(float(others.sizes.sum()), 1.0)
        return Choice(whole.count, damping, gain, float((crossed.labels == settled).mean()), least)

    def _on_everybody(self, known: Behaviour, profiles: Profiles, damping: float) -> Profiles:
        """Profiles refined on all members, read again in their shops, numbered by falling size."""
        profiles = soften(known, profiles, damping=damping, rounds=5)
        profiles = again_in_shops(known, profiles, damping=damping)
        sizes = np.bincount(profiles.nearest(known, damping=damping), minlength=profiles.count)
        order = np.argsort(-sizes, kind="stable")
        found = profiles
        return replace(
            found,
            ratios=found.ratios[order],
            shares=found.shares[order],
            normalisers=found.normalisers[:, order],
            sizes=found.sizes[order],
        )

    def _calibrate(self, known: Behaviour, others: Behaviour | None) -> float:
        """The damping under which posteriors predict best, by log-loss, the profile that members' other receipts say."""
        if others is None or self.profiles_.count < 2:
            return DAMPING
        rows = np.flatnonzero(others.sizes > 0)[: self.most_members]
        said = self.nearest(others[rows])

        def loss(damping: float) -> float:
            posterior = _posterior(self.profiles_, known[rows], damping)
            return -float(np.log(np.maximum(posterior[np.arange(len(said)), said], 1e-12)).sum())

        return min(POSTERIOR_DAMPINGS, key=loss)

    def _label(self, members: Behaviour, rows: np.ndarray) -> None:
        known = members[rows]
        weight = memberships(self.profiles_.scores(known), known.sizes, damping=self.damping_)
        scores = own_left_out(known, self.profiles_, weight)
        found = most_probable(scores, known.sizes, self.profiles_.sizes, damping=self.damping_)
        self.labels_ = np.full(members.members, TOO_FEW_RECEIPTS)
        self.labels_[rows] = np.where(scores.max(1, initial=-np.inf) > 0, found, ATYPICAL)
        self.nearest_ = self.nearest(members)


def _posterior(profiles: Profiles, members: Behaviour, damping: float) -> np.ndarray:
    """Posterior from damped scores and the sizes of profiles."""
    scores = damped(profiles.scores(members), members.sizes, damping=damping)
    found = np.exp(scores - scores.max(1, initial=0, keepdims=True)) * profiles.sizes
    return found / np.maximum(found.sum(1, keepdims=True), 1e-300)


def _behaviour(members: Behaviour | csr_matrix) -> Behaviour:
    return members if isinstance(members, Behaviour) else behaviour(members)
