"""The typology estimator: behaviour → starts → profiles, as many as come back on half of the members.

Belongs here: the order of the steps, states and posteriors of members. Does not belong here: the steps themselves (space.py, starts.py,
profiles.py, candidates.py), tables (tables.py), what a typology is worth (worth/).
"""

from dataclasses import replace
from functools import partial

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator

from bmyshop_profiles.statistics.intervals import rows_drawn
from bmyshop_profiles.statistics.likelihood import ATYPICAL, TOO_FEW_RECEIPTS, everybody_shares, states
from bmyshop_profiles.typology.model.behaviour import Behaviour, behaviour, order_by_content, together
from bmyshop_profiles.typology.model.candidates import Choice, candidates, choose, crossed, gain_of, jaccards
from bmyshop_profiles.typology.model.context import Contexts, fit_contexts, no_shops
from bmyshop_profiles.typology.model.crossing import Crossed
from bmyshop_profiles.typology.model.profiles import (
    DAMPING,
    Profiles,
    again_in_shops,
    damped,
    everybody_by_group,
    memberships,
    most_probable,
    no_profiles,
    own_left_out,
    soften,
)
from bmyshop_profiles.typology.model.space import fit_space, item_classes, place
from bmyshop_profiles.typology.model.starts import Proposals, Starts, find_starts

POSTERIOR_DAMPINGS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


