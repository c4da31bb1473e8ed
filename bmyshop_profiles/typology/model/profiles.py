"""Profiles as ratios to what is expected, and how they are refined from cores: memberships and ratios in turn.

Belongs here: the rounds, members left out of their own profile. Does not belong here: which cores there are (cores.py), which of them are
merged (merging.py), which number is best (candidates.py).

The rounds are an EM for a mixture of multinomials (Nigam, McCallum, Thrun, Mitchell 2000; a classification EM, Celeux, Govaert 1992, where
`damping` is 0). A member's items are not independent, so the log-likelihood is divided by 1 + damping × √items before it becomes a
membership, as the evidence of a receipt is divided by √items: on real people this alone adds to the held-out gain.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import softmax

from bmyshop_profiles.statistics.likelihood import (
    choose_strength,
    class_ratios,
    everybody_shares,
    log_ratios,
    shrunk_shares,
)
from bmyshop_profiles.typology.model.behaviour import Behaviour
from bmyshop_profiles.typology.model.context import Contexts, fit_contexts

DAMPING = 0.35  # of memberships


class Strengths(NamedTuple):
    """Counts of the target added to those of a profile. groups: by group of columns, items first. classes: of everybody's, to the shares of
    classes of items that are the items' target."""

    groups: tuple[float, ...] = ()
    classes: float = 1.0


@dataclass(frozen=True)
class Profiles:
    """Profiles as ratios to what is expected where their members shop.

    ratios: (profiles × columns), positive; columns: items, then the other groups of behaviour. everybody: (columns,) shares, adding up to
    one in each group. shares: (profiles × items) of all that they buy, wherever. strengths: of their shrinkage. normalisers:
    (shops × profiles), see `Contexts`. sizes: (profiles,) share of the memberships.
    """

    ratios: np.ndarray
    everybody: np.ndarray
    shares: np.ndarray
    strengths: Strengths
    contexts: Contexts
    normalisers: np.ndarray
    sizes: np.ndarray

    @property
    def count(self) -> int:
        """Number of profiles."""
        return len(self.ratios)

    @property
    def log_ratios(self) -> np.ndarray:
        """(items × profiles) log of the share in all that the profile buys over the share for everybody."""
        return log_ratios(self.shares, self.contexts.everybody)

    def scores(self, members: Behaviour) -> np.ndarray:
        """(members × profiles) log-likelihood of each member's behaviour under each profile against everybody's, given where they shop.

        Raises ValueError when the columns are not those the profiles were made from.
        """
        counts = members.counts
        if counts.shape[1] != self.ratios.shape[1]:
            raise ValueError(f"members have {counts.shape[1]} columns of behaviour, the profiles {self.ratios.shape[1]}")
        found = counts @ np.log(self.ratios).T
        if self.contexts.count > 1:
            if members.visits.shape[1] != self.contexts.count:
                raise ValueError(f"members visit {members.visits.shape[1]} shops, the profiles know {self.contexts.count}")
            found = found - members.visits @ self.normalisers
        return np.asarray(found).reshape(members.members, self.count)

    def nearest(self, members: Behaviour, *, damping: float) -> np.ndarray:
        """(members,) most probable profile, see `most_probable`."""
        return most_probable(self.scores(members), members.sizes, self.sizes, damping=damping)


def damped(scores: np.ndarray, items: np.ndarray, *, damping: float) -> np.ndarray:
    """Scores (members × profiles) of members who bought so many items (members,), ÷ (1 + damping × √items)."""
    return scores / (1 + damping * np.sqrt(np.asarray(items).reshape(-1, 1)))


def most_probable(scores: np.ndarray, items: np.ndarray, sizes: np.ndarray, *, damping: float) -> np.ndarray:
    """(members,) profile of the highest posterior: damped scores (members × profiles) and the sizes of the profiles (profiles,).

    The size is what is known of a member before anything was bought; it decides where receipts say little. −1 without profiles. items:
    (members,) bought.
    """
    if scores.shape[1] == 0:
        return np.full(len(scores), -1)
    return np.asarray((damped(scores, items, damping=damping) + np.log(np.maximum(sizes, 1e-12))).argmax(1))


def memberships(scores: np.ndarray, sizes: np.ndarray, *, damping: float) -> np.ndarray:
    """(members × profiles) posterior: softmax of scores (members × profiles) ÷ (1 + damping × √sizes)."""
    if scores.shape[1] == 0:
        return scores
    return softmax(damped(scores, sizes, damping=damping), axis=1)


def everybody_by_group(members: Behaviour) -> np.ndarray:
    """(columns,) everybody's shares, adding up to one in each group."""
    counts = members.counts
    return np.concatenate([everybody_shares(counts[:, columns]) for columns in members.groups])


def refine(
    members: Behaviour,
    labels: np.ndarray,
    contexts: Contexts,
    *,
    damping: float,
    rounds: int = 10,
    hard_rounds: int = 3,
    strengths: Strengths | None = None,
    seed: int = 0,
) -> Profiles:
    """Profiles from a start: `hard_rounds` of putting everybody into the likeliest profile, then `rounds` of damped memberships.

    labels: (members,) where each begins, below zero = nowhere. strengths: of shrinkage; chosen on members left out where they are
    not given, at the start and after the hard rounds. Profiles that nobody begins in, or that lose everybody, vanish.
    """
    everybody = everybody_by_group(members)
    profiles = no_profiles(everybody, contexts)
    for number in range(hard_rounds + 1):
        labels, groups = close_ranks(labels)
        if groups == 0:
            return profiles
        if number in (0, hard_rounds):
            chosen = strengths or choose_strengths(members, labels, contexts, groups=groups, seed=seed)
        known = np.flatnonzero(labels >= 0)
        weight = csr_matrix((np.ones(len(known)), (known, labels[known])), shape=(len(labels), groups))
        profiles = _estimate(members, weight, no_profiles(everybody, contexts, chosen))
        labels = profiles.scores(members).argmax(1)
    return soften(members, profiles, damping=damping, rounds=rounds)


def choose_strengths(members: Behaviour, labels: np.ndarray, contexts: Contexts, *, groups: int, seed: int) -> Strengths:
    """The strengths of shrinkage under which members left out are explained best by their own profile: of classes, then of the rest."""
    counts, everybody, of_items, classes = members.counts, everybody_by_group(members), members.groups[0], 1.0
    if contexts.classes.shape[1] > 1:
        share, of_class = everybody[of_items] @ contexts.classes, csr_matrix(members.items @ contexts.classes)
        classes = choose_strength(of_class, labels, groups=groups, everybody=share, seed=seed)

    def target_of(totals: np.ndarray) -> np.ndarray:
        return item_target(totals, everybody[of_items], contexts.classes, classes)

    found = [
        choose_strength(
            counts[:, columns],
            labels,
            groups=groups,
            everybody=everybody[columns],
            target_of=target_of if columns == of_items else None,
            seed=seed,
        )
        for columns in members.groups
    ]
    return Strengths(tuple(found), classes)


def item_target(totals: np.ndarray, everybody: np.ndarray, classes: np.ndarray, strength: float) -> np.ndarray:
    """(groups × items) shares that those of groups with these totals (groups × items) are drawn to: those of their classes of items."""
    expected = totals.sum(1, keepdims=True) * everybody
    return everybody * class_ratios(totals, expected, classes=classes, everybody=everybody, strength=strength)


def group_shares(totals: np.ndarray, columns: list[slice], everybody: np.ndarray, classes: np.ndarray, strengths: Strengths) -> np.ndarray:
    """(groups × columns) shrunk shares of totals (groups × columns), adding up to one in each group of columns."""
    items, *others = columns
    target = item_target(totals[:, items], everybody[items], classes, strengths.classes)
    found = [shrunk_shares(totals[:, items], target=target, strength=strengths.groups[0])]
    for own, strength in zip(others, strengths.groups[1:], strict=True):
        found.append(shrunk_shares(totals[:, own], target=everybody[own], strength=strength))
    return np.hstack(found)


def soften(members: Behaviour, profiles: Profiles, *, damping: float, rounds: int) -> Profiles:
    """`rounds` of damped memberships; none when damping is 0."""
    for _ in range(rounds if damping else 0):
        profiles = _estimate(members, memberships(profiles.scores(members), members.sizes, damping=damping), profiles)
    return profiles