class Typology(BaseEstimator):
    """Profiles of members from their behaviour: an estimator of scikit-learn.

    Parameters: most_profiles, least_profiles: numbers tried. least_share: of the members, in the smallest profile. least_receipts: members
    with fewer in a half do not shape a profile; with fewer in what a label is read from, they get none. proposals: what rounds start from,
    see `find_starts`; runs: of density. draws: half subsets of the members by which the number of profiles is chosen. size: coordinates of
    the space. most_items: items the space uses. most_members: above, profiles are found among so many, evenly drawn; all get theirs by
    likelihood. seed: of everything that draws.

    Fitted: profiles_ (`Profiles`, by falling size), labels_ (members,) profile by all receipts, ATYPICAL or TOO_FEW_RECEIPTS, nearest_
    (members,) most probable profile, of the atypical too, choices_ (all `Choice`s), chosen_, posterior_damping_, reason_ ("" or why there
    are no profiles). Neither the order of rows nor anything but the seed changes the outcome.
    """

    def __init__(
        self,
        *,
        most_profiles: int = 16,
        least_profiles: int = 2,
        least_share: float = 0.02,
        least_receipts: int = 1,
        proposals: Proposals = "kmeans",
        runs: int = 8,
        draws: int = 0,
        size: int = 10,
        most_items: int = 2000,
        most_members: int = 20_000,
        seed: int = 0,
    ):
        self.most_profiles = most_profiles
        self.least_profiles = least_profiles
        self.least_share = least_share
        self.least_receipts = least_receipts
        self.proposals = proposals
        self.runs = runs
        self.draws = draws
        self.size = size
        self.most_items = most_items
        self.most_members = most_members
        self.seed = seed

    def fit(
        self,
        members: Behaviour | csr_matrix,
        *,
        other: Behaviour | csr_matrix | None = None,
        receipts: tuple[np.ndarray, np.ndarray] | None = None,
        store_items: csr_matrix | None = None,
    ) -> "Typology":
        """Find profiles.

        members: behaviour, or (members × items) counts. other: the same members' other receipts: profiles are found in both; the number is
        chosen, and posteriors are calibrated, by what one says about the other. Without them `most_profiles` are found. receipts:
        (members,) behind each of the two. store_items: (shops × items) what members bought in each shop of `visits`. No members, members
        all alike or too few for two groups give no profiles and a reason. Raises ValueError for settings that exclude each other and for
        rows that differ in number.
        """
        if not 2 <= self.least_profiles <= self.most_profiles:
            raise ValueError(f"profiles wanted: from {self.least_profiles} to {self.most_profiles}; at least 2, and in this order")
        members, other = _behaviour(members), None if other is None else _behaviour(other)
        if other is not None and other.members != members.members:
            raise ValueError(f"{other.members} members have other receipts, {members.members} have receipts")
        whole = members if other is None else together(members, other)
        halves = [members] if other is None else [members, other]
        few = np.any([self._few(half, own) for half, own in zip(halves, receipts or [None] * len(halves), strict=False)], axis=0)
        rows = np.flatnonzero(~few)
        rows = rows[order_by_content(members[rows], None if other is None else other[rows])]
        known, parted = whole[rows], None if other is None else (members[rows], other[rows])
        sample = rows_drawn(len(rows), most=self.most_members, seed=self.seed)
        self.choices_: list[Choice] = []
        starts, self.reason_, contexts = self._starts(known[sample], store_items)
        self.profiles_ = no_profiles(everybody_by_group(known), contexts)
        self.crossed_ = Crossed(np.full(known.members, -1), [], 0, DAMPING)
        if starts is not None:
            of_sample = None if parted is None else (parted[0][sample], parted[1][sample])
            self.profiles_ = self._on_everybody(known, self._choose(known[sample], of_sample, starts, contexts, store_items))
            self.crossed_ = crossed(known, self.profiles_, seed=self.seed)
        self.rows_ = rows
        self.posterior_damping_ = self._calibrate(parted)
        self._label(whole, known, rows)
        return self

    def predict(self, members: Behaviour | csr_matrix, *, receipts: np.ndarray | None = None) -> np.ndarray:
        """State of members (members,), known or new: profile, ATYPICAL or TOO_FEW_RECEIPTS."""
        members = _behaviour(members)
        return self._state(self.profiles_.scores(members), members, receipts)

    def predict_proba(self, members: Behaviour | csr_matrix) -> np.ndarray:
        """(members × profiles) membership posterior: the probability that an equal amount of other receipts puts the member there.

        Few receipts give a wide posterior. Calibrated on the other half; see `fit`.
        """
        members = _behaviour(members)
        return self._posterior(self.profiles_.scores(members), members.sizes)

    def left_out(self, half: Behaviour, *, receipts: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """States (members,) and posteriors (members × profiles) of the members that were fitted, by one half of their receipts and by
        profiles found without them: what the other half is told by must not have been seen."""
        scores = self.profiles_.scores(half)
        if self.profiles_.count:
            scores[self.rows_] = self.crossed_.scores(half[self.rows_])
        return self._state(scores, half, receipts), self._posterior(scores, half.sizes)

    def nearest(self, members: Behaviour | csr_matrix) -> np.ndarray:
        """(members,) most probable profile, of the atypical too; −1 when there are no profiles."""
        return self.profiles_.nearest(_behaviour(members), damping=DAMPING)

    def _state(self, scores: np.ndarray, members: Behaviour, receipts: np.ndarray | None) -> np.ndarray:
        found = states(scores, items=members.sizes, receipts=receipts, least_receipts=self.least_receipts)
        return np.where(found >= 0, most_probable(scores, members.sizes, self.profiles_.sizes, damping=DAMPING), found)

    def _posterior(self, scores: np.ndarray, items: np.ndarray) -> np.ndarray:
        return _posterior(scores, items, self.profiles_.sizes, self.posterior_damping_)

    def _few(self, members: Behaviour, receipts: np.ndarray | None) -> np.ndarray:
        empty = np.zeros((members.members, 0))
        return states(empty, items=members.sizes, receipts=receipts, least_receipts=self.least_receipts) == TOO_FEW_RECEIPTS

    def _starts(self, known: Behaviour, store_items: csr_matrix | None) -> tuple[Starts | None, str, Contexts]:
        """Starts, why there are none, and the contexts with classes of items."""
        everybody = everybody_shares(known.items)
        contexts = no_shops(everybody) if store_items is None else fit_contexts(store_items, everybody)
        if known.members < 2:
            return None, f"{known.members} members are fewer than two groups need", contexts
        visits = known.visits if contexts.count > 1 else None
        space = fit_space(known.items, visits=visits, contexts=contexts, size=self.size, most_items=self.most_items)
        contexts = replace(contexts, classes=item_classes(space, items=known.items.shape[1], seed=self.seed))
        places = place(known.items, space, visits=visits)
        starts, reason = find_starts(
            known,
            places,
            contexts,
            proposals=self.proposals,
            most=self.most_profiles,
            runs=self.runs,
            damping=DAMPING,
            seed=self.seed,
        )
        return starts, reason, contexts

    def _choose(
        self,
        known: Behaviour,
        halves: tuple[Behaviour, Behaviour] | None,
        starts: Starts,
        contexts: Contexts,
        store_items: csr_matrix | None,
    ) -> Profiles:
        """The profiles of the number chosen."""
        numbers = self._numbers(starts.most) if halves else [min(self.most_profiles, starts.most)]
        found = candidates(known, starts, contexts, numbers, least_share=self.least_share, seed=self.seed)
        back: dict[tuple[int, int], np.ndarray] = {}
        if self.draws and halves:
            again = partial(self._starts, store_items=store_items)
            back = jaccards(known, found, again, draws=self.draws, least_share=self.least_share, seed=self.seed)
        for key, profiles in found.items():
            gain, error = (0.0, 0.0) if halves is None else gain_of(known, halves, profiles, seed=self.seed)
            self.choices_.append(Choice(*key, profiles.count, gain, error, back.get(key, np.zeros((0, profiles.count)))))
        self.chosen_ = choose(self.choices_)
        return found[self.chosen_.number, self.chosen_.rounds]

    def _numbers(self, most: int) -> list[int]:
        """Numbers of profiles to try: all, where half subsets choose among them."""
        most, least = min(most, self.most_profiles), min(most, self.least_profiles)
        if self.draws:
            return list(range(least, most + 1))
        return sorted({most, *(max(least, round(part * most)) for part in (0.75, 0.5))}, reverse=True)

    def _on_everybody(self, known: Behaviour, profiles: Profiles) -> Profiles:
        """Profiles refined on all members, read again in their shops, numbered by falling size."""
        profiles = soften(known, profiles, damping=DAMPING, rounds=5)
        profiles = again_in_shops(known, profiles, damping=DAMPING)
        sizes = np.bincount(profiles.nearest(known, damping=DAMPING), minlength=profiles.count)
        order = np.argsort(-sizes, kind="stable")
        self.chosen_ = replace(self.chosen_, jaccard=self.chosen_.jaccard[:, order])
        return replace(
            profiles,
            ratios=profiles.ratios[order],
            shares=profiles.shares[order],
            normalisers=profiles.normalisers[:, order],
            sizes=profiles.sizes[order],
        )

    def _calibrate(self, halves: tuple[Behaviour, Behaviour] | None) -> float:
        """The damping under which posteriors predict best, by log-loss, the profile that members' other receipts say; members left out."""
        if halves is None or self.profiles_.count < 2:
            return DAMPING
        first, second = halves
        scores, said, sizes = self.crossed_.scores(first), self.crossed_.nearest(second), self.profiles_.sizes
        rows = np.flatnonzero(second.sizes > 0)[: self.most_members]

        def loss(damping: float) -> float:
            posterior = _posterior(scores[rows], first.sizes[rows], sizes, damping)
            return -float(np.log(np.maximum(posterior[np.arange(len(rows)), said[rows]], 1e-12)).sum())

        return min(POSTERIOR_DAMPINGS, key=loss)

    def _label(self, whole: Behaviour, known: Behaviour, rows: np.ndarray) -> None:
        weight = memberships(self.profiles_.scores(known), known.sizes, damping=DAMPING)
        scores = own_left_out(known, self.profiles_, weight)
        self.nearest_ = self.nearest(whole)
        self.labels_ = np.full(whole.members, TOO_FEW_RECEIPTS)
        self.labels_[rows] = np.where(scores.max(1, initial=-np.inf) > 0, self.nearest_[rows], ATYPICAL)


def _posterior(scores: np.ndarray, items: np.ndarray, sizes: np.ndarray, damping: float) -> np.ndarray:
    """Posterior from damped scores and the sizes of profiles."""
    scores = damped(scores, items, damping=damping)
    found = np.exp(scores - scores.max(1, initial=0, keepdims=True)) * sizes
    return found / np.maximum(found.sum(1, keepdims=True), 1e-300)


def _behaviour(members: Behaviour | csr_matrix) -> Behaviour:
    return members if isinstance(members, Behaviour) else behaviour(members)