def again_in_shops(members: Behaviour, profiles: Profiles, *, damping: float, rounds: int = 5) -> Profiles:
    """The same profiles once shops have been read again, knowing who visits them."""
    for _ in range(rounds if profiles.contexts.count > 1 and profiles.count else 0):
        weight = memberships(profiles.scores(members), members.sizes, damping=damping)
        ratios = profiles.ratios[:, members.groups[0]].T
        known = profiles.contexts
        again = fit_contexts(known.bought, known.everybody, visits=np.asarray(members.visits.T @ weight).T, ratios=ratios)
        profiles = _estimate(members, weight, replace(profiles, contexts=replace(again, classes=known.classes)))
    return profiles


def no_profiles(everybody: np.ndarray, contexts: Contexts, strengths: Strengths = Strengths()) -> Profiles:  # noqa: B008
    """No profile yet."""
    items = len(contexts.everybody)
    nothing = np.zeros((0, len(everybody)))
    return Profiles(nothing, everybody, nothing[:, :items], strengths, contexts, np.zeros((contexts.count, 0)), np.zeros(0))


def _estimate(members: Behaviour, weight: np.ndarray | csr_matrix, before: Profiles) -> Profiles:
    """Profiles given memberships (members × profiles), with the strengths and contexts of those before."""
    observed, everybody = _dense(weight.T @ members.counts), before.everybody
    items, contexts, strengths = members.groups[0], before.contexts, before.strengths
    own = observed[:, items]
    shares = group_shares(observed, members.groups, everybody, contexts.classes, strengths)
    sizes = np.asarray(weight.sum(0)).ravel()
    sizes = sizes / max(sizes.sum(), 1e-12)
    ratios = shares / everybody
    if contexts.count == 1:
        normalisers = np.zeros((1, len(shares)))
    else:
        visits, floor = _dense(weight.T @ members.visits), strengths.groups[0] * contexts.everybody
        known = before.ratios[:, items] if before.count else np.ones_like(own)
        for _ in range(1 if before.count else 3):  # what is expected depends on the ratios: a fixed point
            expected = contexts.group_expected(visits, known.T)
            of_class = class_ratios(own, expected, classes=contexts.classes, everybody=contexts.everybody, strength=strengths.classes)
            known = (own + floor * of_class) / (expected + floor)
            known /= (known @ contexts.everybody)[:, None]
        ratios[:, items] = known
        normalisers = contexts.normalisers(known.T)
    return Profiles(ratios, before.everybody, shares[:, items], before.strengths, contexts, normalisers, sizes)


def _dense(matrix: np.ndarray | csr_matrix) -> np.ndarray:
    return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)


def close_ranks(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Labels numbered without gaps, in their order; below zero stays."""
    used, closed = np.unique(labels[labels >= 0], return_inverse=True)
    labels = labels.copy()
    labels[labels >= 0] = closed
    return labels, len(used)


def own_left_out(members: Behaviour, profiles: Profiles, weight: np.ndarray) -> np.ndarray:
    """Scores (members × profiles) in which members' own counts are taken out of their likeliest profile before it is compared.

    Without this a member helps to form the profile that then explains the member, and far fewer look atypical than among people the
    profiles have never seen. weight: (members × profiles) memberships the profiles were estimated from.
    """
    scores = profiles.scores(members)
    if scores.size == 0:
        return scores
    label = scores.argmax(1)
    part = weight[np.arange(len(label)), label]
    counts = members.counts
    totals = _dense(weight.T @ counts)
    targets = np.tile(profiles.everybody, (profiles.count, 1))
    items = members.groups[0]
    targets[:, items] = item_target(totals[:, items], profiles.everybody[items], profiles.contexts.classes, profiles.strengths.classes)
    for columns, strength in zip(members.groups, profiles.strengths.groups, strict=True):
        own, group, target = counts[:, columns].tocoo(), totals[:, columns], targets[:, columns]
        before = group[label[own.row], own.col] + strength * target[label[own.row], own.col]
        gone = np.minimum(part[own.row] * own.data, group[label[own.row], own.col])
        lost = np.bincount(own.row, weights=own.data * np.log((before - gone) / before), minlength=len(scores))
        bought, size = np.asarray(counts[:, columns].sum(1)).ravel(), group.sum(1)[label] + strength
        # the profile is also smaller without the member, and so is what is expected of it
        scores[np.arange(len(label)), label] += lost - bought * np.log((size - part * bought) / size)
    return scores
